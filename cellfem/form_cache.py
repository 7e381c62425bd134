"""The cache of compiled forms, made safe for processes that start at the same time, and filled from
a container image.

In FFCx the first process that needs a form compiles it while others wait ten seconds and then fail;
a process killed during compilation leaves a file for which all later ones wait in vain. Here forms
are compiled under a file-system lock, which the kernel releases when its holder ends, and the
holder of the lock removes the files of a crashed process.

CELLFEM_FORMS names a folder of precompiled forms, for example in a container image: forms missing
in the user's cache ($XDG_CACHE_HOME/fenics) are copied from there. If no cache is writable, that
folder is used directly, or otherwise one for this process alone.

The compiler is called without the flags of the environment (CFLAGS and the like): they are not part
of FFCx's names of forms, and a shared cache would give everyone forms compiled with -ffast-math or
-march=native. Flags that change the result of a form belong in dolfinx's `cffi_extra_compile_args`,
which are part of the name.
"""

from __future__ import annotations

import atexit
import errno
import fcntl
import functools
import os
import re
import shlex
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import ffcx.codegeneration.jit
from cffi import VerificationError  # type: ignore[import-untyped]

from cellfem.errors import CellfemError, ExitCode
from cellfem.process import FORMS as READY_FORMS
from dolfinx import jit

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
PROBE = 1_000_000
"""Bytes of the code of one form."""
JIT_FAILED = ("Failed JIT compilation of form:", "JIT compilation failed on rank 0", "JIT cache load failed")
"""First words of dolfinx's error message on several ranks."""
LOCK = ".cellfem.lock"
READY = ".c.cached"  # FFCx writes it last
CODE = "libffcx_*.c"
FLAGS = ("CFLAGS", "CPPFLAGS", "LDFLAGS", "LDSHARED", "CPP", "ARFLAGS")
"""Environment variables that change setuptools' compiler call; CC, which names the compiler, is
used without its options."""


def install() -> None:
    """Guard FFCx, and choose the folder of the cache. Call it once, when dolfinx is loaded."""
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
    _use(_own_folder())


class FormError(CellfemError, RuntimeError):
    """The equations were not compiled; str() gives reason and remedy."""

    exit_code = ExitCode.GAVE_UP


def usable(folder: Path) -> bool:
    """Whether forms can be written there; the folder is made if missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def fill(cache: Path, source: Path) -> None:
    """Copy missing forms to the cache, each in the order in which FFCx writes its files."""
    lacking = [ready for ready in sorted(source.glob(f"*{READY}")) if not (cache / ready.name).exists()]
    if not lacking:
        return
    with locked(cache):
        for ready in lacking:
            stem = ready.name.removesuffix(READY)
            if not (cache / ready.name).exists():
                for path in (*source.glob(f"{stem}.*.so"), source / f"{stem}.c", ready):
                    beside = cache / f".{path.name}.{socket.gethostname()}.{os.getpid()}"
                    shutil.copyfile(path, beside)
                    beside.replace(cache / path.name)


@contextmanager
def locked(cache: Path) -> Iterator[bool]:
    """Admits one process at a time; yields False if the file system has no locks, or no space for
    one."""
    try:
        file = (cache / LOCK).open("w")
    except OSError:
        yield False
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:
            yield False
            return
        yield True


@contextmanager
def plain_compiler() -> Iterator[None]:
    """Keep everything of the environment out of compilation, except the compiler's name."""
    before = {name: os.environ.pop(name) for name in (*FLAGS, "CC") if name in os.environ}
    if before.get("CC"):
        os.environ["CC"] = shlex.join(_without_options(shlex.split(before["CC"])))
    try:
        yield
    finally:
        os.environ.pop("CC", None)
        os.environ.update(before)


def _without_options(words: list[str]) -> list[str]:
    """A compiler's command without -O3, -march=native, -ffast-math, …; options that locate its
    files are kept."""
    return [word for word in words if not word.startswith(("-O", "-f", "-m", "-D", "-U"))]


def _use(folder: Path) -> None:
    _, meaning = jit.DOLFINX_DEFAULT_JIT_OPTIONS["cache_dir"]
    jit.DOLFINX_DEFAULT_JIT_OPTIONS["cache_dir"] = (folder, meaning)


def _guarded(compiler: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(compiler)
    def guarded(*arguments: Any, cache_dir: Path | None = None, **options: Any) -> Any:
        try:
            with plain_compiler():
                if cache_dir is None or not usable(Path(cache_dir)):
                    return compiler(*arguments, cache_dir=cache_dir, **options)
                with locked(Path(cache_dir)) as alone, suppress(TimeoutError, FileExistsError):
                    if alone:
                        return compiler(*arguments, cache_dir=cache_dir, **options)
                # No locks; or a crashed process has left its file; or another machine, which does
                # not see the lock, is compiling.
                return _apart(compiler, Path(cache_dir), *arguments, **options)
        except (VerificationError, OSError) as error:
            raise FormError(reason(error, cache_dir)) from error

    return guarded


def _apart(compiler: Callable[..., Any], cache: Path, *arguments: Any, **options: Any) -> Any:
    """Compile in a folder of this process, then move the files to the cache: other processes may do
    the same at the same time."""
    own = _own_folder()
    fill(own, cache)
    made = compiler(*arguments, cache_dir=own, **options)
    with suppress(OSError):
        fill(cache, own)
    return made


@functools.cache
def _own_folder() -> Path:
    own = Path(tempfile.mkdtemp(prefix="cellfem-forms-"))
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    return own


def reason(error: Exception, cache: Path | None) -> str:
    """Why no equations were compiled, with the remedy."""
    folders = [(cache, "set XDG_CACHE_HOME to a folder elsewhere"), (Path(tempfile.gettempdir()), "set TMPDIR to one elsewhere")]
    for folder, remedy in folders:
        try:
            if folder is not None:
                with tempfile.TemporaryFile(dir=folder) as file:
                    os.posix_fallocate(file.fileno(), 0, PROBE)
        except OSError as problem:
            if problem.errno in FULL:
                return f"{folder}: no room to compile the equations ({problem.strerror}); make room there, or {remedy}"
    said = re.sub(r"[Cc]ommand '?\[?'?([^'\s,]+).*(returned|failed)", r"'\1' \2", str(error), flags=re.DOTALL).strip()
    return f"the equations were not compiled ({said.rstrip('.') or type(error).__name__}); cellfem doctor tells what is missing"


def failure(error: BaseException) -> str | None:
    """The text of `reason`, if this error caused the end of a run, on one rank or on all (dolfinx
    rewords it); otherwise None."""
    if isinstance(error, FormError):
        return str(error)
    said = str(error)
    if isinstance(error, RuntimeError) and said.startswith(JIT_FAILED):
        return said.removeprefix(JIT_FAILED[0]).strip()
    return None
