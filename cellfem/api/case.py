"""A case in Python: read, changed, checked, written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import tomli_w

from cellfem.case import changes
from cellfem.case import warnings as warnings_of
from cellfem.case.load import case_of, read_data, with_paths
from cellfem.case.write import resolved_toml
from cellfem.errors import CellfemError
from cellfem.formatting import cannot_write

if TYPE_CHECKING:
    from cellfem.case.models import Case as Checked

IN_PYTHON = "case.toml"
"""What a case that no file holds is called in messages, in the working directory."""


class CaseFileError(CellfemError, OSError):
    """A case file cannot be written; str() says why and what to do."""


class Case:
    """A checked case. It does not change: `replace` makes another.

    Quantities are text with a unit ("0.4 MPa") or of pint; a plain number where a unit is due is an
    error, with what to write instead. `checked` has all values in working units (µm, s, MPa, V,
    A/m², K, J/mol), `case["stack.width"]` one of them as text.
    """

    def __init__(self, data: Mapping[str, Any], path: str | Path | None = None) -> None:
        """data: as a case file has it. path: of the file, from whose folder paths in it count.
        Raises CaseError with every error."""
        file = Path(path) if path is not None else Path.cwd() / IN_PYTHON
        plain, errors = changes.with_changes({}, data)
        self.path = None if path is None else file
        """The case file; None for a case made or changed in Python."""
        self._file, self._data = file, with_paths(plain, file.parent)
        self.checked: Checked = case_of(self._data, file, errors)
        """All keys with their defaults, in working units."""

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The case in a file, or in the folder that holds a case.toml. Raises CaseError."""
        file, data = read_data(path)
        return cls(data, file)

    def replace(self, values: Mapping[str, Any] | None = None, /, **tables: Any) -> Case:
        """Another case with some keys changed, checked anew.

        replace(stack={"width": "40 um"}, protocol={0: {"pressure": "2 MPa"}}) changes keys within
        tables, and entries of lists by their number; a list takes the place of the whole list; None
        takes a key away, so that its default holds. replace({"mesh.near": "0.2 um"}) gives keys by
        their path. pressure, current and temperature stand for those of every step. Raises
        CaseError.
        """
        data, errors = changes.with_changes(self._data, {**(values or {}), **tables})
        changed = Case.__new__(Case)
        changed.path = None
        changed._file, changed._data = self._file, with_paths(data, self._file.parent)
        changed.checked = case_of(changed._data, self._file, errors)
        return changed

    @property
    def title(self) -> str:
        """What the case shows."""
        return self.checked.title

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the checks advise, a sentence each."""
        return tuple(warnings_of(self.checked))

    @property
    def written(self) -> dict[str, Any]:
        """The keys that were given, as a case file has them."""
        return changes.with_changes(self._data, {})[0]

    @property
    def resolved(self) -> dict[str, Any]:
        """All keys with their defaults, quantities as text."""
        return self.checked.as_written()

    def __getitem__(self, key: str) -> Any:
        """A value with its default, by its path: case["protocol.0.pressure"] is "0.4 MPa". Raises
        KeyError."""
        found: Any = self.resolved
        for part in key.split("."):
            try:
                found = found[int(part)] if isinstance(found, list) else found[part]
            except (KeyError, IndexError, ValueError, TypeError):
                raise KeyError(f"{key}: is not a key of this case, or has no value") from None
        return found

    def to_toml(self, *, defaults: bool = False) -> str:
        """A case file: the keys that were given, or with `defaults` all of them, with the sources
        of the parameters."""
        return resolved_toml(self.checked) if defaults else tomli_w.dumps(self._data)

    def save(self, path: str | Path, *, replace: bool = False) -> Path:
        """Write it as a case file; its path. Raises CaseFileError where there is one already and
        not `replace`."""
        file = Path(path)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("w" if replace else "x", encoding="utf-8") as stream:
                stream.write(self.to_toml())
        except FileExistsError as error:
            raise CaseFileError(f"{os.fspath(file)}: is there already; give another name, or replace=True") from error
        except OSError as error:
            raise CaseFileError(cannot_write(error)) from error
        return file

    def __eq__(self, other: object) -> bool:
        """Whether both run alike."""
        return isinstance(other, Case) and self.checked == other.checked

    def __hash__(self) -> int:
        return hash(self.to_toml())

    def __repr__(self) -> str:
        return f"<cellfem.Case {self.title!r}, {len(self.checked.steps)} steps, {self._file}>"
