#!/usr/bin/env bash
# impedance.py 1.7.1: the Gamry reader accepts decimal commas, the BioLogic reader fails on the same spectrum.
#
# Potentiostat software writes numbers in the locale of the computer: in much of Europe as 1,0E+01.
# Expected: all readers of one library accept it, or name the decimal comma as the cause.
# What happens: preprocessing.readFile(…, instrument="gamry") reads .DTA files with commas as if they had points;
# instrument="biologic" ends on the same spectrum as .mpt with "could not convert string to float: '1,000000E+05'",
# which names neither the file nor the comma.
# Seen: impedance 1.7.1, numpy 2.5.5, Python 3.12.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet "impedance==1.7.1"
venv/bin/python - <<'PYTHON'
import numpy as np
from impedance import preprocessing

f = np.logspace(5, -1, 7)
Z = 10 + 100 / (1 + 2j * np.pi * f * 1e-3)
dta = "EXPLAIN\r\nTAG\tEISPOT\r\nZCURVE\tTABLE\r\n\tPt\tTime\tFreq\tZreal\tZimag\tZsig\tZmod\tZphz\r\n\t#\ts\tHz\tohm\tohm\tV\tohm\tdeg\r\n"
dta += "".join(f"\t{k}\t{k}\t{a:.6e}\t{z.real:.6e}\t{z.imag:.6e}\t1\t1\t0\r\n" for k, (a, z) in enumerate(zip(f, Z)))
mpt = "EC-Lab ASCII FILE\r\nNb header lines : 4\r\n\r\nfreq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\tcycle number\r\n"
mpt += "".join(f"{a:.6E}\t{z.real:.6E}\t{-z.imag:.6E}\t1\r\n" for a, z in zip(f, Z))
outcome = {}
for name, text, instrument in (("a.DTA", dta, "gamry"), ("a.mpt", mpt, "biologic")):
    for mark in ".,":
        with open(name, "w", encoding="latin-1", newline="") as file:
            file.write(text.replace(".", mark))
        try:
            _, found = preprocessing.readFile(name, instrument=instrument)
            outcome[instrument, mark] = bool(np.allclose(found, Z, rtol=1e-4))
        except ValueError as error:
            outcome[instrument, mark] = str(error)
for key, value in outcome.items():
    print(*key, "->", value)
assert outcome["gamry", "."] is outcome["biologic", "."] is outcome["gamry", ","] is True
assert "could not convert string to float" in str(outcome["biologic", ","]), "decimal commas are read, or told, now"
PYTHON
echo "as described"
