"""Who may write into a folder, and what may go: checks before anything is written, old results put
aside until a run has started.

A folder is cellfem's once it has the mark (`manifest.py`). Without one it must be empty. Of a
folder with a mark only the files on its list are ever replaced, and only by the command that they
belong to; links are never followed. Not collective: rank 0.
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
"""Files that are read, by what they are called in messages: "mesh.file", "the case"."""


class FolderError(CellfemError, RuntimeError):
    """A folder or file may not be written; str() says why and what to do."""


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

    outputs: names from the folder, with * and ? as in a shell. replace: the folder may hold files
    that are not cellfem's (they stay, and may not be in the way), or results of a cellfem that kept
    no list. anywhere: the same without the latter. whole: all that the command wrote there goes,
    not these outputs alone.
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
            f"{'is' if len(wrong) == 1 else 'are'} not on the list of what it wrote there ({MARK}), or a link or folder: "
            "move it away, or give another --out"
        )


def _matching(folder: Path, outputs: Sequence[str]) -> list[str]:
    """Of all that lies where outputs may lie, the names that outputs may have; folders of outputs
    too where they are none."""
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
    """Whether both are there and are the same file, by whatever links."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def _foreign(folder: Path, others: Sequence[str]) -> str:
    if bears_results(folder):
        return (
            f"{folder}: holds results of an older cellfem, which kept no list of its files; give another --out, or --replace "
            "to have them replaced"
        )
    return (
        f"{folder}: holds files that cellfem did not write ({_some(others)}); give another --out. With --replace they stay where "
        "they are, and nothing but results of an earlier run is replaced"
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


@dataclass
class Claim:
    """The right of one command to write its results into a folder in place of its own earlier ones;
    made by `claim` or `resumed`.

    `begin` puts the earlier results aside and lists what is written from then on; `settle` deletes
    them, once the run has started; `leave` brings them back if it has not, and ends the listing.
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
        for path in half_written(self.folder, manifest.names(self.by)):  # nobody is writing: the folder is locked
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
        """The run has started: what it replaces is deleted."""
        held = listing(self.folder)
        if held is None or self.settled:
            return
        self.settled = True
        _settle(self.folder, held[0])

    def leave(self) -> None:
        """End the listing; a run that has not started leaves the folder as it found it."""
        end_listing(self.folder)
        if self.begun and not self.settled:
            recover(self.folder, self.outputs)


def claim(folder: Path, by: str, outputs: Sequence[str], inputs: Inputs | None = None, replace: bool = False) -> Claim:
    """Claim a folder that is there and locked, for a run that begins. Arguments and errors as those
    of `examine`."""
    recover(folder, outputs)
    examine(folder, by, outputs, inputs, replace)
    return Claim(folder, by, outputs, frozenset(earlier_files(folder, outputs)) if replace else frozenset())


@contextmanager
def replacing(
    folder: Path, by: str, outputs: Sequence[str], inputs: Inputs | None = None, replace: bool = False
) -> Iterator[None]:
    """Write results that are known already into a folder (made if missing), in place of earlier
    ones of the same command.

    What was there comes back where an error ends the writing. Arguments as those of `examine`;
    raises FolderError, BusyError and OSError.
    """
    examine(folder, by, outputs, inputs, replace)
    with made(folder), lock.held(folder):
        claimed = claim(folder, by, outputs, inputs, replace)
        try:
            claimed.begin()
            yield
            claimed.settle()
        finally:
            claimed.leave()


def resumed(folder: Path, by: str, outputs: Sequence[str]) -> Claim:
    """Claim a locked folder for a run that goes on with its own results, be they of an older
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
    """Bring back what was put aside for a run that never started, in a folder that is locked;
    nothing if there is none."""
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
    on_disk = read_manifest(folder)  # another command may have added to it
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
    """Write outputs into a folder (made if missing) beside what cellfem has there already; those
    listed before are overwritten.

    Arguments and errors as those of `examine`; raises OSError, too.
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
    """Make a folder; what is empty in the end of the folders that had to be made is taken away
    again."""
    new = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        for place in new:
            with suppress(OSError):
                place.rmdir()


def new_file(path: Path, inputs: Inputs, is_ours: bool, replace: bool) -> None:
    """Check whether a command may write one file. is_ours: what lies there has cellfem's mark.
    Raises FolderError."""
    for what, read in inputs.items():
        if same_file(Path(read), path):
            raise FolderError(f"{what}: {read} is read, and would be overwritten by --out {path}; give another --out")
    if path.is_symlink() or path.is_dir():
        raise FolderError(f"{path}: is a {'link' if path.is_symlink() else 'folder'}; give another --out")
    if path.exists() and not is_ours and not replace:
        raise FolderError(f"{path}: is there already, and cellfem did not write it; give another --out, or --replace")
