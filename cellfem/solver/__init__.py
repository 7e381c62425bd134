"""Newton's method, linear solves, time steps and protocol. Knows residuals and states, no physics
of lithium."""
