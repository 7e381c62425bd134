"""Newton, linear solves, time steps and protocol. Knows residuals and states, no lithium."""
