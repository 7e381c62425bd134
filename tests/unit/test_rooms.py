"""The structure of the package as `docs/design.md` has it: no file and no room imports itself by
way of others, and commands end in one place."""

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import cellfem

PACKAGE = Path(cellfem.__file__).parent
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}


def imported(path: Path) -> Iterator[str]:
    """Modules of cellfem that a file imports, in its functions too, but for what types alone
    need."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) not in for_types and isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cellfem"):
            for name in node.names:
                inner = f"{node.module}.{name.name}"
                yield inner if inner in MODULES else node.module or ""


GRAPH = {module: {name for name in imported(path) if name in MODULES and name != module} for module, path in MODULES.items()}


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "cellfem"


def circle(graph: dict[str, set[str]]) -> str:
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        return " <- ".join(error.args[1])
    return ""


def test_no_file_imports_itself_by_way_of_others() -> None:
    assert circle(GRAPH) == ""


def test_no_room_imports_itself_by_way_of_others() -> None:
    rooms: dict[str, set[str]] = {}
    for module, names in GRAPH.items():
        rooms.setdefault(room(module), set()).update({room(name) for name in names} - {room(module)})
    assert circle(rooms) == ""


def test_the_solver_knows_no_lithium() -> None:
    """Newton, steps and factors know a model, whose laws are those of `model/` and `physics/`."""
    arrows = [(module, name) for module, names in GRAPH.items() for name in names]
    assert [arrow for arrow in arrows if [room(end) for end in arrow] == ["solver", "physics"]] == []


def test_a_circle_is_seen() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}})
    assert not circle({"a": {"b"}, "b": {"c"}, "c": set()})


@pytest.mark.parametrize("pattern", [r"typer\.Exit\(\d", r"def _fail\(", r"\b(BAD_CASE|GAVE_UP|STOPPED)\b.*= \d"])
def test_commands_end_in_one_place(pattern: str) -> None:
    """`cellfem.ending` prints and exits, `cellfem.errors` has the codes."""
    found = {name for name, path in MODULES.items() if re.search(pattern, path.read_text(encoding="utf-8"))}
    assert found <= {"cellfem.errors"}


def test_commands_alone_talk_to_the_command_line() -> None:
    """What a command does is a function that Python can call too: it returns what it found, and
    raises what is wrong."""
    pattern = re.compile(r"^\s*(import typer|from typer)", re.MULTILINE)
    found = {name for name, path in MODULES.items() if pattern.search(path.read_text(encoding="utf-8"))}
    assert {name for name in found if room(name) not in ("commands", "cli", "ending")} == set()


def test_no_test_module_imports_another() -> None:
    """What several of them need is in tests/support, or beside them under a name of its own."""
    tests = PACKAGE.parent / "tests"
    pattern = re.compile(r"^\s*(from tests\.\w+\.test_\w+ import|from \.test_|import tests\.\w+\.test_)", re.MULTILINE)
    assert not [path.name for path in tests.rglob("*.py") if pattern.search(path.read_text(encoding="utf-8"))]
