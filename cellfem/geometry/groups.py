"""Group numbers used in the program, and their names in a mesh file."""

LITHIUM, ELECTROLYTE = 1, 2
INTERFACE, TOP, BOTTOM, LEFT, RIGHT = 3, 4, 5, 6, 7
VOID = 8
"""Cells of the empty space between the two faces: they exist in mesh files for viewing, never in a
`StackMesh`."""
FRONT, BACK = 10, 11
"""Sides y = 0 and y = depth of a stack in 3-D."""

CELL_NAMES: dict[int, str] = {LITHIUM: "lithium", ELECTROLYTE: "LLZO", VOID: "void"}
FACET_NAMES: dict[int, str] = {
    INTERFACE: "interface", TOP: "top", BOTTOM: "bottom", LEFT: "left", RIGHT: "right",
    FRONT: "front", BACK: "back",
}  # fmt: skip
