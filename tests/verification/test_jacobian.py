"""The Jacobian against central differences of the residual, block by block, for every variant of
the equations.

One random direction per unknown, in its typical size, so that each of the 10 x 10 blocks is seen
alone: ‖J d - ΔR‖ ≤ 1e-6 ‖J d‖ plus the rounding of ΔR, 2e-11 of the row. A block that J holds to be
zero must leave the residual as it is.

Kinks. Differences across a kink show nothing, so the state keeps off them: porosity lies above the
floor below which the law no longer feels it (or, for plating, below it all over), and noise of
typical size on the velocity keeps the strain rate away from the regularisation. The foot of the
ramps and the smoothsteps have a continuous first derivative: crossing their ends costs O(ε) only.
"""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry import Box, VoidShape, build_solid, build_stack, with_voids
from cellfem.geometry import PatchShape as MeshPatch
from cellfem.geometry.periodic import joined
from cellfem.geometry.symmetric import mirrored
from cellfem.model.control import Current, Voltage
from cellfem.model.fixture import FixedPlaten, Platen, UniformPressure
from cellfem.model.load import Load
from cellfem.model.parameters import Interface, Material, Numerics, PatchResistance, Structure
from cellfem.physics.creep import AnandLaw, LeblondLaw, PowerLaw, SinhLaw, UncoupledPowerLaw, WithDiffusion
from cellfem.physics.hardening import Hardening
from cellfem.solver.engine import Engine
from tests.verification.stacks import Array, engine_at_start

LITHIUM = Material(PowerLaw(4.3e-4, 5.0), 8e-3, 4e4, 1.0, 298.15)
ANAND = Hardening(0.01398, 5.0, 10.0, 2.0, 1.1, 2.0, 0.05)
FIELDS = ("v", "p", "f", "m", "ω", "H", "r", "φ", "U", "Φ")
STEP = 2e-5  # of the typical size of each unknown
TOLERANCE, ROUNDING = 1e-6, 2 * 2.0**-52 / STEP  # rounding of both residuals over the step between them


@dataclass(frozen=True)
class Variant:
    structure: Structure
    load: Load = Load(0.4, Current(5.0))  # noqa: RUF009  frozen
    porosity: float = 0.03  # added to that of the state
    material: Material = LITHIUM
    solid: bool = False
    electrodes: int = 1
    periodic: bool = False


BONDED = Structure(flat=True, bonded=True)
VARIANTS = {
    "true geometry": Variant(Structure()),
    "plating": Variant(Structure(), Load(0.4, Current(-5.0)), -0.03),
    "contact loss": Variant(Structure(), porosity=0.18),
    "axisymmetric": Variant(Structure(axisymmetric=True)),
    "uniform top and flux": Variant(Structure(equipotential=False), Load(0.4, Current(5.0), UniformPressure())),
    "adhesion and friction": Variant(Structure(adhesion=True, friction=True)),
    "flat": Variant(Structure(flat=True)),
    "bonded": Variant(BONDED),
    "bonded, uniform top": Variant(BONDED, Load(0.4, Current(5.0), UniformPressure())),
    "bonded, no removal": Variant(Structure(flat=True, bonded=True, removal=False)),
    "bonded, no vacancies": Variant(Structure(flat=True, bonded=True, vacancies=False)),
    "no vacancies": Variant(Structure(vacancies=False)),
    "no removal": Variant(Structure(removal=False)),
    "law of Leblond": Variant(Structure(), material=replace(LITHIUM, creep=LeblondLaw(4.3e-4, 5.0))),
    "evolving resistance": Variant(Structure(), material=replace(LITHIUM, creep=AnandLaw(4.3e-4, 5.0, ANAND))),
    "power-law breakdown": Variant(Structure(), material=replace(LITHIUM, creep=SinhLaw(4.3e-4, 5.0, 0.3))),
    "diffusional creep": Variant(Structure(), material=replace(LITHIUM, creep=WithDiffusion(PowerLaw(4.3e-4, 5.0), 1e-3))),
    "periodic": Variant(Structure(friction=True, held_platen=True), periodic=True),
    "linear removal, pressed diffusion": Variant(
        Structure(linear_removal=True, pressed_diffusion=True), material=replace(LITHIUM, activation_volume=0.2)
    ),
    "uncoupled law": Variant(Structure(), material=replace(LITHIUM, creep=UncoupledPowerLaw(4.3e-4, 5.0))),
    "linear kinetics, no stress potential": Variant(Structure(linear_kinetics=True, stress_potential=False)),
    "axisymmetric, all else": Variant(
        Structure(axisymmetric=True, adhesion=True, friction=True, equipotential=False),
        Load(0.4, Current(5.0), UniformPressure()),
    ),
    "3-D": Variant(Structure(friction=True), solid=True),
    "held voltage": Variant(Structure(), Load(0.4, Voltage(0.02))),
    "spring": Variant(Structure(), Load(0.4, Current(5.0), Platen(0.5, -0.1))),
    "fixed platen": Variant(Structure(), Load(0.4, Current(5.0), FixedPlaten())),
    "two electrodes": Variant(Structure(), electrodes=2),
    "two electrodes, held voltage, spring": Variant(Structure(), Load(0.4, Voltage(0.04), Platen(0.5, -0.1)), electrodes=2),
    "axisymmetric, bonded": Variant(Structure(axisymmetric=True, flat=True, bonded=True)),
}
QUICK = (
    "true geometry",
    "plating",
    "contact loss",
    "axisymmetric",
    "bonded",
    "flat",
    "adhesion and friction",
    "uniform top and flux",
    "held voltage",
    "spring",
    "two electrodes",
)


