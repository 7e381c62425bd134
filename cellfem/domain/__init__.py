"""dolfinx meshes of the stack. The only room that knows which side of Γ is "+" (the lithium)."""

from cellfem.domain.build import Domain, build_domain
from cellfem.domain.surface import surface_quadrature

__all__ = ["Domain", "build_domain", "surface_quadrature"]
