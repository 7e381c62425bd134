"""Small problems for Newton's method."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before petsc4py

Array = NDArray[np.float64]


class Scalar:
    """f(x) = 0 in one unknown; `solver` stands for the linear solver: from the exact correction to
    the one it gives."""

    def __init__(self, f: Callable[[float], float], slope: Callable[[float], float], x: float) -> None:
        self.f, self.slope, self.x = f, slope, x
        self.solver: Callable[[float], float] = lambda exact: exact
        self.is_balanced = True

    def assemble_residual(self) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):
            self.R = np.array([self.f(self.x)])
        return self.R

    def assemble_jacobian(self) -> None:
        self.J = self.slope(self.x)

    def factor(self) -> None:
        self.factors = self.J

    def correction(self) -> Array:
        with np.errstate(invalid="ignore"):
            return np.array([self.solver(float(-self.R[0] / self.factors))])

    def add(self, delta: Array, scale: float = 1.0) -> None:
        self.x += scale * float(delta[0])

    def dot(self, a: Array, b: Array) -> float:
        return float(a @ b)

    def balanced(self) -> bool:
        return self.is_balanced


def square(x: float = 3.0) -> Scalar:
    return Scalar(lambda x: x * x - 2, lambda x: 2 * x, x)
