"""A plated face."""

from typing import Any

import numpy as np

from cellfem.observe.arrays import Profile
from cellfem.observe.dendrite import Surroundings
from cellfem.physics.creep import PowerLaw

AROUND = Surroundings(PowerLaw(7.7e-3, 6.56), 4e4, 0.4, 298.15)
STEP = {"mode": "plate", "current": "0.5 mA/cm^2", "duration": "1 h", "pressure": "0.4 MPa"}


def along(nodes: int = 251, current: float = -0.5, pressure: float = 0.4, overpotential: float = -5.0, **fields: Any) -> Profile:
    """Γ of 25 µm; a rim of higher current at x = 5 µm, none left of it, if `current` is not
    zero."""
    x = np.linspace(0.0, 25.0, nodes)
    weight = np.full(nodes, x[1])
    weight[[0, -1]] /= 2
    shape = np.where(x < 5.0, 0.0, 1 + np.exp(-(x - 5.0)))
    one = np.ones(nodes)
    values = {
        "current_mA_cm2": current * shape,
        "overpotential_mV": overpotential * shape,
        "contact_pressure_MPa": pressure * one,
    }
    rest = dict.fromkeys(("gap_um", "contact", "carrying", "porosity", "asr_ohm_cm2"), one)
    return Profile(x_um=x, weight=weight, **(rest | values | fields))
