"""Impedance spectrum of a state: the small-signal problem with its capacitances, frequency by
frequency.

    ∇·[(κ + j2πνε)∇φ̂] = 0,   (κ + j2πνε) ∂φ̂/∂n_out = -[θ/ASR + j2πν(θ_g C_dl + (1-θ_g) ε₀/([g]₊+g₀))] φ̂ on Γ

Between two electrodes there is no far face: the first is at 0, the second at 1, and Z includes both
faces.

In real form for (Re φ̂, Im φ̂), because this build of PETSc is real: [[K, -2πν M], [2πν M, K]] with
K of the conductances and M of the capacitances, both assembled once; one factorisation per
frequency.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import ufl
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry.groups import BOTTOM, ELECTROLYTE
from cellfem.model.build import Model
from cellfem.physics.smallsignal import VACUUM, interface_capacitance, layered_impedance, transfer_conductance
from dolfinx import fem
from dolfinx.fem import petsc as fp
from petsc4py import PETSc

Complex = NDArray[np.complex128]
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Electric:
    """Parameters of a spectrum besides the state. double_layer: F/m². permittivity: relative.
    gap_floor: g₀, µm."""

    double_layer: float
    permittivity: float
    gap_floor: float


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Z·A of Γ and the modelled electrolyte, Ω m², at frequencies in Hz; and the equivalent circuit
    of a uniform face.

    circuit: Σ 1/(G + j2πνC) + L/(κ + j2πνε) with G and C averaged over each face: an equipotential
    face. transfer: Σ A/∫(θ/ASR); bulk: L/κ; both Ω m². capacitance: mean over each face, F/m².
    """

    frequency: Array
    impedance: Complex
    circuit: Complex
    transfer: float
    bulk: float
    capacitance: tuple[float, ...]


def frequencies(lowest: float, highest: float, per_decade: int) -> Array:
    """Equally spaced in the logarithm, both ends included, in descending order as measured; Hz."""
    count = max(round(np.log10(highest / lowest) * per_decade), 1) + 1
    return np.geomspace(highest, lowest, count)


def spectrum(model: Model, electric: Electric, frequency: Array) -> Spectrum:
    """Spectrum of the present state (collective)."""
    problem = _Problem(model, electric)
    k = model.residual.constants
    kappa, thickness = float(k.conductivity.value), model.domain.electrolyte_thickness
    faces = problem.faces
    return Spectrum(
        frequency,
        np.array([problem.impedance(2 * np.pi * nu) for nu in frequency]),
        layered_impedance(frequency, faces, kappa, electric.permittivity * VACUUM, thickness),
        sum(1 / G if G > 0 else np.inf for G, _ in faces),
        thickness / kappa,
        tuple(C for _, C in faces),
    )


