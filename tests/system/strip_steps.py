"""Strip a stack by prescribed steps on any number of ranks; rank 0 prints one JSON list of what is
read off after each step.

python strip_steps.py VARIANT, of "strip" (true geometry, a void and a patch), "axisymmetric",
"bonded" (a patch), "random" ("strip" where everything varies at random), "hardening" ("strip" with
Anand's resistance), "gas" ("strip" with gas in the void), "solid" (a quarter of a lens in 3-D, with
gas and under Leblond's law), "periodic" and "periodic box" (with gas in a void that lies across the
sides, in 3-D across an upright edge).
"""

import json
import sys
from dataclasses import astuple, replace
from typing import Any

import numpy as np
import ufl
from mpi4py import MPI
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry import Box, VoidShape, build_solid, build_stack
from cellfem.geometry import PatchShape as MeshPatch
from cellfem.geometry.fields import LognormalField, Spots, Tessellation
from cellfem.geometry.periodic import joined
from cellfem.geometry.stack import with_gap
from cellfem.model.build import build_model
from cellfem.model.control import Current
from cellfem.model.heterogeneity import GrainBoundaries, Heterogeneity, Impurities
from cellfem.model.load import Load
from cellfem.model.parameters import Ceramic, Interface, Material, Numerics, PatchResistance, Structure
from cellfem.observe.cracks import CrackObserver
from cellfem.observe.impedance import Electric, spectrum
from cellfem.observe.resistance import SmallSignal
from cellfem.physics.creep import AnandLaw, LeblondLaw, PowerLaw
from cellfem.physics.hardening import Hardening
from cellfem.solver.engine import Engine
from dolfinx import fem

VARIANTS = {
    "strip": (Structure(), (0.1, 0.2, 0.4, 0.6, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 9.0)),
    "axisymmetric": (Structure(axisymmetric=True), (0.1, 0.3, 0.6, 1.0, 2.0)),
    "random": (Structure(varying_roughness=True, varying_diffusivity=True), (0.1, 0.3, 0.6, 1.0, 2.0)),
    "hardening": (Structure(), (0.1, 0.3, 0.6, 1.0, 2.0)),
    "gas": (Structure(gas=True), (0.1, 0.3, 0.6, 1.0, 2.0)),
    "bonded": (Structure(flat=True, bonded=True), (0.1, 0.3, 0.6, 1.0, 2.0)),
    "solid": (Structure(gas=True), (0.1, 0.3, 0.6, 1.0, 2.0)),
    "periodic": (Structure(gas=True, held_platen=True), (0.1, 0.3, 0.6, 1.0, 2.0)),
    "periodic box": (Structure(gas=True, held_platen=True, quadratic_porosity=False), (0.1, 0.3, 0.6, 1.0, 2.0)),
}

VARYING = Heterogeneity(
    LognormalField(0.5, 3.0, 1),
    LognormalField(0.3, 3.0, 1, 1),
    GrainBoundaries(Tessellation(4.0, 1, 2), 2.0, 5e-3, 8.0),
    Impurities(Spots(0.2, 3.0, 0.3, 1, 3), 0.1, 0.5),
)


BOX = (25.0, 10.0)
"""Width and depth of the periodic stacks, µm."""
CERAMIC = Ceramic(150e3, 0.26, 1e3, 1.0, 150.0, 2.0, 1e9, "volume", 1e3, "free", "roller")


def material(variant: str) -> Material:
    """Masias' creep, with a law of its own where the variant asks for one."""
    law = LeblondLaw if variant == "solid" else PowerLaw
    plain = Material(law(7.7e-3, 6.56), 8e-3, 4e4, 1.0, 298.15)
    if variant != "hardening":
        return plain
    anand = Hardening(0.01398, 1 / 0.15, 10.0, 2.0, 1.1, 2.0, 0.05)
    return replace(plain, creep=AnandLaw(anand.prefactor, anand.exponent, anand))


