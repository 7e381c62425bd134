"""Limits of voltage or contact that the start exceeds already: reported before the run, which would
end at once without a result on contact."""

import math
from collections.abc import Iterator

from cellfem.case.models import Case
from cellfem.case.protocol import Placed
from cellfem.units import FARADAY, GAS_CONSTANT, MA_CM2, T_REFERENCE


def limit_warnings(case: Case) -> Iterator[str]:
    """Limits of voltage below the drop in a perfect flat face and the electrolyte, and of contact
    above that of such a face."""
    for placed in case.steps:
        step = placed.step
        if not step.current:
            continue
        face, layer = drop_at_start(case, placed)
        touching = step.pressure / (step.pressure + case.interface.half_pressure)
        for key, condition, what in (("stop", step.stop, "the run ends there"), ("until", step.until, "the step ends there")):
            if condition.voltage is not None and face + layer > condition.voltage:
                yield (
                    f"{placed.key}.{key}.voltage: {1e3 * condition.voltage:.3g} mV is below the "
                    f"{1e3 * (face + layer):.3g} mV that {MA_CM2 * step.current:.3g} mA/cm^2 drops at "
                    f"{step.pressure:.3g} MPa in a perfect face ({1e3 * face:.3g} mV) and the electrolyte "
                    f"({1e3 * layer:.3g} mV): {what} at once, before any step, "
                    "without a result on contact; make it larger, or the current smaller"
                )
            if condition.contact is not None and touching < condition.contact and case.interface.contact == "asperity":
                yield (
                    f"{placed.key}.{key}.contact: {condition.contact:g} is above the {touching:.3g} of a perfect face that "
                    f"touches at {step.pressure:.3g} MPa: {what} at once, before any step; make it smaller, or the "
                    "pressure larger"
                )


def drop_at_start(case: Case, placed: Placed) -> tuple[float, float]:
    """V in the faces and V in the electrolyte at the start of a step of constant current, for flat
    faces.

    η = 2RT/F asinh(i ASR F/(2RT θ)) with θ = P/(P + p_½) of the area, ASR the smallest of the
    interface; i L/κ. Roughness, voids and vacancies increase the drop.
    """
    step, face, layer = placed.step, case.interface, case.electrolyte
    current, temperature = step.current or 0.0, step.temperature
    thermal = GAS_CONSTANT * temperature / FARADAY

    def arrhenius(activation: float) -> float:
        return math.exp(-activation / GAS_CONSTANT * (1 / temperature - 1 / T_REFERENCE))

    touching = step.pressure / (step.pressure + face.half_pressure)
    if not touching > 0:
        return math.inf, 0.0
    least = min(face.asr, *(patch.asr for patch in case.patch)) if case.patch else face.asr
    linear = current / touching * least / arrhenius(face.asr_activation)
    overpotential = linear if face.kinetics == "linear" else 2 * thermal * math.asinh(linear / (2 * thermal))
    faces = 2 if case.stack.cell == "symmetric" else 1
    conductivity = layer.conductivity * arrhenius(layer.properties.conductivity_activation)
    return faces * overpotential, current * layer.thickness / conductivity
