"""Advice if no equilibrium is found under a load: inputs that are far from what the interface can
carry."""

from __future__ import annotations

import math

from cellfem.case import Case
from cellfem.case.protocol import Step
from cellfem.model import from_case
from cellfem.units import FARADAY, GAS_CONSTANT, OHM_CM2, format_shown

DEEP = 0.1
"""Largest penetration of the asperities, as a share of the lithium's thickness or of the width of
its smallest elements."""
DRIVEN = 4.0
"""Overpotential over 2RT/F above which a current is mentioned: charge transfer is then 7 times that
of the linear law."""
FAINT = 1e-9
"""Share of the exchange current below which a current is lost in the round-off of the forward and
backward currents."""
BARELY = 0.5
"""Contact of a flat face below which the pressure is mentioned."""
ATOM = 3e-4
"""µm, distance of two lithium atoms."""
STIFF = 1e4
"""MPa/µm: a hundred times the default stiffness of asperities."""
COLD = 263.0
"""K: below -10 °C lithium creeps less than a sixth as fast as at 25 °C."""
PLAIN = (
    "begin with a step at rest or with a lower pressure raised by pressure_end, or make elements smaller where the face is "
    "uneven (mesh.near)"
)


def advice(case: Case, step: Step, elapsed: float = 0.0) -> str:
    """A sentence, without a full stop. elapsed: s since the step began."""
    return stands_out(case, step, elapsed) or PLAIN


def stands_out(case: Case, step: Step, elapsed: float = 0.0) -> str:
    """The same for unusual inputs alone; empty if there are none."""
    found = [*_of_pressure(case, step.pressure_at(elapsed)), *_of_current(case, step, elapsed), *_of_face(case)]
    if step.temperature < COLD:
        found.append(f"lithium hardly creeps at {format_shown(step.temperature, 'K')}: begin at a higher temperature")
    return "; ".join(found)


def _of_pressure(case: Case, pressure: float) -> list[str]:
    face, thickness = case.interface, case.lithium.thickness
    pressed_in = pressure / face.stiffness
    if face.contact == "asperity" and pressed_in > DEEP * min(thickness, 10 * case.mesh.near):
        text = (
            f"a pressure of {format_shown(pressure, 'MPa')} presses the asperities of Γ in by {pressed_in:.3g} µm, and the "
            f"lithium is {thickness:.3g} µm thick: lower the pressure, or raise interface.stiffness "
            f"({format_shown(face.stiffness, 'MPa/um')})"
        )
        return [text]
    return []


def _of_current(case: Case, step: Step, elapsed: float) -> list[str]:
    """The driven current relative to the exchange current, and the touching share of the face."""
    material, face = from_case.material(case, step), case.interface
    thermal = GAS_CONSTANT * material.temperature / FARADAY
    resistance, pressure = face.asr * material.resistance_factor, step.pressure_at(elapsed)
    touching = pressure / (pressure + face.half_pressure) if face.contact == "asperity" else 1.0
    exchange = touching * thermal / resistance
    if step.voltage is not None:
        voltage = abs(step.voltage or 0.0)
        if voltage > 2 * DRIVEN * thermal:
            return [f"a voltage of {format_shown(voltage, 'V')} is {voltage / thermal:.3g} times RT/F: hold less"]
        return []
    current = abs(step.signed_current)
    if current == 0:
        return []
    text = format_shown(current, "A/m^2")
    if current < FAINT * exchange:
        least = f"{0.1 * FAINT * exchange:.1g} mA/cm^2"
        share = f"{current / exchange:.1g} of the exchange current, which is indistinguishable from zero"
        return [f'a current of {text} is {share}: write mode = "rest", or at least {least}']
    found = []
    if math.asinh(current / (2 * exchange)) > DRIVEN:
        found.append(
            f"a current of {text} needs {2 * thermal * math.asinh(current / (2 * exchange)):.3g} V at the face "
            f"({OHM_CM2 * resistance:.3g} Ω cm², of which {100 * touching:.3g} % touch): begin with a smaller current"
        )
    if touching < BARELY:
        found.append(f"only {100 * touching:.3g} % of a flat face touch at {format_shown(pressure, 'MPa')}: raise the pressure")
    return found


def _of_face(case: Case) -> list[str]:
    face, found = case.interface, []
    if face.roughness < ATOM:
        found.append(f"interface.roughness is {face.roughness:.1g} µm, less than an atom: 1 to 100 nm are usual")
    if face.stiffness > STIFF:
        found.append(f"interface.stiffness is {face.stiffness:.3g} MPa/µm: 10 to 1000 are usual")
    return found
