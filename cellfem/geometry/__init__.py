"""Meshes of the stack: lithium on electrolyte, the interface Γ between them, and the voids. No
physics."""

from cellfem.geometry.box import Box
from cellfem.geometry.build import WallLayers, build_stack, with_voids
from cellfem.geometry.files import read_mesh, write_msh
from cellfem.geometry.groups import (
    BACK,
    BOTTOM,
    CELL_NAMES,
    ELECTROLYTE,
    FACET_NAMES,
    FRONT,
    INTERFACE,
    LEFT,
    LITHIUM,
    RIGHT,
    TOP,
    VOID,
)
from cellfem.geometry.hexahedra import Hexahedra, Source, build_hexahedra
from cellfem.geometry.roughness import RoughFace, RoughnessError, with_face
from cellfem.geometry.solid import build_solid, extruded
from cellfem.geometry.stack import MeshError, StackMesh, interface_nodes
from cellfem.geometry.voids import PatchShape, VoidShape, edges, gap_profile

__all__ = [
    "BACK",
    "BOTTOM",
    "CELL_NAMES",
    "ELECTROLYTE",
    "FACET_NAMES",
    "FRONT",
    "INTERFACE",
    "LEFT",
    "LITHIUM",
    "RIGHT",
    "TOP",
    "VOID",
    "Box",
    "Hexahedra",
    "MeshError",
    "PatchShape",
    "RoughFace",
    "RoughnessError",
    "Source",
    "StackMesh",
    "VoidShape",
    "WallLayers",
    "build_hexahedra",
    "build_solid",
    "build_stack",
    "edges",
    "extruded",
    "gap_profile",
    "interface_nodes",
    "read_mesh",
    "with_face",
    "with_voids",
    "write_msh",
]
