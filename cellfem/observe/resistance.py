"""Small-signal resistance of Γ: the value of an impedance meter at this moment, also at rest and
under pressure alone.

    ∇·(κ∇φ̂) = 0,   κ ∂φ̂/∂n_out = -(θ/ASR) φ̂ on Γ,   φ̂ = 1 on the far face (or a uniform current density there)

A R = A φ̂_far/I. Without L/κ of the electrolyte this is the interface resistance: charge transfer,
A/∫(θ/ASR) dA, as if the electrolyte's face were equipotential; and constriction, the contribution
of current crowding (≥ 0: an equipotential face is a short). Between two electrodes there is no far
face: the first is at 0, the second at 1, and both faces count together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import ufl
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry.groups import BOTTOM, ELECTROLYTE
from cellfem.model.build import Model
from cellfem.physics.smallsignal import transfer_conductance
from dolfinx import fem
from dolfinx.fem import petsc as fp
from petsc4py import PETSc

Array = NDArray[np.float64]
KEPT_MOST = 15
"""Conjugate-gradient iterations with factors of an earlier state; if more are needed, the matrix is
factored again."""
TOLERANCE = 1e-12
"""Relative tolerance of the linear solve."""


@dataclass(frozen=True)
class Resistance:
    """Area-specific resistances of Γ, Ω m²; infinite if nothing touches."""

    charge_transfer: float
    constriction: float

    @property
    def total(self) -> float:
        return self.charge_transfer + self.constriction


def cell_resistance(interface: float, times: int, separator: float, conductivity: float, area: float) -> float:
    """(N·ASR + L/κ)/A in Ω: N times the ASR of the modelled Γ (Ω m²) and L (µm) of electrolyte, κ
    in S·µm/m², A in µm²."""
    return (times * interface + separator / conductivity) / (area * 1e-12)


class SmallSignal:
    """The small-signal resistance of one model. All methods are collective."""

    def __init__(self, model: Model) -> None:
        self.model = model
        d, s, x, k = model.domain, model.structure, model.residual.expressions, model.residual.constants
        dx, dG, ds = d.measures(s.degree)
        S = model.state.potential.function_space
        u, w = ufl.TrialFunction(S), ufl.TestFunction(S)
        weight = 2 * ufl.pi * ufl.SpatialCoordinate(d.parent)[0] if s.axisymmetric else 1.0
        conductance = transfer_conductance(x.carrying, x.resistance) * x.gamma_weight
        sides = [1.0] if d.side is None else [(1 + sign * d.side("+")) / 2 for sign in (1, -1)]
        bulk = k.conductivity * ufl.inner(ufl.grad(u), ufl.grad(w)) * weight * dx(ELECTROLYTE)
        self.form = fem.form(bulk + conductance * u("-") * w("-") * dG, entity_maps=d.entity_maps)
        self.conductances = [fem.form(side * conductance * dG, entity_maps=d.entity_maps) for side in sides]
        self.signal = fem.Function(S)
        self.current = fem.form(sides[0] * conductance * self.signal("-") * dG, entity_maps=d.entity_maps)
        self.far = fem.form(self.signal * weight * ds(BOTTOM), entity_maps=d.entity_maps)
        self.bcs: list[fem.DirichletBC] = []
        self.given = s.equipotential or d.electrodes == 2  # the far side has the signal 1
        if d.electrodes == 2:
            self.load = fem.form(sides[1] * conductance * w("-") * dG, entity_maps=d.entity_maps)
        elif s.equipotential:
            S.mesh.topology.create_connectivity(S.mesh.topology.dim - 1, S.mesh.topology.dim)
            tiny = 1e-9 * max(d.width, d.electrolyte_thickness)
            far = fem.locate_dofs_geometrical(S, lambda at: np.abs(at[S.mesh.geometry.dim - 1] + d.electrolyte_thickness) < tiny)
            self.bcs = [fem.dirichletbc(1.0, far, S)]
            self.load = None
        else:
            self.load = fem.form(w * weight * ds(BOTTOM), entity_maps=d.entity_maps)
        self.area = d.area(s.axisymmetric)
        self.A = fp.create_matrix(self.form)
        self.b = fp.create_vector(S)
        self.ksp = PETSc.KSP().create(d.parent.comm)
        self.ksp.setType("cg")
        self.ksp.setTolerances(rtol=TOLERANCE, atol=0.0, max_it=KEPT_MOST)
        self.ksp.setInitialGuessNonzero(True)
        self.ksp.setOperators(self.A)
        pc = self.ksp.getPC()
        pc.setType("cholesky")
        pc.setFactorSolverType("mumps")
        self.factored: tuple[Array, dict[str, float]] | None = None  # the factored state; None: no factors yet

    def read(self) -> Resistance:
        """Resistance of the present state."""
        comm = self.model.domain.parent.comm
        conductances = [float(comm.allreduce(fem.assemble_scalar(form))) / self.area for form in self.conductances]
        if not np.min(conductances) > 0:
            return Resistance(np.inf, np.inf)
        transfer = sum(1 / conductance for conductance in conductances)
        if not self._solve():
            return Resistance(np.nan, np.nan)
        through = float(comm.allreduce(fem.assemble_scalar(self.current))) / self.area
        far = 1.0 if self.given else float(comm.allreduce(fem.assemble_scalar(self.far))) / self.area
        bulk = self.model.domain.electrolyte_thickness / float(self.model.residual.constants.conductivity.value)
        return Resistance(transfer, far / through - bulk - transfer)

    def factor_again(self) -> None:
        """Factor the matrix of the present state, as `read` does if the present factors are
        outdated."""
        self._assemble()
        self._factor()

    def _assemble(self) -> None:
        self.A.zeroEntries()
        fp.assemble_matrix(self.A, self.form, bcs=self.bcs)
        self.A.assemble()

    def _factor(self) -> None:
        pc = self.ksp.getPC()
        pc.setReusePreconditioner(False)
        self.ksp.setOperators(self.A)
        self.ksp.setUp()
        pc.setReusePreconditioner(True)
        self.factored = self.model.moment()

    def _solve(self) -> bool:
        """Solve the small-signal potential; whether it converged."""
        self._assemble()
        with self.b.localForm() as local:
            local.set(0.0)
        if self.load is not None:
            fp.assemble_vector(self.b, self.load)
        fp.apply_lifting(self.b, [self.form], [self.bcs])
        self.b.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
        fp.set_bc(self.b, self.bcs)
        vector = self.signal.x.petsc_vec
        if self.factored is None:
            self._factor()
        self.ksp.solve(self.b, vector)
        if not self.ksp.is_converged:  # too far from the factored state
            self._factor()
            self.ksp.solve(self.b, vector)
        if not self.ksp.is_converged:
            self.signal.x.array[:] = 0.0  # start the next solve from zero
            self.factored = None
            return False
        self.signal.x.scatter_forward()
        return True
