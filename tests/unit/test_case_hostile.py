"""Files that no sane user writes: whatever is in them, a bounded message in bounded time, and never
a traceback."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from cellfem.case import CaseError, load_case, resolved_toml, warnings
from cellfem.case.overlaps import overlapping
from cellfem.case.size_limits import DEEPEST, LONGEST_ERROR, MOST_BYTES, MOST_ENTRIES, MOST_ERRORS

ROOT = Path(__file__).parents[2]
CASES = sorted(ROOT.glob("cases/*/case.toml"))
FILES = 350
MOST_CALLS = 200_000
"""Of Python functions, for a file of a few kB: a sound one takes some 10 000."""
HEAD = """
[stack]
width = "10 um"
[lithium]
thickness = "6 um"
[mesh]
near = "0.7 um"
"""
STEP = '[[protocol]]\nmode = "strip"\ncurrent = "0.5 mA/cm^2"\nduration = "20 s"\npressure = "0.8 MPa"\n'
VOID = '[[void]]\ncenter = "0 um"\nhalf_width = "2 um"\ndepth = "0.1 um"\n'
KEYS = [
    '"<step>"', '"<loop>"', '"<name>"', '"<table>"', '""', '"a.b"', '"a\\nb"', '"\\u0000"', '"\\u001b[31m"', "creep", "repeat",
    "step", "stop", "until", "file", "kind", "seed", "void", "protocol", "anand", "x" * 3000, "__class__", "model_config",
    "a.b.c", "ключ",
]  # fmt: skip
OWN_CREEP = '{{ n = {}, Q = "{}", {} = "1e-300 1/s" }}'
VALUES = [
    "", "1", "-1", "0", "1e-300", "1e300", "1e999", "nan", "-inf", "9" * 30, "9" * 5000, "true", '""', '"1"', '"nan um"',
    '"0 um"', '"1e-300 1/s"', '"1e300 um"', '"-1 MPa"', '"5 kg"', '"1 um**9**9"', '"1 ' + "um*" * 2000 + 'um"',
    '"' + "(" * 150 + '"', '"a\\u0000b"', '"' + "y" * 5000 + '"', '"../../.."', "[]", "[[]]", "{}", "[1, 2]", '["1 s", "x"]',
    "{ a = 1 }", "1979-05-27T07:32:00Z", "07:32:00", OWN_CREEP.format(5, "37 kJ/mol", "A298"),
    OWN_CREEP.format(1, "500 kJ/mol", "A0"), "{a=" * 400 + "1" + "}" * 400, "[" * 4000, "{a=" * 30 + "1" + "}" * 30,
    '"\\ud800"', "\'\'\'", '"""\n"""', '"off"', '"auto"', '"stick"', '"gas"', "[" + '"a",' * 400 + "]", '"1 %"', '"1 degC"',
    '"1 delta_degC"', '"1 um; 2"', '"µ"', '"1 /um"', '"1 um um"', '"1e5 um"', '"150 degC"',
]  # fmt: skip


class Counting:
    """How many Python functions are called, and with `lines` how many lines are run; more than
    `most` is an error."""

    def __init__(self, most: int = sys.maxsize, lines: bool = False) -> None:
        self.count, self.most, self.lines = 0, most, lines

    def __enter__(self) -> Counting:
        sys.settrace(self._see)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _see(self, frame: FrameType, event: str, argument: Any) -> Any:
        self.count += 1
        assert self.count < self.most, f"{self.most} calls and no end"
        return self._see if self.lines else None


def mutated(rng: random.Random) -> tuple[bytes, list[str]]:
    """A case file of this program with one to three things damaged, and overrides that may be."""
    lines = rng.choice(CASES).read_text(encoding="utf-8").splitlines()
    for _ in range(rng.randint(1, 3)):
        k = rng.randrange(len(lines))
        match rng.randrange(9):
            case 0:
                del lines[k]
                lines = lines or [""]
            case 1:
                lines.insert(k, lines[rng.randrange(len(lines))])
            case 2:
                lines[k] = f"{lines[k].partition('=')[0]}= {rng.choice(VALUES)}"
            case 3:
                lines.insert(k, f"{rng.choice(KEYS)} = {rng.choice(VALUES)}")
            case 4:
                lines[k] = f"{rng.choice(KEYS)} = {lines[k].partition('=')[2]}"
            case 5:
                lines[k] = lines[k].replace("[[", "[").replace("]]", "]") if "[[" in lines[k] else f"[{rng.choice(KEYS)}]"
            case 6:
                words = lines[k].split(" ")
                words[rng.randrange(len(words))] = rng.choice(VALUES)
                lines[k] = " ".join(words)
            case 7:
                lines[k:k] = lines[k : k + 8] * rng.randint(2, 30)
            case 8:
                lines[k] = re.sub(r"\d+", rng.choice(["0", "1e9", "-3", "9" * 40, "1e-40"]), lines[k], count=1)
    raw = bytearray("\n".join(lines).encode("utf-8", "surrogatepass"))
    if rng.random() < 0.15 and raw:
        raw[rng.randrange(len(raw))] = rng.randrange(256)
    key, value = f"{rng.choice(KEYS)}.{rng.choice(KEYS)}", rng.choice(VALUES)
    overrides = [f"{key}={value}", f"lithium.creep={value}", "title=\udcff"]
    return bytes(raw), [text for text in overrides if rng.random() < 0.1]


def told(path: Path, overrides: Sequence[str] = ()) -> list[str]:
    """What is said of a file: its errors, or the notes on a case that can be run and is written out
    and read again."""
    try:
        case = load_case(path, overrides)
    except CaseError as error:
        return str(error).splitlines()
    again = path.with_name("resolved.toml")
    again.write_text(resolved_toml(case), encoding="utf-8")
    assert load_case(again) == case
    return warnings(case)


def test_whatever_is_in_a_file_is_answered_by_a_few_lines(tmp_path: Path) -> None:
    for sound in CASES:
        load_case(sound)  # what is imported, or read once, is not counted
    rng, path, refused = random.Random(20240607), tmp_path / "case.toml", 0
    for number in range(FILES):
        raw, overrides = mutated(rng)
        path.write_bytes(raw)
        try:
            with Counting(MOST_CALLS):
                lines = told(path, overrides)
        except Exception as error:
            raise AssertionError(f"file {number}, {overrides}: {raw[:3000]!r}") from error
        assert len(lines) <= MOST_ERRORS + 1
        assert all(0 < len(line) <= LONGEST_ERROR + 30 for line in lines), lines
        "\n".join(lines).encode("utf-8")
        refused += any(word in line for line in lines[:1] for word in ("unknown key", "is not", "out of range", "TOML"))
    assert FILES / 3 < refused < FILES, "mutations that spoil nothing, or everything"


def lists(count: int) -> Iterator[tuple[str, str]]:
    """Files with a list of so many entries, each of its own kind."""
    apart = "".join(f'[[void]]\ncenter = "{5 * k + 3} um"\nhalf_width = "2 um"\ndepth = "0.1 um"\n' for k in range(count))
    wide = HEAD.replace("10 um", f"{5 * count + 10} um")
    yield "voids", wide + apart + STEP
    yield "periodic voids", wide.replace("[lithium]", 'sides = "periodic"\n[lithium]') + apart + STEP
    yield "voids on top of each other", HEAD + VOID * count + STEP
    yield "voids with a misspelt key", HEAD + (VOID + "dept = 1\n") * count + STEP
    yield "patches", wide + apart.replace("[[void]]", "[[patch]]").replace('depth = "0.1 um"', 'asr = "5 ohm*m^2"') + STEP
    yield "steps", HEAD + STEP * count
    yield "steps without a current", HEAD + STEP.replace("current", "#") * count
    yield "steps of another unit", HEAD + STEP.replace("MPa", "kg") * count
    yield "loop", f"{HEAD}[[protocol]]\nrepeat = {count}\n" + STEP.replace("[[protocol]]", "[[protocol.step]]")
    yield "fields", f"{HEAD}{STEP}[output]\nfields = [{'"?",' * count}]"
    yield "unknown keys", HEAD + STEP + "".join(f"k{k} = 1\n" for k in range(count))


@pytest.mark.parametrize("kind", [kind for kind, _ in lists(1)])
def test_time_grows_with_the_length_of_a_list_and_not_with_its_square(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "case.toml"
    lines = []
    for count in (45, 90, 180):  # beyond the errors that are told one by one
        path.write_text(dict(lists(count))[kind], encoding="utf-8")
        told(path)  # texts of quantities are remembered
        with Counting(lines=True) as seen:
            told(path)
        lines.append(seen.count)
    first, second = lines[1] - lines[0], lines[2] - lines[1]
    assert second <= 2.3 * max(first, 100), lines


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (STEP + '"<step>" = 1', 'protocol.0."<step>": unknown key'),
        ('"<step>" = 1\n' + STEP, '"<step>": unknown key; known here are title, stack'),
        (
            STEP + '[lithium]\ncreep = { "<name>" = 1, n = 5, Q = "37 kJ/mol", A298 = "1e-3 1/s" }',
            'lithium.creep."<name>": unknown',
        ),
        ("a = " + "{a=" * 400 + "1" + "}" * 400 + "\n" + STEP, f"nested far more than {DEEPEST} deep"),
        ("a = " + "{a=" * 30 + "1" + "}" * 30 + "\n" + STEP, f"a: has lists or tables nested more than {DEEPEST} deep"),
        (".".join("a" * 400) + " = 1\n" + STEP, "a key of more than 16 parts"),
        ("a = " + "9" * 5000 + "\n" + STEP, "a whole number of thousands of digits"),
        (STEP + f"[numerics]\nnewton_max = {10**30}", "numerics.newton_max: is a whole number beyond 64 bits"),
        (STEP + '[mesh]\nfile = "a\\u0000b"', 'a\\u0000b"; give its path'),
        (STEP + f'[mesh]\nfile = "{"a" * 5000}"', "(5"),
        (STEP + f'[lithium]\nthickness = "{"6" * 9000} um"', "lithium.thickness: a text of 9003 characters is not a length"),
        (f'title = "{"a" * 20000}"\n' + STEP, "title: is a text of 20000 characters, more than 10000"),
        (
            STEP + '[lithium]\ncreep = { n = 5, Q = "37 kJ/mol", A298 = "1e-300 1/s" }',
            "lithium.creep: flows at 1e-300 1/s under 1 MPa at 25 degC, less than 1e-30 1/s",
        ),
        (STEP + '[lithium]\ncreep = { n = 1, Q = "500 kJ/mol", A0 = "1e-300 1/s" }', "lithium.creep: flows at 0 1/s"),
        (STEP + '[lithium]\nanand = { Q = "500 kJ/mol" }', "lithium.anand: flows at"),
        (
            "[[protocol]]\nrepeat = 100000\n" + STEP.replace("[[protocol]]", "[[protocol.step]]") * 12,
            "protocol: its loops run 1200000 steps, more than 1000000",
        ),
        ("[stack]\nwidth = " + f'"{"?" * 150}"\n' + STEP, "is not a number with a unit"),
    ],
)
def test_each_is_one_error_that_names_the_key(text: str, error: str, tmp_path: Path) -> None:
    path = tmp_path / "case.toml"
    path.write_text(text, encoding="utf-8")
    lines = told(path)
    assert len(lines) == 1
    assert error in lines[0]


@pytest.mark.parametrize(
    ("override", "error"),
    [
        ("title=\udcff", '--set "title=\\udcff": is not UTF-8 text; save or type it as UTF-8'),
        ("\udcff.a=1", '--set "\\udcff.a=1": is not UTF-8 text; save or type it as UTF-8'),
        (
            "protocol." + "9" * 5000 + ".a=1",
            "there is no protocol.999999999… (5000 characters); protocol has length 1, counted from 0",
        ),
        ("a" + ".a" * 4000 + "=1", "is not an override"),
        ("lithium.creep=" + "{a=" * 400 + "1" + "}" * 400, f"nested far more than {DEEPEST} deep"),
        ("title=" + "a" * 20000, "is a text of 20006 characters"),
    ],
)
def test_overrides_alike(override: str, error: str, tmp_path: Path) -> None:
    path = tmp_path / "case.toml"
    path.write_text(STEP, encoding="utf-8")
    lines = told(path, [override])
    assert len(lines) == 1
    assert error in lines[0]
    lines[0].encode("utf-8")


def test_many_errors_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "case.toml"
    path.write_text(HEAD + VOID * 10_001 + STEP, encoding="utf-8")
    lines = told(path)
    assert lines[0] == "void.1: from 0 um to 2 um overlaps void.0 from 0 um to 2 um; move one of them or make it narrower"
    assert lines[MOST_ERRORS:] == ["and 9 960 more"]
    path.write_text(HEAD + VOID.replace("depth", "dept") * 1000 + STEP, encoding="utf-8")
    assert told(path)[MOST_ERRORS:] == ["and 1 960 more"]


def test_files_and_lists_have_a_largest_size(tmp_path: Path) -> None:
    path = tmp_path / "case.toml"
    path.write_bytes(STEP.encode() + b"#" * MOST_BYTES)
    (line,) = told(path)
    assert line.endswith("case.toml: has more than 10 MB; no case file needs that")
    path.write_text(f"{STEP}[output]\nfields = [{'1,' * (MOST_ENTRIES + 1)}]", encoding="utf-8")
    assert told(path) == [f"output.fields: has {MOST_ENTRIES + 1} entries, more than {MOST_ENTRIES}; make it shorter"]


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "\udcff"])
def test_names_that_no_file_has(name: str) -> None:
    with pytest.raises(CaseError, match=r"cannot be read|there is no such case file"):
        load_case(name)


def test_overlaps_are_found_as_by_comparing_all_pairs() -> None:
    rng = random.Random(5)

    def meet(a: tuple[int, float, float], b: tuple[int, float, float]) -> bool:
        return a[0] == b[0] and a[1] < b[2] - 1e-9 and b[1] < a[2] - 1e-9

    for _ in range(300):
        lefts = [rng.uniform(0, 30) for _ in range(rng.randint(0, 8))]
        spans = [(rng.randint(1, 2), left, left + rng.uniform(0.1, 6)) for left in lefts]
        pairs = {(k, j) for k in range(len(spans)) for j in range(k) if meet(spans[k], spans[j])}
        found = {(k, j) for k, others in overlapping(spans, 1e-9).items() for j in others}
        assert found <= pairs
        assert {k for pair in found for k in pair} == {k for pair in pairs for k in pair}
