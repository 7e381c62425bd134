"""The cache of compiled forms, made safe for processes that start at the same time, and filled from a container image.

FFCx lets the first process that needs a form compile it while others wait for ten seconds, then give up; and a process that is
killed while it compiles leaves a file for which every later one waits in vain. Here compiling is done under a lock of the file
system, which the kernel frees when its holder dies, and whoever has the lock clears away what a dead one has left.

CELLFEM_FORMS names a folder of forms compiled before, in an image, say: what the user's cache ($XDG_CACHE_HOME/fenics) lacks is
copied from there. Where no cache can be written that folder is used as it is, or else one for this process alone.

The compiler is called without the flags of the environment (CFLAGS and the like): FFCx's names of forms do not tell them, and a
cache that is shared would hand what was compiled with -ffast-math or -march=native to everyone. Flags that change what a form
computes belong into dolfinx's `cffi_extra_compile_args`, which are part of the name.
"""

from __future__ import annotations

import atexit
import fcntl
import functools
import os
import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ffcx.codegeneration.jit

from dolfinx import jit

READY_FORMS = "CELLFEM_FORMS"
LOCK = ".cellfem.lock"
READY = ".c.cached"  # FFCx writes it last
CODE = "libffcx_*.c"
FLAGS = ("CFLAGS", "CPPFLAGS", "LDFLAGS", "LDSHARED", "CPP", "ARFLAGS")
"""Variables by which setuptools has the compiler called otherwise; CC, which names it, is heeded without its options."""


def install() -> None:
    """Guard FFCx, and settle where forms are cached. To be called once, when dolfinx is loaded."""
    for name in ("compile_forms", "compile_expressions"):
        setattr(ffcx.codegeneration.jit, name, _guarded(getattr(ffcx.codegeneration.jit, name)))
    cache, given = Path(jit.get_options()["cache_dir"]), os.environ.get(READY_FORMS)
    if usable(cache):
        if given and Path(given).is_dir():
            fill(cache, Path(given))
        return
    if given and Path(given).is_dir():
        _use(Path(given))
        return
    own = Path(tempfile.mkdtemp(prefix="cellfem-forms-"))
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    _use(own)


def usable(folder: Path) -> bool:
    """Whether forms can be written there; made if missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def fill(cache: Path, source: Path) -> None:
    """Copy the forms that the cache lacks, each in the order in which FFCx writes its files."""
    lacking = [ready for ready in sorted(source.glob(f"*{READY}")) if not (cache / ready.name).exists()]
    if not lacking:
        return
    with locked(cache):
        for ready in lacking:
            stem = ready.name.removesuffix(READY)
            if not (cache / ready.name).exists():
                for path in (*source.glob(f"{stem}.*.so"), source / f"{stem}.c", ready):
                    beside = cache / f".{path.name}.{os.getpid()}"
                    shutil.copyfile(path, beside)
                    beside.replace(cache / path.name)


@contextmanager
def locked(cache: Path) -> Iterator[None]:
    """One process at a time; without effect where the file system knows no locks."""
    with (cache / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:  # FFCx's own waiting is then all there is
            yield
            return
        yield


def clear_unfinished(cache: Path) -> None:
    """Take away what processes have left that died while compiling; under the lock nobody else compiles."""
    for code in cache.glob(CODE):
        if not code.with_suffix(READY).exists():
            for path in cache.glob(f"{code.stem}.*"):
                path.unlink(missing_ok=True)


@contextmanager
def plain_compiler() -> Iterator[None]:
    """Nothing of the environment but the compiler's name gets into the code that it makes."""
    before = {name: os.environ.pop(name) for name in (*FLAGS, "CC") if name in os.environ}
    if before.get("CC"):
        os.environ["CC"] = shlex.join(_without_options(shlex.split(before["CC"])))
    try:
        yield
    finally:
        os.environ.pop("CC", None)
        os.environ.update(before)


def _without_options(words: list[str]) -> list[str]:
    """A compiler's command without -O3, -march=native, -ffast-math, …; what says where it finds its files stays."""
    return [word for word in words if not word.startswith(("-O", "-f", "-m", "-D", "-U"))]


def _use(folder: Path) -> None:
    _, meaning = jit.DOLFINX_DEFAULT_JIT_OPTIONS["cache_dir"]
    jit.DOLFINX_DEFAULT_JIT_OPTIONS["cache_dir"] = (folder, meaning)


def _guarded(compiler: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(compiler)
    def guarded(*arguments: Any, cache_dir: Path | None = None, **options: Any) -> Any:
        if cache_dir is None or not usable(Path(cache_dir)):
            with plain_compiler():
                return compiler(*arguments, cache_dir=cache_dir, **options)
        with locked(Path(cache_dir)), plain_compiler():
            try:
                return compiler(*arguments, cache_dir=cache_dir, **options)
            except (TimeoutError, FileExistsError):
                clear_unfinished(Path(cache_dir))
                return compiler(*arguments, cache_dir=cache_dir, **options)

    return guarded