def _stripped(variant: Variant) -> Engine:
    """A lens and a resistive patch, stripped for some seconds with steps of BDF2 and then
    shaken."""
    s = variant.structure
    features: list[VoidShape | MeshPatch] = [MeshPatch(9.0, 1.5)] if s.bonded else [VoidShape(0.0, 3.0, 0.5), MeshPatch(9.0, 1.5)]
    stack = build_stack(12.0, 8.0, 8.0, 1.0, 2.0, features)
    if variant.solid:
        lens = [VoidShape(0.0, 3.0, 0.5, center_y=0.0), MeshPatch(9.0, 1.5)]
        stack = build_solid(Box(12.0, 4.0, 4.0, 4.0), 2.0, 3.0, lens)
    if variant.electrodes == 2:
        lenses = [VoidShape(0.0, 3.0, 0.5)], [VoidShape(12.0, 2.0, 0.3)]
        bare = build_stack(12.0, 8.0, 8.0, 1.0, 2.0, [*lenses[0], *lenses[1], MeshPatch(9.0, 1.5)])
        stack = mirrored(*(with_voids(bare, lens) for lens in lenses))
    if variant.periodic:  # the lens lies across the sides
        lens = [VoidShape(0.0, 3.0, 0.5), VoidShape(12.0, 3.0, 0.5), MeshPatch(7.0, 1.5)]
        stack = joined(build_stack(12.0, 8.0, 8.0, 1.0, 2.0, lens))
    interface = Interface(
        1e-3,
        adhesion=0.3 if s.adhesion else 0.0,
        friction=50.0 if s.friction else 0.0,
        removal_rate=0.3,
        patches=(PatchResistance(9.0, 1.5, 0.1),),
    )
    engine = engine_at_start(stack, s, interface, variant.load, variant.material, Numerics(second_order=True))
    stepper = engine.stepper
    for dt in (0.2, 0.3, 0.5):
        assert stepper.attempt(dt).newton.converged
        stepper.accept(dt)
    stepper.set_scheme(0.4)
    sizes, rng = _sizes(engine), np.random.default_rng(3)
    state = engine.system.get()
    amplitude = {"v": 1.0, "p": 0.3, "f": 0.1, "m": 0.3, "ω": 0.2, "H": 0.3, "r": 0.2, "φ": 0.1, "U": 0.1, "Φ": 0.1}
    for field, index in _parts(engine).items():
        state[index] += amplitude[field] * sizes[field] * rng.uniform(-1, 1, len(index))
    porosity = engine.system.at.porosity
    state[porosity] += variant.porosity
    engine.system.set(state)
    f = state[porosity]
    assert f.min() > 1e-3 or f.max() < -1e-3
    return engine


def _sizes(engine: Engine) -> dict[str, float]:
    load_pressure, delta, thermal = 0.4, 0.01, 0.0257
    gap = load_pressure if engine.model.structure.bonded else delta  # m holds the contact pressure of a bonded face
    of_gamma = {"m": gap, "ω": 1.0, "H": 0.1, "r": 1e-3}
    return {"v": 1e-3, "p": load_pressure, "f": 0.02, **of_gamma, "φ": thermal, "U": delta, "Φ": thermal}


def _parts(engine: Engine) -> dict[str, Array]:
    """Positions of each unknown in the vector, less those under a Dirichlet condition."""
    system, W = engine.system, engine.model.state.bulk.function_space
    v, p, f = (np.asarray(W.sub(i).collapse()[1]) for i in range(3))
    m, travel = system.at.gap, system.at.travel
    found = {
        "v": v,
        "p": p,
        "f": f,
        "m": m,
        "ω": m + 1,
        "H": m + 2,
        "r": m + 3,
        "φ": np.arange(system.offsets[2], system.offsets[3]),
        "U": np.concatenate([travel, system.at.second_travel]),
        "Φ": travel + 1,
    }
    return {field: np.setdiff1d(index, system.constrained) for field, index in found.items()}


def block_errors(engine: Engine) -> dict[tuple[str, str], tuple[float, float]]:
    """(row, column) -> (‖J d‖, ‖J d - ΔR‖), each over the largest ‖J d‖ of the row."""
    system, parts, sizes = engine.system, _parts(engine), _sizes(engine)
    rng = np.random.default_rng(4)
    system.assemble_residual()
    system.assemble_jacobian()
    start, product, found = system.get(), system.R.duplicate(), {}
    for column, index in parts.items():
        direction = np.zeros_like(start)
        direction[index] = sizes[column] * rng.uniform(-1, 1, len(index))
        x = system.R.duplicate()
        x.array[:] = direction
        system.A.mult(x, product)
        sides = []
        for sign in (1.0, -1.0):
            system.set(start + sign * STEP * direction)
            sides.append(system.assemble_residual().copy())
        difference = (sides[0] - sides[1]) / (2 * STEP)
        for row, rows in parts.items():
            exact = product.array[rows]
            found[row, column] = float(np.linalg.norm(exact)), float(np.linalg.norm(exact - difference[rows]))
    system.set(start)
    largest = {row: max(found[row, column][0] for column in FIELDS) for row in FIELDS}
    return {(row, column): (size / largest[row], error / largest[row]) for (row, column), (size, error) in found.items()}


@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in VARIANTS])
def test_jacobian_is_the_derivative_of_the_residual(name: str) -> None:
    errors = block_errors(_stripped(VARIANTS[name]))
    wrong = {
        f"{row} by {column}": f"‖J d‖ {size:.1e}, ‖J d - ΔR‖ {error:.1e} of the row"
        for (row, column), (size, error) in errors.items()
        if error > TOLERANCE * size + ROUNDING
    }
    assert not wrong
