"""Reports in a real browser, at the width of a desk and of a phone: all is drawn, nothing is wrong
on the console, keys do what the mouse does."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cellfem.report import write_report
from tests.support.browser import BROWSER, DRIVER, WITHOUT, Page, opened
from tests.support.report_pages import write_map, write_run

pytestmark = pytest.mark.skipif(BROWSER is None or DRIVER is None, reason=WITHOUT)
WIDTHS = [1280, 390]
TAB, ARROW_LEFT, ESCAPE, ENTER = "\ue004", "\ue012", "\ue00c", "\ue007"


@contextmanager
def shown(folders: list[Path], width: int, tmp_path: Path) -> Iterator[Page]:
    """A report in a window so high that all of it is in view."""
    with opened(write_report(folders), width, 7000, tmp_path / "profile") as page:
        yield page
        assert [text for text in page.errors if text.startswith("SEVERE")] == []


def drawn(page: Page, name: str) -> None:
    page.wait(f"document.getElementById('{name}').data")


@pytest.mark.parametrize("width", WIDTHS)
def test_one_run(width: int, tmp_path: Path) -> None:
    with shown([write_run(tmp_path / "one", 0.5)], width, tmp_path) as page:
        for name in ("history-0", "gamma-0", "health-0"):
            drawn(page, name)
        page.wait("document.getElementById('stack-0').textContent || document.getElementById('stack-0').data")
        assert page.run("return document.documentElement.scrollWidth") <= width, "nothing is cut off at the side"
        at_end = page.run("return document.getElementById('gamma-0').data[0].y[0]")
        page.run("document.querySelector('.slider').focus()")
        page.press(ARROW_LEFT)
        page.wait("document.querySelector('.controls output').textContent === '30 s'")
        assert page.run("return document.getElementById('gamma-0').data[0].y.length") > 1
        assert page.run("return document.querySelector('.slider').getAttribute('aria-valuetext')") == "30 s"
        assert at_end is not None


@pytest.mark.slow
def test_the_slider_shows_its_time(tmp_path: Path) -> None:
    with shown([write_run(tmp_path / "one", 0.5)], 1280, tmp_path) as page:
        drawn(page, "gamma-0")
        resistance = "return document.getElementById('gamma-0').data.find(trace => trace.name === 'porosity').y[0]"
        before = page.run(resistance)
        page.run("document.querySelector('.slider').focus()")
        page.press(ARROW_LEFT)
        page.press(ARROW_LEFT)
        page.wait("document.querySelector('.controls output').textContent === '0 s'")
        assert (before, page.run(resistance)) == (60.0, 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
def test_runs_side_by_side_open_when_they_are_asked_for(width: int, tmp_path: Path) -> None:
    runs = [write_run(tmp_path / name, contact, creep=name) for name, contact in (("masias", 0.5), ("lepage", 0.3))]
    with shown(runs, width, tmp_path) as page:
        drawn(page, "compare")
        assert page.run("return Boolean(document.getElementById('history-1').data)") is False
        page.run("document.querySelector('#run-1 summary').focus()")
        page.press(ENTER)
        drawn(page, "history-1")
        assert page.run("return document.documentElement.scrollWidth") <= width


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
def test_a_point_of_a_map_opens_its_run(width: int, tmp_path: Path) -> None:
    with shown([write_map(tmp_path / "map")], width, tmp_path) as page:
        drawn(page, "map")
        page.wait("document.getElementById('map-history').data")
        label = "document.getElementById('map-label').textContent"
        first = page.run(f"return {label}")
        page.run("document.getElementById('map').emit('plotly_click', {points: [{customdata: 1}]})")
        assert page.run(f"return {label}") != first
        assert "0.8 MPa" in page.run(f"return {label}")
        page.run("document.getElementById('map-point').focus()")
        page.press(ARROW_LEFT)
        page.wait(f"{label} === {first!r}")
        assert page.run("return document.documentElement.scrollWidth") <= width


@pytest.mark.slow
def test_a_picture_is_enlarged_and_put_away_by_keys(tmp_path: Path) -> None:
    from PIL import Image

    folder = write_run(tmp_path / "one", 0.5)
    Image.effect_noise((900, 600), 40).convert("RGB").save(folder / "stack.png")
    with shown([folder], 1280, tmp_path) as page:
        page.run("document.querySelector('.zoom').focus()")
        page.press(ENTER)
        page.wait("document.getElementById('enlarged').open")
        assert page.run("return document.querySelector('dialog img').naturalWidth") == 900
        page.press(ESCAPE)
        page.wait("!document.getElementById('enlarged').open")
        assert page.run("return document.activeElement.className") == "zoom"


@pytest.mark.slow
def test_each_kind_of_control_is_reached_by_tab(tmp_path: Path) -> None:
    with shown([write_run(tmp_path / "one", 0.5)], 1280, tmp_path) as page:
        drawn(page, "gamma-0")
        reached = set()
        for _ in range(80):
            page.press(TAB)
            reached.add(page.run("return document.activeElement.className || document.activeElement.tagName"))
        assert {"skip", "slider", "view", "wide", "SUMMARY"} <= reached
