"""Cells as VTK numbers them."""

import basix
import numpy as np
import pytest
from vtkmodules import vtkCommonDataModel

from cellfem.observe.cells import QUADRATIC, quadratic_order, reference_samples

VTK = {22: "vtkQuadraticTriangle", 24: "vtkQuadraticTetra", 28: "vtkBiQuadraticQuad", 29: "vtkTriQuadraticHexahedron"}


@pytest.mark.parametrize("name", QUADRATIC)
def test_quadratic_nodes_stand_where_vtk_wants_them(name: str) -> None:
    """Against the parametric coordinates of VTK's own cells."""
    element = basix.create_element(basix.ElementFamily.P, basix.CellType[name], 2, basix.LagrangeVariant.gll_warped)
    ours = element.points[quadratic_order(name, element.points)]
    theirs = np.reshape(getattr(vtkCommonDataModel, VTK[QUADRATIC[name]])().GetParametricCoords(), (-1, 3))
    assert np.allclose(theirs[:, : ours.shape[1]], ours)


@pytest.mark.parametrize("corners", [3, 4])
def test_samples_integrate_linear_functions(corners: int) -> None:
    shape = reference_samples(corners, 8)
    assert len(shape) == 64
    assert shape.min() > 0
    assert np.allclose(shape.sum(axis=1), 1)
    assert np.allclose(shape.mean(axis=0), 1 / corners)
