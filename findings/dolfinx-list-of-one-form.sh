#!/usr/bin/env bash
# dolfinx 0.11.0: a system written as a list of blocks cannot be assembled if the list has one block.
#
# Codes for coupled problems keep their unknowns in a list, and a submodel may have a single field.
# Expected: create_vector([V]) and assemble_vector(b, [L]) work as with two spaces and two forms, as create_matrix([[a]]) and
# assemble_matrix do.
# What happens: with two blocks the vector is assembled. With one create_vector makes a plain vector that does not carry the
# sizes of its blocks, and assemble_vector raises "TypeError: cannot unpack non-iterable NoneType object". The matrix of one block
# is assembled. Use create_vector(V) and assemble_vector(b, L) without lists for a single block.
# Seen: dolfinx-solver-real 0.11.0.post0 (dolfinx 0.11.0, petsc4py 3.25.5), Python 3.12.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3.12 -m venv venv # its wheel needs 3.12 or newer
venv/bin/python -m pip install --quiet "dolfinx-solver-real==0.11.0.post0"
venv/bin/python - <<'PYTHON'
import dolfinx_solver  # noqa: F401  first
import ufl
from dolfinx import fem, mesh
from dolfinx.fem import petsc
from mpi4py import MPI

square = mesh.create_unit_square(MPI.COMM_SELF, 4, 4)
V, W = (fem.functionspace(square, ("Lagrange", degree)) for degree in (1, 2))
v, w, u = ufl.TestFunction(V), ufl.TestFunction(W), ufl.TrialFunction(V)

two = petsc.create_vector([V, W])
petsc.assemble_vector(two, fem.form([v * ufl.dx, w * ufl.dx]))
print("two blocks: sum", round(two.array.sum(), 12))
assert abs(two.array.sum() - 2) < 1e-12

A = petsc.create_matrix(fem.form([[u * v * ufl.dx]]))
petsc.assemble_matrix(A, fem.form([[u * v * ufl.dx]]))
A.assemble()
print("matrix of one block: norm", round(A.norm(), 3))

one = petsc.create_vector([V])
try:
    petsc.assemble_vector(one, fem.form([v * ufl.dx]))
except TypeError as error:
    print("one block:", error)
    assert "NoneType" in str(error)
else:
    raise SystemExit("a list of one form is assembled now")
PYTHON
echo "as described"