def across_the_sides(at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gap (µm) of a void whose middle is 1 µm off the corner (1 µm off the side of a line)."""
    nearest = (at - 1.0 + np.array(BOX[: at.shape[1]]) / 2) % np.array(BOX[: at.shape[1]]) - np.array(BOX[: at.shape[1]]) / 2
    return np.asarray(np.maximum(0.5 * (1 - (np.linalg.norm(nearest, axis=1) / 4.0) ** 2), 0.0))


def march(variant: str, comm: MPI.Intracomm) -> list[dict[str, float]]:
    """0.4 MPa and 0.5 mA/cm² on a clean face of 10 Ω cm² with a patch of 1000."""
    structure, steps = VARIANTS[variant]
    features: list[Any] = [MeshPatch(17.5, 2.5)] if structure.bonded else [VoidShape(0.0, 5.0, 1.0), MeshPatch(17.5, 2.5)]
    stack = None
    if comm.rank == 0:
        stack = build_stack(25.0, 20.0, 20.0, 1.0, 4.0, features)
        if variant == "solid":
            lens = [VoidShape(0.0, 3.0, 0.5, center_y=0.0), MeshPatch(17.5, 2.5)]
            stack = build_solid(Box(25.0, 4.0, 6.0, 8.0), 2.0, 4.0, lens)
        elif structure.held_platen:
            if variant == "periodic box":
                plain = build_solid(Box(*BOX, 6.0, 8.0), 2.0, 4.0, bricks=True)
            else:
                plain = build_stack(BOX[0], 20.0, 20.0, 1.0, 4.0, structured=True)
            stack = joined(with_gap(plain, across_the_sides))
    uneven = VARYING if variant == "random" else Heterogeneity()
    interface = Interface(1e-3, removal_rate=0.34, patches=(PatchResistance(17.5, 2.5, 0.1),), random=uneven, diffusivity=8e-3)
    engine = Engine(build_model(stack, structure, interface, Numerics(), comm))
    engine.start(Load(0.4, Current(5.0)), material(variant))
    read = _readings(engine)
    rows = [read()]
    for dt in steps:
        trial = engine.stepper.attempt(dt)
        if not trial.newton.converged:
            raise RuntimeError(f"the step of {dt:g} s at {engine.stepper.time:g} s failed: {trial.reason}")
        engine.stepper.accept(dt)
        rows.append(read())
    return rows


def _readings(engine: Engine) -> Any:
    """A function that reads the state: shares of Γ, voltage (V), lithium (µm² or µm³), largest gap
    (µm), small signals (Ω m²)."""
    model, comm = engine.model, engine.system.comm
    s, x, state = model.structure, model.residual.expressions, model.state
    _, gamma, _ = model.domain.measures(s.degree)
    area, maps = model.domain.area(s.axisymmetric), model.domain.entity_maps
    body = ufl.Measure("dx", domain=model.domain.lithium, metadata={"quadrature_degree": s.degree})
    lithium = fem.form((1 - ufl.split(state.bulk)[2]) * x.bulk.J * x.bulk.weight * body)
    shares = {
        name: fem.form(q * x.gamma_weight / area * gamma, entity_maps=maps)
        for name, q in (("contact", x.touching), ("carrying", x.carrying), ("current", x.current))
    }

    small, electric = SmallSignal(model), Electric(1e-2, 50.0, 0.01)

    def impedance() -> complex:
        return complex(spectrum(model, electric, np.array([1e6])).impedance[0])

    cracks = CrackObserver(model, CERAMIC)

    def total(form: fem.Form) -> float:
        return float(comm.allreduce(fem.assemble_scalar(form)))

    def read() -> dict[str, float]:
        numbers = state.numbers.x.array if len(state.numbers.x.array) else np.array([-np.inf, -np.inf])
        gap = 0.0 if s.bonded else comm.allreduce(float(state.gap().max(initial=-np.inf)), op=MPI.MAX)
        llzo = cracks.read()
        return {
            "tension": llzo.tension_MPa,
            "likelihood": llzo.likelihood,
            "displacement": llzo.displacement_um,
            **{name: total(form) for name, form in shares.items()},
            "lithium": total(lithium),
            "gap_max": gap,
            "voltage": comm.allreduce(float(numbers[1]), op=MPI.MAX),
            **dict(zip(("transfer", "constriction"), astuple(small.read()), strict=True)),
            "impedance": abs(impedance()),
            "travel": comm.allreduce(float(numbers[0]), op=MPI.MAX),
        }

    return read


if __name__ == "__main__":
    rows = march(sys.argv[1], MPI.COMM_WORLD)
    if MPI.COMM_WORLD.rank == 0:
        print(json.dumps(rows))
