#!/usr/bin/env bash
# PETSc 3.25.5 with MUMPS: after a failed factorisation the next matrix is accepted without an error but not factorised.
#
# Newton's method with sparse LU may meet a matrix with nan, reduce its step, and continue with a valid matrix.
# Expected: KSPSetUp factorises the valid matrix, or PCGetFailedReason reports a failure.
# What happens: for the bad matrix the failed reason is set (INFOG(1) = -10). For the valid matrix after it KSPSetUp returns with
# "no error", but INFOG(1) still is -10, and KSPSolve raises "MUMPS error in solve: INFOG(1)=-3". It raises in the middle of the
# solve, so that the right-hand side stays locked for writing. KSPReset after the failure, which forces a new analysis, avoids this.
# Seen: dolfinx-solver-real 0.11.0.post0 (PETSc and petsc4py 3.25.5, MUMPS), Python 3.12.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3.12 -m venv venv # its wheel needs 3.12 or newer
venv/bin/python -m pip install --quiet "dolfinx-solver-real==0.11.0.post0"
venv/bin/python - <<'PYTHON'
import dolfinx_solver  # noqa: F401  first
import numpy as np
from petsc4py import PETSc

A = PETSc.Mat().createAIJ((2, 2), comm=PETSc.COMM_SELF)
A.setUp()
good, bad = np.array([[2.0, 1.0], [1.0, 3.0]]), np.full((2, 2), np.nan)


def put(values):
    A.setValues([0, 1], [0, 1], values)
    A.assemble()


def outcome(reset):
    put(good)
    ksp = PETSc.KSP().create(PETSc.COMM_SELF)
    ksp.setType("preonly")
    pc = ksp.getPC()
    pc.setType("lu")
    pc.setFactorSolverType("mumps")
    said = []
    for values in (good, bad, good):
        put(values)
        ksp.setOperators(A)
        ksp.setUp()
        said.append((int(pc.getFailedReason()), pc.getFactorMatrix().getMumpsInfog(1)))
        if said[-1][0] and reset:
            ksp.reset()
    b, x = A.createVecLeft(), A.createVecRight()
    b.set(1.0)
    try:
        ksp.solve(b, x)
    except PETSc.Error as error:
        return said, str(error).strip().splitlines()[-1]
    return said, x.array.tolist()


with_reset, plain = outcome(True), outcome(False)
print("plain:     ", *plain)
print("with reset:", *with_reset)
assert np.allclose(with_reset[1], [0.4, 0.2])
assert plain[0][1][0] != 0 and plain[0][2] == (0, -10), "the sound matrix is factored, or its failure told, now"
assert "INFOG(1)=-3" in plain[1]
PYTHON
echo "as described"
