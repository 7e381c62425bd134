"""Power-law creep fitted from measured rows of stress, rate and temperature."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellfem.errors import CellfemError
from cellfem.units import GAS_CONSTANT, T_REFERENCE, format_quantity, format_shown

Floats = NDArray[np.float64]

APART = 1.0
"""K: temperatures that differ by less do not tell an activation energy."""
EXPONENTS, MOST_Q = (1.0, 20.0), 5e5
"""What `lithium.creep` takes: n, and Q in J/mol."""


class FitError(CellfemError, ValueError):
    """The rows do not tell a power law; str() says why and what to do."""


@dataclass(frozen=True)
class CreepFit:
    """rate = A298 exp(-Q/R (1/T - 1/298.15 K)) (σ/MPa)ⁿ, least squares in ln rate.

    Q in J/mol, A298 in 1/s. …_error: standard errors, of A298 as a factor; that of Q is nan where Q
    was given. scatter: factor between measured and fitted rates, root mean square of its logarithm;
    worst: the largest. stress (MPa), temperature (K): least and largest of the rows.
    """

    n: float
    n_error: float
    Q: float
    Q_error: float
    A298: float
    A298_factor: float
    scatter: float
    worst: float
    rows: int
    stress: tuple[float, float]
    temperature: tuple[float, float]

    @property
    def table(self) -> dict[str, object]:
        """What `lithium.creep` takes."""
        return {"n": _digits(self.n), "Q": format_quantity(_digits(self.Q), "J/mol"), "A298": f"{self.A298:.4g} 1/s"}

    @property
    def toml(self) -> str:
        """The line of a case, in [lithium]."""
        table = self.table
        return f'creep = {{ n = {table["n"]}, Q = "{table["Q"]}", A298 = "{table["A298"]}" }}'

    @property
    def lines(self) -> tuple[str, ...]:
        """The fit and its errors in sentences."""
        energy = f"Q {1e-3 * self.Q:.4g} kJ/mol as given"
        if not math.isnan(self.Q_error):
            energy = f"Q {1e-3 * self.Q:.4g} ± {1e-3 * self.Q_error:.2g} kJ/mol"
        low, high = self.stress
        cold, warm = (format_shown(value, "K") for value in self.temperature)
        rate = f"A298 {self.A298:.3g} 1/s within a factor {self.A298_factor:.3g} (standard errors)"
        outside = "" if low <= 1.0 <= high else "; the rate at 1 MPa is extrapolated"
        return (
            f"{self.rows} rows, {low:.3g} to {high:.3g} MPa, {cold if cold == warm else f'{cold} to {warm}'}",
            f"n {self.n:.3g} ± {self.n_error:.2g}, {energy}, {rate}{outside}",
            f"measured rates lie within a factor {self.scatter:.3g} of the fit (root mean square), {self.worst:.3g} at most",
        )


def fit_creep(stress: Floats, rate: Floats, temperature: Floats, Q: float | None = None) -> CreepFit:
    """The power law of (N,) rows: stress in MPa, rate in 1/s, temperature in K.

    Q: the activation energy in J/mol, where it is known; it must be given where all rows have one
    temperature. Raises FitError.
    """
    if not all(np.isfinite(values).all() and np.all(values > 0) for values in (stress, rate, temperature)):
        raise FitError("stress, rate and temperature must be above zero in all rows; leave out the others")
    inverse = (1 / temperature - 1 / T_REFERENCE) / GAS_CONSTANT
    if Q is None and np.ptp(temperature) < APART:
        shown = format_shown(float(temperature[0]), "K")
        raise FitError(f'all rows are at {shown}, which tells no activation energy; give one, as in --Q "37 kJ/mol"')
    if np.ptp(np.log(stress)) < 1e-9:
        raise FitError("all rows have one stress, which tells no exponent; add rows of other stresses")
    columns = [np.ones_like(stress), np.log(stress), *([-inverse] if Q is None else [])]
    X, y = np.column_stack(columns), np.log(rate) + (0.0 if Q is None else Q * inverse)
    if len(y) <= X.shape[1]:
        raise FitError(f"{len(y)} rows cannot tell {X.shape[1]} numbers and their errors; give {X.shape[1] + 1} at least")
    found, _, rank, _ = np.linalg.lstsq(X, y, rcond=None)
    if rank < X.shape[1]:
        raise FitError("stress and temperature rise together in all rows: exponent and activation energy cannot be told apart")
    left = y - X @ found
    errors = np.sqrt(np.diag(np.linalg.inv(X.T @ X)) * (left @ left) / (len(y) - X.shape[1]))
    n, energy = float(found[1]), float(found[2]) if Q is None else Q
    if not EXPONENTS[0] <= n <= EXPONENTS[1] or not 0.0 <= energy <= MOST_Q:
        raise FitError(
            f"the fit has n {n:.3g} and Q {1e-3 * energy:.3g} kJ/mol, no creep of lithium (n {EXPONENTS[0]:g} to "
            f"{EXPONENTS[1]:g}, Q at least 0); look at the units of the columns, and at the rows themselves"
        )
    return CreepFit(
        n=n,
        n_error=float(errors[1]),
        Q=energy,
        Q_error=float(errors[2]) if Q is None else math.nan,
        A298=math.exp(found[0]),
        A298_factor=math.exp(errors[0]),
        scatter=math.exp(math.sqrt(float(np.mean(left**2)))),
        worst=math.exp(float(np.abs(left).max())),
        rows=len(y),
        stress=(float(stress.min()), float(stress.max())),
        temperature=(float(temperature.min()), float(temperature.max())),
    )


def _digits(value: float) -> float:
    return float(f"{value:.5g}")