class _Problem:
    """K, M and the loads of one state."""

    def __init__(self, model: Model, electric: Electric) -> None:
        d, s, x, k = model.domain, model.structure, model.residual.expressions, model.residual.constants
        dx, dG, ds = d.measures(s.degree)
        self.comm, self.area = d.parent.comm, d.area(s.axisymmetric)
        S = fem.functionspace(d.electrolyte, ("Lagrange", 2, (2,)))
        u, w = ufl.TrialFunction(S), ufl.TestFunction(S)
        weight = 2 * ufl.pi * ufl.SpatialCoordinate(d.parent)[0] if s.axisymmetric else 1.0
        conductance = transfer_conductance(x.carrying, x.resistance) * x.gamma_weight
        capacitance = interface_capacitance(x.touching, x.gap, electric.double_layer, electric.gap_floor) * x.gamma_weight
        turn = ufl.as_matrix([[0.0, -1.0], [1.0, 0.0]])  # times j
        bulk = ufl.inner(ufl.grad(u), ufl.grad(w)) * weight * dx(ELECTROLYTE)
        turned = ufl.inner(ufl.dot(turn, ufl.grad(u)), ufl.grad(w)) * weight * dx(ELECTROLYTE)
        forms = (
            k.conductivity * bulk + conductance * ufl.inner(u("-"), w("-")) * dG,
            electric.permittivity * VACUUM * turned + capacitance * ufl.inner(ufl.dot(turn, u("-")), w("-")) * dG,
        )
        K_form, M_form = (fem.form(form, entity_maps=d.entity_maps) for form in forms)
        self.signal = fem.Function(S)
        sides = [1.0] if d.side is None else [(1 + sign * d.side("+")) / 2 for sign in (1, -1)]
        through = [sides[0] * q * self.signal("-")[part] * dG for q in (conductance, capacitance) for part in (0, 1)]
        self.through = [fem.form(form, entity_maps=d.entity_maps) for form in through]
        self.far = [fem.form(self.signal[part] * weight * ds(BOTTOM), entity_maps=d.entity_maps) for part in (0, 1)]
        averages = [[fem.form(side * q * dG, entity_maps=d.entity_maps) for q in (conductance, capacitance)] for side in sides]
        self.faces = [(self._sum(of_G), self._sum(of_C)) for of_G, of_C in averages]
        self.given = s.equipotential or d.electrodes == 2  # the far side has the signal 1
        bcs = self._far_face(S, d.electrolyte_thickness) if s.equipotential and d.electrodes == 1 else []
        # The blocked space gives both the pattern of full 2 x 2 blocks: K + 2πν M changes values
        # only.
        self.K, self.M = fp.create_matrix(K_form), fp.create_matrix(M_form)
        fp.assemble_matrix(self.K, K_form, bcs=bcs)
        fp.assemble_matrix(self.M, M_form, bcs=bcs, diag=0.0)
        self.K.assemble()
        self.M.assemble()
        loads: list[Any] = [None, None]
        if d.electrodes == 2:  # through the second face from its signal of 1 + 0j, which `turn` makes j
            loads = [sides[1] * conductance * w("-")[0] * dG, sides[1] * capacitance * w("-")[1] * dG]
        elif not s.equipotential:
            loads[0] = w[0] * weight * ds(BOTTOM)
        of_K, of_M = (None if load is None else fem.form(load, entity_maps=d.entity_maps) for load in loads)
        self.of_K, self.of_M = self._load(S, K_form, bcs, of_K, 1.0), self._load(S, M_form, bcs, of_M, 0.0)
        self.A = self.K.duplicate(copy=True)
        self.ksp = PETSc.KSP().create(self.comm)
        self.ksp.setType("preonly")
        self.ksp.getPC().setType("lu")
        self.ksp.getPC().setFactorSolverType("mumps")

    def impedance(self, omega: float) -> complex:
        """Z·A at 2πν = omega."""
        self.K.copy(self.A, structure=PETSc.Mat.Structure.SAME_NONZERO_PATTERN)
        self.A.axpy(omega, self.M, structure=PETSc.Mat.Structure.SAME_NONZERO_PATTERN)
        b = self.of_K.copy()
        b.axpy(omega, self.of_M)
        self.ksp.setOperators(self.A)
        self.ksp.solve(b, self.signal.x.petsc_vec)
        self.signal.x.scatter_forward()
        if not self.given:
            return complex(*(self._sum(part) for part in self.far))
        g_re, g_im, c_re, c_im = (self._sum(part) for part in self.through)
        return 1 / complex(g_re - omega * c_im, g_im + omega * c_re)

    def _far_face(self, S: fem.FunctionSpace, depth: float) -> list[fem.DirichletBC]:
        up = S.mesh.geometry.dim - 1
        dofs = fem.locate_dofs_geometrical(S, lambda x: np.abs(x[up] + depth) < 1e-9 * depth)
        return [fem.dirichletbc(np.array([1.0, 0.0]), dofs, S)]

    def _load(
        self, S: fem.FunctionSpace, form: fem.Form, bcs: list[fem.DirichletBC], load: fem.Form | None, on_far: float
    ) -> PETSc.Vec:
        """Right-hand side of a signal given on the far side: by `load` or, if the potential of the
        far face is given, through the matrix of `form`; the rows of the far face are `on_far`."""
        b = fp.create_vector(S)
        if load is not None:
            fp.assemble_vector(b, load)
        fp.apply_lifting(b, [form], [bcs])
        b.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
        fp.set_bc(b, bcs, alpha=on_far)
        return b

    def _sum(self, form: fem.Form) -> float:
        """∫ over |Γ|."""
        return float(self.comm.allreduce(fem.assemble_scalar(form))) / self.area
