"""dolfinx meshes of the stack. The only package that knows which side of Γ is "+" (the lithium)."""

from cellfem.domain.build import Domain, build_domain
from cellfem.domain.grid import Grid, body_grid, interface_grid
from cellfem.domain.surface import surface_quadrature

__all__ = ["Domain", "Grid", "body_grid", "build_domain", "interface_grid", "surface_quadrature"]
