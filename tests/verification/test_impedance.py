"""Impedance spectra: a uniform face against its circuit at all frequencies, an uneven one at the
lowest and highest."""

import numpy as np
import pytest
from mpi4py import MPI

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.case import parse_case
from cellfem.model import from_case
from cellfem.model.build import Model, build_model
from cellfem.observe.impedance import Electric, frequencies, spectrum
from cellfem.observe.resistance import SmallSignal
from cellfem.physics.smallsignal import VACUUM
from cellfem.runner.prepare import segments_of, stack_of
from cellfem.solver.engine import Engine

ELECTRIC = Electric(double_layer=1e-2, permittivity=50.0, gap_floor=0.01)
LOW, HIGH = 1e-4, 1e13  # Hz: far below and above the charge transfer's 16 kHz and the electrolyte's 14 MHz


def model_of(**tables: object) -> Model:
    return engine_of(**tables).model


def engine_of(**tables: object) -> Engine:
    """At the start, under 1 MPa."""
    data = {
        "stack": {"width": "10 um"},
        "lithium": {"thickness": "8 um"},
        "electrolyte": {"thickness": "10 um"},
        "protocol": [{"mode": "rest", "duration": "1 s", "pressure": "1 MPa"}],
        "mesh": {"near": "0.5 um", "far": "3 um"},
    }
    case = parse_case(data | tables)
    engine = Engine(build_model(stack_of(case), *parts(case), MPI.COMM_WORLD))
    first = segments_of(case)[0]
    engine.start(first.load(0.0), first.material)
    return engine


def parts(case):
    return from_case.structure(case), from_case.interface(case), from_case.numerics(case)


@pytest.mark.parametrize("far", ["equipotential", "flux"])
def test_a_uniform_face_is_its_circuit(far: str) -> None:
    model = model_of(electrolyte={"thickness": "10 um", "far_side": far})
    found = spectrum(model, ELECTRIC, frequencies(LOW, HIGH, 1))
    np.testing.assert_allclose(found.impedance, found.circuit, rtol=1e-9)
    assert found.circuit[-1].real == pytest.approx(found.transfer + found.bulk, rel=1e-9)


@pytest.fixture(scope="module")
def uneven() -> Model:
    return model_of(
        void=[{"center": "0 um", "half_width": "2.5 um", "depth": "0.4 um"}],
        patch=[{"center": "7 um", "half_width": "1.5 um", "asr": "1000 ohm*cm^2"}],
    )


def test_low_frequency_is_the_small_signal_resistance(uneven: Model) -> None:
    """Within 0.1 %; the phase vanishes."""
    found = spectrum(uneven, ELECTRIC, np.array([LOW]))
    dc = SmallSignal(uneven).read()
    assert found.impedance[0].real == pytest.approx(dc.total + found.bulk, rel=1e-9)
    assert abs(found.impedance[0].imag) < 1e-3 * found.impedance[0].real
    assert dc.constriction > 0.01 * dc.charge_transfer  # uneven enough for the limit to mean something


SYMMETRIC = {"cell": "symmetric", "width": "10 um"}


def test_two_uniform_faces_are_their_circuit() -> None:
    """By hand: 500 µm at 0.4 mS/cm are 125 Ω cm², each face 10 Ω cm² over the 0.990 that touches at
    2 MPa: 145.2 Ω cm²."""
    model = model_of(
        stack=SYMMETRIC,
        electrolyte={"thickness": "500 um"},
        mesh={"near": "1 um", "far": "20 um"},
        protocol=[{"mode": "rest", "duration": "1 s", "pressure": "2 MPa"}],
    )
    found = spectrum(model, ELECTRIC, frequencies(LOW, HIGH, 1))
    np.testing.assert_allclose(found.impedance, found.circuit, rtol=1e-9)
    assert 1e4 * found.impedance[-1].real == pytest.approx(125 + 2 * 10 / 0.990, rel=1e-2)  # 145.9: vacancies take 3 %
    assert len(found.capacitance) == 2


@pytest.fixture(scope="module")
def two_uneven() -> Engine:
    """A void in the first electrode, a patch on the second, a current; linear and without ΩP/F, so
    that V/i is dV/di."""
    return engine_of(
        stack=SYMMETRIC,
        void=[{"center": "0 um", "half_width": "2.5 um", "depth": "0.4 um"}],
        patch=[{"center": "7 um", "half_width": "1.5 um", "asr": "1000 ohm*cm^2", "electrode": 2}],
        interface={"kinetics": "linear", "stress_potential": "off"},
        protocol=[{"mode": "strip", "current": "0.2 mA/cm^2", "duration": "1 s", "pressure": "1 MPa"}],
    )


def test_two_uneven_faces_at_low_frequency(two_uneven: Engine) -> None:
    """The resistance to a small signal, and dV/di of the current that flows."""
    model = two_uneven.model
    found, dc = spectrum(model, ELECTRIC, np.array([LOW])), SmallSignal(model).read()
    assert found.impedance[0].real == pytest.approx(dc.total + found.bulk, rel=1e-9)
    voltage = -float(model.state.numbers.x.array[1])
    assert found.impedance[0].real == pytest.approx(voltage / 2.0, rel=1e-8)
    assert dc.constriction > 0.01 * dc.charge_transfer


def test_two_uneven_faces_at_high_frequency(two_uneven: Engine) -> None:
    """A row of capacitors, above that with one potential all along each face."""
    found = spectrum(two_uneven.model, ELECTRIC, np.array([HIGH]))
    z = found.impedance[0] * 2j * np.pi * HIGH
    assert abs(z.imag) < 1e-3 * z.real
    assert z.real > 10.0 / (ELECTRIC.permittivity * VACUUM) + sum(1 / c for c in found.capacitance)


def test_high_frequency_is_a_row_of_capacitors(uneven: Model) -> None:
    """Z → 1/(j2πν) (elastance): that of a dielectric layer under the uneven capacitor, from the
    spectrum of a conductor.

    The problem is the same as the resistance's with κ → ε and θ/ASR → c, so that Γ and the layer
    are exchanged for a model whose conductances are the capacitances: 0.1 % is asked, and phase
    -90°.
    """
    found = spectrum(uneven, ELECTRIC, np.array([HIGH]))
    z = found.impedance[0] * 2j * np.pi * HIGH
    assert abs(z.imag) < 1e-3 * z.real
    layer = 10.0 / (ELECTRIC.permittivity * VACUUM)
    assert z.real > layer + 1 / found.capacitance[0]  # constriction of displacement current
    # Capacitors in series bound it from the other side: every tube of current by itself.
    tubes = tube_elastance(uneven)
    assert z.real < tubes * (1 + 1e-3)
    middle = spectrum(uneven, ELECTRIC, np.array([HIGH / 100])).impedance[0] * 2j * np.pi * HIGH / 100
    assert middle.real == pytest.approx(z.real, rel=1e-3)


def tube_elastance(model: Model) -> float:
    """1/mean of 1/(L/ε + 1/c) over Γ: no current between tubes (Rayleigh's upper bound), c of the
    lumped node values."""
    from cellfem.observe.interface_profile import GammaObserver

    observer = GammaObserver(model)
    values = observer.evaluate()
    on = observer.owned
    weight, contact, gap = values.column("weight")[on], values.column("contact")[on], values.gap[on]
    c = contact * ELECTRIC.double_layer + (1 - contact) * VACUUM / (np.maximum(gap, 0) + ELECTRIC.gap_floor)
    series = 1 / (10.0 / (ELECTRIC.permittivity * VACUUM) + 1 / c)
    return float(weight.sum() / (weight @ series))
