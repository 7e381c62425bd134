"""Numbers of UFL expressions."""

import ufl


def value(expression) -> float:
    """Number of a UFL expression of constants (ufl has folded it already where it could)."""
    return float(expression if isinstance(expression, (int, float)) else ufl.as_ufl(expression)(()))
