"""Links, anchors and paths in the Markdown pages exist, and their prose wraps at 100 columns."""

import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = {"results", "node_modules", "build", "dist"}
GENERATED = {"case-files.md", "output-columns.md"}  # wrapped by their scripts
PAGES = [
    page
    for page in sorted(ROOT.rglob("*.md"))
    if not any(part.startswith(".") or part in SKIPPED for part in page.relative_to(ROOT).parts[:-1])
]
LINK = re.compile(r"(?<!\\)\]\(([^)\s]+)\)")
NAMED = re.compile(r"`((?:cellfem|tests|cases|docs|benchmarks|scripts|meshes)/[\w./-]+)`")
COMMAND = re.compile(r"(?<![\w/.-])((?:cellfem|tests|cases|benchmarks)/[\w./-]+\.(?:py|toml|csv|sh))\b")
WIDTH = 100
CODE = re.compile(r"`[^`]*`")  # a command on a line of its own stays whole


def without_code(text: str) -> str:
    """The page without fenced blocks; the number of lines is kept."""
    lines, fenced = [], False
    for line in text.split("\n"):
        if line.lstrip().startswith("```"):
            fenced = not fenced
            lines.append("")
        else:
            lines.append("" if fenced else line)
    return "\n".join(lines)


def anchor(heading: str) -> str:
    """The anchor that GitHub gives to a heading."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


@functools.cache
def anchors(page: Path) -> set[str]:
    """All anchors of a page; a repeated heading gets -1, -2 ..."""
    found: dict[str, int] = {}
    names = set()
    for line in without_code(page.read_text()).split("\n"):
        if match := re.match(r"#{1,6} +(.*)", line):
            name = anchor(match[1])
            count = found.get(name, 0)
            found[name] = count + 1
            names.add(f"{name}-{count}" if count else name)
    return names


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_and_anchors_exist(page: Path) -> None:
    broken = []
    for target in LINK.findall(without_code(page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, fragment = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (fragment and file.suffix == ".md" and fragment not in anchors(file)):
            broken.append(target)
    assert not broken


@pytest.mark.parametrize("page", [p for p in PAGES if p.name != "CHANGELOG.md"], ids=name)
def test_named_paths_exist(page: Path) -> None:
    text = page.read_text()
    paths = set(NAMED.findall(text)) | set(COMMAND.findall(text))
    paths = {path for path in paths if not re.search(r"my-|NAME|results/", path)}
    assert sorted(path for path in paths if not (ROOT / path).exists()) == []


@pytest.mark.parametrize("page", [p for p in PAGES if p.name not in GENERATED], ids=name)
def test_prose_wraps(page: Path) -> None:
    long = [
        (number, len(line))
        for number, line in enumerate(without_code(page.read_text()).split("\n"), 1)
        if len(CODE.sub("", line)) > WIDTH and not line.lstrip().startswith(("|", "![", "<"))
    ]
    assert not long
