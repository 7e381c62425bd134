"""What a user may write: case files, checked completely before anything is meshed. Of a ready mesh
it knows the sizes."""

from cellfem.case.checks import warnings
from cellfem.case.errors import CaseError
from cellfem.case.interface import Patch, Void
from cellfem.case.lithium import CreepTable
from cellfem.case.load import load_case, parse_case
from cellfem.case.models import Case
from cellfem.case.protocol import Step, Stop
from cellfem.case.write import json_schema, resolved_toml

__all__ = [
    "Case",
    "CaseError",
    "CreepTable",
    "Patch",
    "Step",
    "Stop",
    "Void",
    "json_schema",
    "load_case",
    "parse_case",
    "resolved_toml",
    "warnings",
]
