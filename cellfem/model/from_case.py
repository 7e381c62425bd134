"""Converts a checked case to the parameters of geometry and model."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cellfem.case import Case, Step
from cellfem.case import interface as case_interface
from cellfem.case.lithium import Anand, Lithium
from cellfem.geometry.fields import LognormalField, Spots, Tessellation
from cellfem.geometry.voids import spot_shifts
from cellfem.model.ceramics import ceramics_of
from cellfem.model.control import control_of
from cellfem.model.fixture import fixture_of
from cellfem.model.heterogeneity import GrainBoundaries, Heterogeneity, Impurities
from cellfem.model.load import Load
from cellfem.model.parameters import Cell, Ceramic, Flaws, Interface, Material, Numerics, PatchResistance, Structure
from cellfem.physics.creep import AnandLaw, CreepLaw, LeblondLaw, PowerLaw, SinhLaw, UncoupledPowerLaw, WithDiffusion, own_law
from cellfem.physics.diffusion import effective_diffusivity
from cellfem.physics.hardening import Hardening
from cellfem.physics.vacancies import COALESCENCE
from cellfem.units import GAS_CONSTANT, T_REFERENCE

EDGES_FELT = 20.0  # widths of a patch's edge beyond which tanh is 1 to the last digit
SLOWEST_REMOVAL = 1e-3  # µm/s: keeps k_n finite if no current flows
STICK = 1e6  # MPa s/µm: at 1 µm/h a shear traction of 280 MPa, more than lithium can carry: it does not slide


def _arrhenius(activation: float, temperature: float) -> float:
    """exp(-E/R (1/T - 1/T_ref)) for E in J/mol: above one at higher temperature."""
    return math.exp(-activation / GAS_CONSTANT * (1 / temperature - 1 / T_REFERENCE))


def structure(case: Case) -> Structure:
    i, e = case.interface, case.electrolyte
    return Structure(
        axisymmetric=case.stack.symmetry == "axisymmetric",
        flat=case.numerics.kinematics == "flat" or i.contact == "bonded",
        bonded=i.contact == "bonded",
        vacancies=i.vacancies == "on",
        removal=i.removal != "off",
        linear_removal=i.removal == "linear",
        pressed_diffusion=case.lithium.activation_volume > 0,
        linear_kinetics=i.kinetics == "linear",
        stress_potential=i.stress_potential == "on",
        equipotential=e.far_side == "equipotential",
        adhesion=i.adhesion_strength > 0,
        friction=i.friction != "slip",
        held_platen=(case.lithium.platen or ("stick" if case.stack.sides == "periodic" else "slip")) == "stick",
        gas=i.void_gas == "gas",
        varying_roughness=case.heterogeneity.roughness.spread > 0,
        varying_diffusivity=heterogeneity(case).varies_diffusivity,
        degree=case.numerics.quadrature_degree,
        quadratic_porosity=(
            case.numerics.porosity_degree or (1 if case.stack.dimension == 3 or case.mesh.cells == "bricks" else 2)
        )
        == 2,
    )


def interface(case: Case) -> Interface:
    i, li = case.interface, case.lithium
    # A penalty: fast compared with the fastest injection of the whole protocol.
    automatic = max(10 * case.s_max, SLOWEST_REMOVAL) / (0.1 * li.f_c)
    friction = {"slip": 0.0, "stick": STICK}[i.friction] if isinstance(i.friction, str) else i.friction
    # Default: at the fastest injection the same porosity as that at which the other closure removes
    # planes.
    most = COALESCENCE * li.f_c
    sink = (case.s_max or SLOWEST_REMOVAL) / (most * (1 - most))
    return Interface(
        resistance=i.asr,
        delta=i.roughness,
        stiffness=i.stiffness,
        half_pressure=i.half_pressure,
        adhesion=i.adhesion_strength,
        friction=friction,
        gas_pressure=i.gas_pressure,
        gas_temperature=i.gas_temperature,
        f_c=li.f_c,
        length=li.length,
        surface_tension=li.surface_tension,
        removal_rate=automatic if li.removal_rate is None else li.removal_rate,
        sink_rate=sink if li.sink_rate is None else li.sink_rate,
        patches=tuple(image for patch in case.patch for image in _patches(patch, case.stack.periods)),
        random=heterogeneity(case),
        diffusivity=li.D,
    )


def _patches(p: case_interface.Patch, periods: tuple[float, ...]) -> Iterator[PatchResistance]:
    """A patch, and with periodic sides its images as far as their edges reach into the stack."""
    for dx, dy in spot_shifts(p, periods, EDGES_FELT * p.edge):
        y = None if p.center_y is None else p.center_y + dy
        yield PatchResistance(p.center + dx, p.half_width, p.asr, p.edge, y, p.half_width_y, p.electrode)


def heterogeneity(case: Case) -> Heterogeneity:
    h, periods = case.heterogeneity, case.stack.periods
    resistance, roughness, cells, spots = range(4)  # streams of random numbers

    def lognormal(spread: float, length: float, stream: int) -> LognormalField | None:
        return LognormalField(spread, length, h.seed, stream, periods) if spread > 0 else None

    grains, impurities = h.grains, h.impurities
    return Heterogeneity(
        resistance=lognormal(h.asr.spread, h.asr.length, resistance),
        roughness=lognormal(h.roughness.spread, h.roughness.length, roughness),
        grains=None
        if grains.spacing is None
        else GrainBoundaries(Tessellation(grains.spacing, h.seed, cells, periods), grains.width, grains.asr, grains.D),
        impurities=None
        if impurities.share == 0
        else Impurities(
            Spots(impurities.share, impurities.size, impurities.size_spread, h.seed, spots, periods),
            impurities.asr,
            impurities.edge,
        ),
    )


def flaws(case: Case) -> Flaws:
    f, electrolyte = case.flaw, case.electrolyte.properties
    return Flaws(
        length=f.length,
        half_opening=f.half_opening,
        shape=f.shape,
        plated=f.plated,
        distribution=f.distribution,
        exponent=f.exponent,
        density=f.density,
        depth=f.depth,
        toughness=ceramics_of(case).toughness,
        poisson_ratio=electrolyte.poisson_ratio,
        confined=case.crack.sides == "mirror",
        seed=f.seed,
        on_grain_boundaries=f.sites == "grain boundaries",
        grain_size=f.grain_size,
        creep_activation=_creep_activation(case),
        conductivity_activation=electrolyte.conductivity_activation,
        resistance_activation=case.interface.asr_activation,
    )


def ceramic(case: Case) -> Ceramic | None:
    """The electrolyte as an elastic and brittle body; None if its stress is not requested, and
    between two electrodes."""
    c, state = case.crack, ceramics_of(case)
    if c.solve == "off" or case.stack.cell == "symmetric":
        return None
    modulus = case.electrolyte.properties.weibull_modulus if c.modulus is None else c.modulus
    return Ceramic(
        state.young,
        state.poisson,
        state.toughness,
        case.flaw.length if c.flaw is None else c.flaw,
        math.inf if state.strength is None or modulus is None else state.strength,
        1.0 if modulus is None else modulus,
        c.volume if c.origin == "volume" else c.area,
        c.origin,
        case.flaw.depth,
        c.sides,
        c.support,
    )


def cell(case: Case) -> Cell:
    """Data of the cell of [impedance] that are not modelled."""
    table, whole = case.impedance, case.stack.cell == "symmetric"
    assert table.separator is not None  # ensured by the checks of the case
    faces = 2 if whole else table.interfaces
    return Cell(table.area, table.separator, 1 if whole else faces, faces)


def numerics(case: Case) -> Numerics:
    n = case.numerics
    return Numerics(
        n.strain_rate_floor,
        n.tolerance,
        n.newton_tolerance,
        n.newton_max,
        n.scheme == "bdf2",
        n.dt_min,
        n.linear,
    )


def material(case: Case, step: Step) -> Material:
    """At the temperature of a protocol step."""
    T, electrolyte = step.temperature, case.electrolyte.properties
    return Material(
        creep_law(case, T),
        _diffusivity(case.lithium, T),
        ceramics_of(case).conductivity * _arrhenius(electrolyte.conductivity_activation, T),
        1 / _arrhenius(case.interface.asr_activation, T),
        T,
        case.lithium.activation_volume / (GAS_CONSTANT * T),
    )


def creep_law(case: Case, temperature: float) -> CreepLaw:
    """The creep law of a case with all its options, at a temperature (K): the only place where it
    is constructed."""
    return _bulk_law(case, temperature).stronger(case.lithium.strength)


def _bulk_law(case: Case, temperature: float) -> CreepLaw:
    li, switch = case.lithium, case.numerics.porosity_switch
    if li.own_law is not None:
        return own_law(li.own_law.name).build(temperature=temperature, porosity_switch=switch, **li.own_law.numbers)
    if li.anand is not None:
        hardening = _hardening(li.anand, temperature)
        return AnandLaw(hardening.prefactor, hardening.exponent, hardening, switch)
    creep = li.creep_set
    prefactor = creep.A(temperature)
    if li.law == "uncoupled":
        return UncoupledPowerLaw(prefactor, creep.n, switch)
    if li.law == "leblond":
        return LeblondLaw(prefactor, creep.n, switch)
    matrix: PowerLaw | SinhLaw = PowerLaw(prefactor, creep.n, switch)
    if not isinstance(li.breakdown, str):
        matrix = SinhLaw(prefactor, creep.n, li.breakdown, switch)
    if li.diffusional is None:
        return matrix
    return WithDiffusion(matrix, li.diffusional * _arrhenius(creep.Q, temperature))


def _hardening(anand: Anand, temperature: float) -> Hardening:
    rate = anand.A * math.exp(-anand.Q / (GAS_CONSTANT * temperature))
    return Hardening(rate, 1 / anand.m, anand.H0, anand.S_star, anand.S0, anand.a, anand.n_s)


def _creep_activation(case: Case) -> float:
    """Q of the creep rate, J/mol; for a user-defined law from its rate at 1 MPa around 25 degC."""
    if case.lithium.own_law is None:
        return case.lithium.creep_set.Q if case.lithium.anand is None else case.lithium.anand.Q
    low, high = T_REFERENCE - 1, T_REFERENCE + 1
    rates = [creep_law(case, T).rate(1.0) for T in (low, high)]
    return GAS_CONSTANT * math.log(rates[1] / rates[0]) / (1 / low - 1 / high)


def _diffusivity(li: Lithium, temperature: float) -> float:
    bulk, grains = li.D * _arrhenius(li.D_activation, temperature), li.grain_boundaries
    if grains is None:
        return bulk
    return effective_diffusivity(bulk, grains.D * _arrhenius(grains.activation, temperature), grains.width, grains.size)


def load(step: Step, elapsed: float) -> Load:
    """Load `elapsed` seconds after the start of the step."""
    return Load(step.pressure_at(elapsed), control_of(step), fixture_of(step))
