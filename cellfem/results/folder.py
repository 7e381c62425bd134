"""Permission to write into a folder, and removal of old results: checks before anything is written;
old results are moved aside until a run has started.

A folder belongs to cellfem once it has a manifest (`manifest.py`). Without one it must be empty. In
a folder with a manifest, only listed files are ever replaced, and only by the command that wrote
them; links are never followed. Not collective: rank 0.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from cellfem.errors import CellfemError
from cellfem.results import lock
from cellfem.results.files import half_written, kind_of, remove, remove_empty
from cellfem.results.legacy_results import bears_results, earlier_files
from cellfem.results.manifest import (
    MARK,
    Aside,
    Manifest,
    begin_listing,
    end_listing,
    listing,
    read_manifest,
)

ASIDE = ".cellfem-aside"
SHOWN = 3

Inputs = Mapping[str, Path | str]
"""Input files by their names in messages: "mesh.file", "the case"."""


class FolderError(CellfemError, RuntimeError):
    """A folder or file may not be written; str() gives reason and remedy."""


def examine(
    folder: Path,
    by: str,
    outputs: Sequence[str],
    inputs: Inputs | None = None,
    replace: bool = False,
    anywhere: bool = False,
    whole: bool = True,
) -> None:
    """Check whether a command may write these outputs into a folder; nothing is written. Raises
    FolderError.

    outputs: names within the folder, with * and ? as in a shell. replace: the folder may contain
    files not written by cellfem (they are kept, and must not conflict), or results of a version
    without a list. anywhere: the same without the latter. whole: all files of the command are
    removed, not only these outputs.
    """
    if not folder.is_dir():
        return
    known = read_manifest(folder)
    mine = set() if known is None else {*known.names(by), *(known.aside.names if known.aside and known.aside.by == by else ())}
    if not whole:
        mine = {name for name in mine if any(fnmatchcase(name, pattern) for pattern in outputs)}
    there = _matching(folder, outputs)
    _refuse_inputs(folder, {*there, *mine}, inputs or {})
    others = sorted(entry.name for entry in os.scandir(folder) if not lock.is_lock(folder, entry.name))
    if known is None and others and not (replace or anywhere):
        raise FolderError(_foreign(folder, others))
    if replace:
        mine |= earlier_files(folder, outputs)
    wrong = [name for name in there if name not in mine or kind_of(folder, name) == "other"]
    wrong += [name for name in sorted(mine) if kind_of(folder, name) == "other" and name not in wrong]
    if known is None or known.aside is None:
        wrong += [name for name in (ASIDE, MARK) if name in others and (name == ASIDE or known is None)]
    if wrong:
        raise FolderError(
            f"{_some([str(folder / name) for name in wrong])}: would be overwritten by cellfem {by}, but "
            f"{'is' if len(wrong) == 1 else 'are'} not on the list of files that it wrote there ({MARK}), or a link or folder: "
            "move it away, or give another --out"
        )


def _matching(folder: Path, outputs: Sequence[str]) -> list[str]:
    """Names in the output folders that match the outputs; including output folders that are not
    folders."""
    found = []
    for parent in sorted({str(PurePosixPath(name).parent) for name in outputs}):
        if parent != "." and kind_of(folder, parent) != "nothing" and not _is_folder(folder / parent):
            found.append(parent)
            continue
        with suppress(OSError):
            names = [str(PurePosixPath(parent) / entry.name) for entry in os.scandir(folder / parent)]
            found += [name for name in names if any(fnmatchcase(name, pattern) for pattern in outputs)]
    return sorted(found)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _refuse_inputs(folder: Path, names: Iterable[str], inputs: Inputs) -> None:
    for what, path in inputs.items():
        for name in names:
            if same_file(Path(path), folder / name):
                raise FolderError(
                    f"{what}: {path} is read, and would be overwritten by the results in {folder} ({name}); give another --out"
                )


def same_file(one: Path, other: Path) -> bool:
    """Whether both exist and are the same file, through any links."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def _foreign(folder: Path, others: Sequence[str]) -> str:
    if bears_results(folder):
        return (
            f"{folder}: holds results of an older cellfem, which kept no list of its files; give another --out, or --replace "
            "to replace them"
        )
    return (
        f"{folder}: holds files that cellfem did not write ({_some(others)}); give another --out. With --replace they are "
        "kept, and only results of an earlier run are replaced"
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


@dataclass
class Claim:
    """The right of one command to write its results into a folder in place of its own earlier ones;
    made by `claim` or `resumed`.

    `begin` moves the earlier results aside and lists all files written from then on; `settle`
    deletes the earlier results once the run has started; `leave` restores them if it has not, and
    ends the listing.
    """

    folder: Path
    by: str
    outputs: Sequence[str]
    earlier: frozenset[str] = frozenset()
    begun: bool = False
    settled: bool = False

    def begin(self, case: str = "") -> None:
        """case: SHA-256 of the case that is run. Raises OSError."""
        manifest = read_manifest(self.folder) or Manifest(self.folder)
        for path in half_written(self.folder, manifest.names(self.by)):  # no other writer: the folder is locked
            path.unlink(missing_ok=True)
        old = sorted(name for name in {*manifest.names(self.by), *self.earlier} if kind_of(self.folder, name) == "file")
        for name in (*manifest.names(self.by), *self.earlier):
            manifest.files.pop(name, None)
        manifest.aside = Aside(self.by, old, manifest.runs.get(self.by, []))
        manifest.runs[self.by] = [uuid.uuid4().hex, case]
        self.begun = True
        manifest.write()
        for name in old:
            _move(self.folder, name, f"{ASIDE}/{name}")
        remove_empty(self.folder, old)
        begin_listing(manifest, self.by)

    def settle(self) -> None:
        """Delete the replaced results: the run has started."""
        held = listing(self.folder)
        if held is None or self.settled:
            return
        self.settled = True
        _settle(self.folder, held[0])

    def leave(self) -> None:
        """End the listing; if the run has not started, the folder is restored."""
        end_listing(self.folder)
        if self.begun and not self.settled:
            recover(self.folder, self.outputs)


def claim(folder: Path, by: str, outputs: Sequence[str], inputs: Inputs | None = None, replace: bool = False) -> Claim:
    """Claim an existing, locked folder for a run that begins. Arguments and errors as for
    `examine`."""
    recover(folder, outputs)
    examine(folder, by, outputs, inputs, replace)
    return Claim(folder, by, outputs, frozenset(earlier_files(folder, outputs)) if replace else frozenset())


@contextmanager
def replacing(
    folder: Path, by: str, outputs: Sequence[str], inputs: Inputs | None = None, replace: bool = False
) -> Iterator[None]:
    """Write results that are already computed into a folder (made if missing), in place of earlier
    ones of the same command.

    Earlier results are restored if an error occurs. Arguments as for `examine`; raises FolderError,
    BusyError and OSError.
    """
    examine(folder, by, outputs, inputs, replace)
    with made(folder), lock.locked(folder):
        claimed = claim(folder, by, outputs, inputs, replace)
        try:
            claimed.begin()
            yield
            claimed.settle()
        finally:
            claimed.leave()


def resumed(folder: Path, by: str, outputs: Sequence[str]) -> Claim:
    """Claim a locked folder for a run that continues its own results, including those of an older
    cellfem. Raises FolderError."""
    recover(folder, outputs)
    manifest = read_manifest(folder)
    if manifest is None:
        manifest = Manifest(folder, dict.fromkeys(sorted(earlier_files(folder, outputs)), by))
        manifest.write()
    links = [name for name in manifest.names(by) if kind_of(folder, name) == "other"]
    if links:
        raise FolderError(f"{folder / links[0]}: is a link or folder where cellfem wrote a file; put the file back to resume")
    begin_listing(manifest, by)
    return Claim(folder, by, outputs, settled=True)


def recover(folder: Path, outputs: Sequence[str] = ()) -> None:
    """Restore results moved aside for a run that never started, in a locked folder; does nothing if
    there are none."""
    manifest = read_manifest(folder)
    if manifest is None or manifest.aside is None:
        return
    aside = manifest.aside
    new = set(manifest.names(aside.by)) - set(aside.names)
    remove(folder, new)
    for name in aside.names:
        if kind_of(folder, f"{ASIDE}/{name}") == "file":
            _move(folder, f"{ASIDE}/{name}", name)
    replaced = set(manifest.names(aside.by)) & set(aside.names)
    for name in new:
        del manifest.files[name]
    manifest.files |= {name: aside.by for name in aside.names if kind_of(folder, name) == "file"}
    remove_empty(folder, [*(f"{ASIDE}/{name}" for name in aside.names), *replaced, *outputs])
    manifest.runs.pop(aside.by, None)
    if aside.was:
        manifest.runs[aside.by] = aside.was
    manifest.aside = None
    if manifest.files or manifest.runs:
        manifest.write()
    else:
        (folder / MARK).unlink(missing_ok=True)


def _settle(folder: Path, manifest: Manifest) -> None:
    on_disk = read_manifest(folder)  # another command may have added entries
    manifest.files |= {} if on_disk is None else on_disk.files
    aside, manifest.aside = manifest.aside, None
    if aside is not None:
        remove(folder, [f"{ASIDE}/{name}" for name in aside.names])
    manifest.write()


def _move(folder: Path, name: str, to: str) -> None:
    (folder / to).parent.mkdir(parents=True, exist_ok=True)
    os.replace(folder / name, folder / to)


@contextmanager
def adding(
    folder: Path, by: str, outputs: Sequence[str], inputs: Inputs | None = None, replace: bool = False, anywhere: bool = False
) -> Iterator[None]:
    """Write outputs into a folder (made if missing) in addition to existing results of cellfem;
    outputs listed before are overwritten.

    Arguments and errors as for `examine`; also raises OSError.
    """
    examine(folder, by, outputs, inputs, replace, anywhere, whole=False)
    folder.mkdir(parents=True, exist_ok=True)
    outer, manifest = listing(folder), read_manifest(folder)
    if manifest is None:
        manifest = Manifest(folder)
        manifest.write()
    taken_over = earlier_files(folder, outputs) - set(manifest.files) if replace else set()
    if taken_over:
        manifest.files |= dict.fromkeys(sorted(taken_over), by)
        manifest.write()
    begin_listing(manifest, by)
    try:
        yield
    finally:
        end_listing(folder)
        if outer is not None:
            begin_listing(*outer)


@contextmanager
def made(folder: Path) -> Iterator[None]:
    """Make a folder; of the folders made, those that are empty at the end are removed again."""
    new = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        for place in new:
            with suppress(OSError):
                place.rmdir()


def new_file(path: Path, inputs: Inputs, is_ours: bool, replace: bool) -> None:
    """Check whether a command may write one file. is_ours: the existing file was written by
    cellfem. Raises FolderError."""
    for what, read in inputs.items():
        if same_file(Path(read), path):
            raise FolderError(f"{what}: {read} is read, and would be overwritten by --out {path}; give another --out")
    if path.is_symlink() or path.is_dir():
        raise FolderError(f"{path}: is a {'link' if path.is_symlink() else 'folder'}; give another --out")
    if path.exists() and not is_ours and not replace:
        raise FolderError(f"{path}: is there already, and cellfem did not write it; give another --out, or --replace")
