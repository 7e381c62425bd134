#!/usr/bin/env bash
# galvani 0.5.0: of its two readers of EC-Lab text files, MPTfileCSV accepts only a few complete lists of columns.
#
# EC-Lab exports the columns that the user selects, so the lists differ between laboratories.
# Expected: MPTfile and MPTfileCSV, both "for MPT files", read a file with time, control, voltage and current.
# What happens: MPTfile reads it (and calls the column <I>/mA by another name, I/mA); MPTfileCSV raises "Unrecognised
# headers for MPT file format", because it compares the whole list with fixed ones. Use MPTfile.
# Seen: galvani 0.5.0, numpy 2.5.5, Python 3.12.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet "galvani==0.5.0"
venv/bin/python - <<'PYTHON'
from galvani.BioLogic import MPTfile, MPTfileCSV

rows = "".join(f"1\t{t:.6E}\t5.000000E-001\t{0.01 + 1e-3 * t:.6E}\t5.000000E-001\r\n" for t in range(3))
text = "EC-Lab ASCII FILE\r\nNb header lines : 5\r\n\r\nTechnique\r\nmode\ttime/s\tcontrol/mA\tEwe/V\t<I>/mA\r\n" + rows
with open("curve.mpt", "w", encoding="latin-1", newline="") as file:
    file.write(text)
table, _ = MPTfile("curve.mpt")
print("MPTfile:", table.dtype.names)
assert table["Ewe/V"].tolist() == [0.01, 0.011, 0.012]
assert "I/mA" in table.dtype.names, "the column keeps its name now"
try:
    MPTfileCSV("curve.mpt")
except ValueError as error:
    print("MPTfileCSV:", error)
    assert "Unrecognised headers" in str(error)
else:
    raise SystemExit("MPTfileCSV reads the file now")
PYTHON
echo "as described"
