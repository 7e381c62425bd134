"""What all commands have in common: version, help, completion; new cases, comparison, window."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import cellfem
from cellfem.case import load_case, warnings
from cellfem.case.new import menu
from cellfem.cli import app
from cellfem.commands.lazy import COMMANDS
from tests.support.report_pages import write_run

ASIDE = ("solid",)
"""Templates that say themselves what their mesh does not resolve."""


def call(*words: object, code: int = 0) -> str:
    ended = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})
    assert ended.exit_code == code, ended.output
    return ended.stdout if code == 0 else ended.stderr


def test_the_version_is_an_option_too() -> None:
    assert call("--version") == call("version") == f"{cellfem.__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_h_is_help(name: str) -> None:
    assert call(name, "-h") == call(name, "--help")


@pytest.mark.parametrize(("typed", "meant"), [("cellfem comp", "compare"), ("cellfem run --chec", "--checkpoint")])
def test_completion_knows_commands_and_their_options(typed: str, meant: str) -> None:
    words = {"_CELLFEM_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1)}
    said = CliRunner().invoke(app, [], env=words, prog_name="cellfem")
    assert meant in said.stdout.split()


@pytest.mark.parametrize("template", menu())
def test_a_template_is_a_case_without_a_warning(template: str, tmp_path: Path) -> None:
    folder = tmp_path / "my-first"
    said = call("new", folder, "--template", template)
    assert f"cellfem run {folder}" in said
    case = load_case(folder)
    assert case.title == "my first"
    assert "#" in (folder / "case.toml").read_text(encoding="utf-8")
    if template not in ASIDE:
        assert [text for text in warnings(case) if "resolved" in text] == []


def test_a_name_with_quotes_is_a_title(tmp_path: Path) -> None:
    call("new", tmp_path / 'a"b')
    assert load_case(tmp_path / 'a"b').title == 'a"b'


def test_new_writes_over_nothing(tmp_path: Path) -> None:
    (tmp_path / "case.toml").write_text("mine", encoding="utf-8")
    assert "is there already" in call("new", tmp_path, code=2)
    assert (tmp_path / "case.toml").read_text(encoding="utf-8") == "mine"
    assert "is not a template (there are strip," in call("new", tmp_path / "x", "--template", "strop", code=2)
    assert not (tmp_path / "x").exists()


def test_compare_prints_what_differs(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / name, contact, creep=name) for name, contact in (("masias", 0.5), ("lepage", 0.3))]
    lines = [line.split() for line in call("compare", *runs).splitlines()]
    assert ["lithium.creep", "masias", "lepage"] in lines
    assert ["contact_fraction", "0.5", "0.3", "-40", "%"] in lines
    found = json.loads(call("compare", *runs, "--json"))
    assert found["case"] == {"lithium.creep": ["masias", "lepage"]}
    assert found["final"]["contact_fraction"] == pytest.approx([0.5, 0.3])
    assert "needs two folders" in call("compare", runs[0], code=2)


def test_without_a_screen_view_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert "cellfem report" in call("view", write_run(tmp_path / "one", 0.5), code=2)
    assert "cellfem.pvd" in call("view", tmp_path, code=2)


@pytest.mark.skipif(sys.platform != "linux", reason="a screen is known by its variables on Linux alone")
def test_view_needs_no_window_library_to_say_so(tmp_path: Path) -> None:
    write_run(tmp_path / "one", 0.5)
    code = (
        "import os, sys; [os.environ.pop(n, None) for n in ('DISPLAY', 'WAYLAND_DISPLAY')]\n"
        "from pathlib import Path; from cellfem.scene.view import show_run\n"
        f"try: show_run(Path({str(tmp_path / 'one')!r}))\n"
        "except RuntimeError: print('pyvista' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("scene", "x", "--time", "60"), '--time: "60" has no unit'),
        (("render", "x", "--time", "-1 s"), "--time: -1 s is too small"),
        (("run", "cases/strip-void", "--progress", "5"), '--progress: "5" has no unit'),
        (("sweep", "cases/strip-void", "--out", "x", "--cell-area", "1 cm"), "--cell-area: "),
        (("press", "cases/press-profile", "--target", "50 ohm*cm^2", "--out", "x", "--from", "1"), '--from: "1" has no unit'),
    ],
)
def test_options_are_quantities_as_keys_of_a_case_are(words: tuple[str, ...], said: str) -> None:
    assert said in call(*words, code=2)


def test_status_in_json(tmp_path: Path) -> None:
    found = json.loads(call("status", write_run(tmp_path / "one", 0.5), "--json"))
    assert [(run["name"], run["state"], run["contact"], run["left_s"]) for run in found] == [("one", "done", 0.5, None)]


def test_estimate_in_json() -> None:
    found = json.loads(call("estimate", "cases/strip-void", "--json", "-n", "2"))
    assert found["unknowns"] > 1000
    assert len(found["costs"]) == len(found["wall_s"]) >= 1
    low, high = found["wall_s"][0]
    assert 0 < low < high


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("version", "doctor")])
def test_options_of_one_meaning_have_one_name(name: str) -> None:
    from cellfem.commands.lazy import load_command

    options = {option for parameter in load_command(name).params for option in parameter.opts if option.startswith("-")}
    assert not options & {"--output", "--outdir", "-o", "--param", "--override", "--np", "--threads", "--workers", "--force"}
    assert ("--ranks" in options) == ("-n" in options)


UNSAID = re.compile(r"<str>|<list\[str\]>|<text>|\bTEXT\b")
"""How the help shows text of no kind in particular."""


def test_text_of_no_kind_is_seen() -> None:
    alone = typer.Typer(add_completion=False)

    @alone.command()
    def command(one: str = "", many: list[str] | None = None) -> None:
        pass

    shown = CliRunner().invoke(alone, ["--help"], env={"COLUMNS": "200"}).stdout.splitlines()
    assert [name for name in ("--one", "--many") for line in shown if name in line and UNSAID.search(line)] == ["--one", "--many"]


@pytest.mark.parametrize("name", COMMANDS)
def test_options_that_take_text_say_of_which_kind(name: str) -> None:
    assert UNSAID.search(call(name, "--help")) is None


def test_help_is_wrapped_by_the_terminal_alone() -> None:
    lines = call("press", "--help").splitlines()
    paragraph = next(line for line in lines if "The highest pressure of the protocol is varied" in line)
    assert len(paragraph.rstrip()) > 150
