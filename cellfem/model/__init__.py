"""Unknowns, residual and start state: the physics assembled on a domain."""
