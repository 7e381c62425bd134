#!/usr/bin/env bash
# gmsh 4.15.2: initialize(interruptible=False) resets the program's handlers of SIGTERM, SIGHUP and SIGPIPE.
#
# A program that must save its state when a batch system sends SIGTERM sets a handler, meshes with gmsh, and continues.
# Expected: with interruptible=False, which tells gmsh not to handle Ctrl-C, signal handlers are unchanged.
# What happens: from gmsh.initialize on SIGTERM and SIGHUP have their defaults and end the process at once, SIGPIPE (which Python
# ignores) too: `program | head -1` dies while it computes. Python's signal.getsignal still shows the old handlers.
# gmsh.finalize does not put them back; signal.signal(number, signal.getsignal(number)) does.
# Seen: gmsh 4.15.2 (PyPI, Linux x86_64), Python 3.12.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet "gmsh==4.15.2"
venv/bin/python - <<'PYTHON'
import re
import signal

import gmsh

OF_INTEREST = (signal.SIGHUP, signal.SIGPIPE, signal.SIGTERM)


def handled():
    """Those with another disposition than the default, by the kernel."""
    status = open("/proc/self/status").read()
    masks = [int(re.search(rf"{name}:\s*(\w+)", status).group(1), 16) for name in ("SigIgn", "SigCgt")]
    return {number.name for number in OF_INTEREST if any(mask >> (number - 1) & 1 for mask in masks)}


for number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, lambda *_: None)
signal.signal(signal.SIGPIPE, signal.SIG_IGN)
before = handled()
gmsh.initialize(readConfigFiles=False, interruptible=False)
during = handled()
gmsh.finalize()
after = handled()
print("before:", sorted(before), " initialized:", sorted(during), " finalized:", sorted(after))
assert len(before) == 3
assert during == after == set(), "signals stay as they were, now"
PYTHON
echo "as described"
