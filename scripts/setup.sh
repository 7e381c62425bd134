#!/bin/sh
# Make .venv with the locked dependencies and cellfem itself, then check the machine. `make setup` calls this when it is due.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "setup: $*" >&2
    exit 1
}

# A pip or uv that is asked to be offline or to use an index of one's own finds that in its environment: nothing is overridden.
find_uv() {
    for uv in "$(command -v uv || true)" .tools/bin/uv; do
        if [ -n "$uv" ] && "$uv" --version >/dev/null 2>&1; then
            echo "$uv"
            return
        fi
    done
    echo "setup: uv is not here, installing it into .tools" >&2
    for python in python3 python3.13 python3.12 python3.11 python; do
        if "$python" -m venv --clear .tools >/dev/null 2>&1; then
            .tools/bin/python -m pip install --quiet --disable-pip-version-check "uv>=0.5,<1" >&2 && echo .tools/bin/uv && return
            fail "pip could not install uv (above is why): install uv yourself, then run make again"
        fi
    done
    fail "no Python that can make a virtual environment was found: on Debian or Ubuntu run 'apt install python3-venv', or install uv"
}

# FFCx compiles against Python.h, which system packages often leave out.
usable() {
    [ -n "$1" ] && "$1" -c 'import os, sys, sysconfig
sys.exit(sys.version_info < (3, 12) or not os.path.isfile(os.path.join(sysconfig.get_path("include"), "Python.h")))' 2>/dev/null
}

find_python() {
    wanted=$(cat .python-version)
    for version in "$wanted" 3.13; do
        for python in "$("$uv" python find --no-project --system "$version" 2>/dev/null || true)" \
            "$(ls -d "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python 2>/dev/null | tail -n 1)" \
            "$(command -v "python$version" || true)"; do
            if usable "$python"; then
                echo "$python"
                return
            fi
        done
    done
    echo "setup: no Python $wanted or newer with its headers is here, fetching one" >&2
    "$uv" python install "$wanted" >&2 || fail "uv could not fetch Python $wanted (above is why): install Python 3.12 or newer with its headers"
    "$uv" python find --no-project --managed-python "$wanted"
}

[ "$(uname -s) $(uname -m)" = "Linux x86_64" ] || fail "the dolfinx wheel is made for Linux on x86_64, this is $(uname -sm): use the Dockerfile"

uv=$(find_uv)
python=$(find_python)
echo "setup: $("$python" --version) at $python"
"$uv" venv --quiet --allow-existing --no-project --python "$python" .venv
"$uv" pip install --quiet --python .venv/bin/python --requirement requirements.lock
"$uv" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
.venv/bin/python -m cellfem.doctor
