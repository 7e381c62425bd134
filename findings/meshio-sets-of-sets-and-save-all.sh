#!/usr/bin/env bash
# meshio 5.3.5: an Abaqus set made of other sets gets arrays that do not fit its cells; a gmsh file with "Save all" is refused.
#
# Abaqus and gmsh write *ELSET whose members are names of other sets, also several in a line. Expected: cell_sets[name] has one
# array for each block of cells, as for every other set. What happens: it has one for each line, wherever the cells are, so that
# the set of the second block is found in the first; further names in a line are lost.
# gmsh with Mesh.SaveAll writes parts that are in no physical group as well. Expected: the groups are read, the rest is in none.
# What happens: ValueError "Incompatible cell data 'gmsh:physical'", because parts without a group get no entry.
# Seen: meshio 5.3.5, gmsh 4.15.2, numpy 2, Python 3.12.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet "meshio==5.3.5" "gmsh==4.15.2"
venv/bin/python - <<'PYTHON'
import sys

import gmsh
import meshio

with open("sets.inp", "w") as file:
    file.write(
        "*NODE\n1, 0., 0.\n2, 1., 0.\n3, 0., 1.\n4, 1., 1.\n*ELEMENT, TYPE=CPS3, ELSET=low\n1, 1, 2, 3\n"
        "*ELEMENT, TYPE=CPS3, ELSET=high\n2, 2, 4, 3\n*ELSET, ELSET=body\nhigh\n*ELSET, ELSET=both\nlow, high\n"
    )
sets = meshio.read("sets.inp").cell_sets
print({name: [part.tolist() for part in parts] for name, parts in sets.items()})
misplaced = [len(part) for part in sets["body"]] == [1] and len(sets["both"]) == 1

gmsh.initialize()
gmsh.option.setNumber("General.Terminal", 0)
gmsh.model.occ.addRectangle(0, 0, 0, 1, 1)
gmsh.model.occ.synchronize()
gmsh.model.addPhysicalGroup(2, [1], name="body")
gmsh.model.mesh.generate(2)
gmsh.option.setNumber("Mesh.SaveAll", 1)
gmsh.write("all.msh")
gmsh.finalize()
try:
    meshio.read("all.msh")
    refused = False
except ValueError as error:
    print(error)
    refused = "gmsh:physical" in str(error)
sys.exit(not (misplaced and refused))
PYTHON
