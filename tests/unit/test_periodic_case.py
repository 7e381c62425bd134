"""Cases with periodic sides: what goes with them, and what does not."""

from typing import Any

import pytest

from cellfem.case import CaseError, parse_case
from cellfem.case.flaw_checks import flaw_problems
from cellfem.case.periodic_checks import GROWTH, NEAR_BAND
from cellfem.geometry import build

PERIODIC: dict[str, Any] = {
    "stack": {"sides": "periodic", "width": "12 um"},
    "mesh": {"near": "0.4 um", "far": "2 um"},
    "protocol": [{"mode": "strip", "current": "0.5 mA/cm^2", "duration": "1 h", "pressure": "0.4 MPa"}],
}
LENS = {"half_width": "2 um", "depth": "0.4 um"}
SPOT = {"half_width": "2 um", "asr": "90 ohm*cm^2"}
SOLID = {"sides": "periodic", "width": "12 um", "depth": "9 um", "dimension": 3}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (
            {"stack": {"sides": "periodic", "symmetry": "axisymmetric"}},
            'stack.sides: "periodic" sides are not possible about an axis; write sides = "mirror", or symmetry = "plane"',
        ),
        (
            {"lithium": {"platen": "slip"}},
            (
                'lithium.platen: "slip" with periodic sides and interface.friction = "slip" leaves lithium free to '
                'slide along the interface; write platen = "stick", or friction = "stick"'
            ),
        ),
        (
            {"roughness": {"kind": "file", "file": "face.txt"}},
            (
                'roughness.kind: "file", a measured face, is not periodic, as stack.sides = "periodic" requires; '
                'write kind = "self-affine" with its rms, hurst and roll_off, or sides = "mirror"'
            ),
        ),
        (
            {"roughness": {"kind": "grooves", "period": "8 um"}},
            (
                "roughness.period: stack.width, 12 um, is not a multiple of 8 um, as periodic sides need; "
                'write for example period = "6 um"'
            ),
        ),
        (
            {"roughness": {"kind": "self-affine", "cut_off": "13 um", "roll_off": "20 um"}},
            "roughness.cut_off: 13 um is more than stack.width, 12 um: no wavelength is left; make it shorter",
        ),
        (
            {"mesh": {"near": "0.4 um", "far": "4.1 um"}},
            (
                "mesh.far: 4.1 um is more than a third of 12 um from side to side: with periodic sides three cells must fit; "
                "make far at most 4 um"
            ),
        ),
        (
            {"mesh": {"near": "1 um", "far": "9 um"}, "lithium": {"thickness": "8 um"}, "electrolyte": {"thickness": "8 um"}},
            (
                "mesh.far: 9 um, grown to 4.12 um in 8 um, is more than a third of 12 um from side to side: with periodic sides "
                "three cells must fit; make far at most 4 um"
            ),
        ),
        (
            {"stack": SOLID | {"depth": "2.4 um"}, "mesh": {"near": "1 um", "far": "2 um", "cells": "bricks"}},
            (
                "mesh.near: 1 um is more than a third of 2.4 um from side to side: with periodic sides three columns must fit; "
                "make near smaller"
            ),
        ),
        (
            {"heterogeneity": {"asr": {"spread": 0.5, "length": "5 um"}}},
            (
                "heterogeneity.asr.length: 5 um is more than a third of stack.width, 12 um, the period of the stack; "
                "make it shorter or the stack larger"
            ),
        ),
        (
            {"stack": SOLID, "heterogeneity": {"grains": {"spacing": "3.5 um", "asr": "90 ohm*cm^2"}}},
            (
                "heterogeneity.grains.spacing: 3.5 um is more than a third of stack.depth, 9 um, the period of the stack; "
                "make it shorter or the stack larger"
            ),
        ),
        (
            {"patch": [SPOT | {"center": "3 um", "edge": "5 um"}]},
            (
                "patch.0.edge: 5 um is more than a third of stack.width, 12 um, the period of the stack; "
                "make it shorter or the stack larger"
            ),
        ),
        (
            {"void": [LENS | {"center": "13 um"}]},
            (
                "void.0.center: x = 13 um lies outside the stack, "
                "which extends from 0 um to 12 um; move it, or make stack.width larger"
            ),
        ),
        (
            {"stack": SOLID, "patch": [SPOT | {"center": "3 um", "center_y": "9.5 um"}]},
            (
                "patch.0.center_y: y = 9.5 um lies outside the stack, "
                "which extends from 0 um to 9 um; move it, or make stack.depth larger"
            ),
        ),
        (
            {"void": [{"center": "3 um", "half_width": "6.5 um", "depth": "0.4 um"}]},
            (
                "void.0.half_width: 6.5 um makes it wider than the stack, 12 um: it would overlap itself "
                "across the periodic sides; make it at most 6 um, or stack.width larger"
            ),
        ),
        (
            {"stack": SOLID, "patch": [SPOT | {"center": "3 um", "center_y": "4 um", "half_width_y": "5 um"}]},
            (
                "patch.0.half_width_y: 5 um makes it wider than the stack, 9 um: it would overlap itself "
                "across the periodic sides; make it at most 4.5 um, or stack.depth larger"
            ),
        ),
        (
            {"void": [LENS | {"center": "1 um"}, LENS | {"center": "10.5 um"}]},
            (
                "void.1: from 8.5 um to 12.5 um overlaps void.0 from -1 um to 3 um, or its image 12 um away; "
                "move one of them or make it narrower"
            ),
        ),
        (
            {"void": [{"center": "3 um", "half_width": "6 um", "depth": "0.4 um"}]},
            "void: voids take the whole width of 12 um and leave nothing in contact; make half_width smaller",
        ),
    ],
)
def test_what_does_not_go_with_periodic_sides(change: dict[str, object], error: str) -> None:
    with pytest.raises(CaseError) as caught:
        parse_case(PERIODIC | change)
    assert list(caught.value.errors) == [error]


@pytest.mark.parametrize(
    "change",
    [
        {"void": [LENS | {"center": "1 um"}, LENS | {"center": "9 um"}], "patch": [SPOT | {"center": "12 um"}]},
        {"lithium": {"platen": "slip"}, "interface": {"friction": "stick"}},
        {"mesh": {"near": "0.4 um", "far": "4 um"}, "roughness": {"kind": "grooves", "period": "6 um"}},
        {"lithium": {"thickness": "3 um"}, "electrolyte": {"thickness": "3 um"}, "mesh": {"near": "1 um", "far": "9 um"}},
    ],
    ids=["spots over the side", "slip along the platen", "grooves", "thin"],
)
def test_what_goes_with_periodic_sides(change: dict[str, object]) -> None:
    """Spots that touch over the side, steps of the same numbers between mirror planes: no error,
    and the case says what was asked."""
    case = parse_case(PERIODIC | change)
    assert case.stack.periodic
    assert case.stack.periods == (case.stack.width,)
    assert len(case.void) == len(change.get("void", ()))  # type: ignore[arg-type]
    assert case.lithium.thickness == (3.0 if "electrolyte" in change else 20.0)


def test_a_resolved_flaw_needs_mirror_planes() -> None:
    case = parse_case(PERIODIC | {"protocol": [PERIODIC["protocol"][0] | {"mode": "plate"}]})
    assert [text for text in flaw_problems(case) if text.startswith("stack.sides")] == [
        'stack.sides: a resolved flaw lies on a mirror plane, between mirror planes; write sides = "mirror"'
    ]


def test_growth_of_the_cells_is_that_of_the_mesh() -> None:
    assert (NEAR_BAND, GROWTH) == (build.NEAR_BAND, build.GROWTH)
