"""Every smooth switch of the laws has a value and a slope however far from where it switches: as
they are compiled."""

import numpy as np
import pytest
import ufl
from mpi4py import MPI

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.physics import contact, fixture, kinetics, smallsignal, smooth, vacancies
from dolfinx import fem, mesh

DELTA, ROOM = 1e-3, 298.15  # µm, K
FAR = 1e4
LAWS = {
    "softplus": smooth.softplus,
    "ramp": lambda z: smooth.ramp(z, 0.01),
    "smoothstep": smooth.smoothstep,
    "logistic": smooth.logistic,
    "bounded sinh": lambda z: smooth.bounded_sinh(z, kinetics.STEEPEST),
    "asperities": lambda z: contact.asperity_pressure(z * DELTA, DELTA, 100.0),
    "adhesion": lambda z: contact.adhesive_traction(z * DELTA, DELTA, 1.0),
    "touching": lambda z: contact.touching_share(contact.asperity_pressure(z * DELTA, DELTA, 100.0), z * DELTA, DELTA, 0.02),
    "open": lambda z: contact.open_share(z * DELTA, DELTA),
    "depth": lambda z: contact.open_depth(z * DELTA, DELTA),
    "removal": lambda z: vacancies.removal_rate(z, 0.5, 0.2, 1e-3),
    "linear removal": lambda z: vacancies.linear_removal_rate(z, 0.5, 1e-3, 1e-4),
    "carrying": lambda z: vacancies.carrying_share(1.0, z, 0.2),
    "spring": lambda z: fixture.spring_pressure(1.0, ufl.as_ufl(1.0), z),
    "charge transfer": lambda z: kinetics.butler_volmer(1.0, z, 1e-3, ROOM),
    "capacitance": lambda z: smallsignal.interface_capacitance(0.5, z * DELTA, 0.1, 1e-3),
}


@pytest.fixture(scope="module")
def found():
    """(places, values, slopes) from -1e4 to 1e4, a column for each law; compiled as the forms
    are."""
    line = mesh.create_interval(MPI.COMM_SELF, 400, [-FAR, FAR])
    z = fem.Function(fem.functionspace(line, ("Lagrange", 1)))
    z.interpolate(lambda x: np.sign(x[0]) * FAR ** (2 * np.abs(x[0]) / FAR - 1) * (np.abs(x[0]) > 1e-9))  # 1e-4 to 1e4, and 0
    direction = ufl.as_ufl(1.0)
    at = ufl.variable(z)
    laws = [law(at) for law in LAWS.values()]
    slopes = [ufl.diff(law, at) * direction for law in laws]
    expression = fem.Expression(ufl.as_vector([z, *laws, *slopes]), np.array([[0.0], [1.0]]))
    table = expression.eval(line, np.arange(400, dtype=np.int32)).reshape(-1, 1 + 2 * len(LAWS))
    table = table[np.unique(table[:, 0], return_index=True)[1]]
    return table[:, 0], table[:, 1 : 1 + len(LAWS)], table[:, 1 + len(LAWS) :]


@pytest.mark.parametrize("name", LAWS)
def test_value_and_slope_are_numbers_and_belong_together(found, name):
    places, values, slopes = found
    value, slope = (table[:, list(LAWS).index(name)] for table in (values, slopes))
    assert places[[0, -1]] == pytest.approx([-FAR, FAR])
    assert np.isfinite(value).all(), places[~np.isfinite(value)]
    assert np.isfinite(slope).all(), places[~np.isfinite(slope)]
    assert 0.0 in places
    if name in ("bounded sinh", "charge transfer"):  # e^200 at its ends
        return
    # The slope is that of the values: by the trapezium rule, where places lie close to each other.
    near = np.abs(places) < 1.0
    rise = np.cumsum(np.diff(places[near]) * (slope[near][1:] + slope[near][:-1]) / 2)
    size = np.abs(value[near]).max() + np.abs(slope[near]).max()
    np.testing.assert_allclose(rise, value[near][1:] - value[near][0], atol=0.03 * size)


def test_far_out_the_switches_are_on_or_off(found):
    _, values, slopes = found
    ends = {name: (values[[0, -1], k], slopes[[0, -1], k]) for k, name in enumerate(LAWS)}
    np.testing.assert_allclose(ends["open"], [[0, 1], [0, 0]], atol=1e-300)
    np.testing.assert_allclose(ends["softplus"], [[0, FAR], [0, 1]], rtol=1e-12)
    np.testing.assert_allclose(ends["depth"], [[0, FAR * DELTA], [0, DELTA]], rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(ends["asperities"], [[100 * FAR * DELTA, 0], [-100 * DELTA, 0]], rtol=1e-12)
