"""What a report gathers, from made-up runs, and its page."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cellfem import materials
from cellfem.cli import app
from cellfem.quantities import record_columns
from cellfem.report import ReportError, write_report
from cellfem.report.band import band_of, band_over, different
from cellfem.report.fields import gamma
from cellfem.report.fields import stack as stack_view
from cellfem.report.gather import gather, words
from cellfem.report.page import MOST_BYTES
from cellfem.report.pictures import pictures_of
from cellfem.report.sweep_map import answers, sweep_map
from tests.support.report_pages import MAP_ROWS, write_map, write_run


def test_a_columns_name_in_words() -> None:
    assert [
        words(name) for name in ("asr_small_signal_ohm_cm2", "gap_max_um", "contact_fraction", "void_volume_um3", "gap_max_um_2")
    ] == [
        *("ASR small signal", "gap max", "contact fraction", "void volume", "gap max, electrode 2"),
    ]
    assert all(words(name) for name in record_columns(volume=True, symmetric=True))


def test_what_is_gathered_of_a_run(tmp_path: Path) -> None:
    run = gather(write_run(tmp_path / "one", contact=0.5))
    assert (run.title, run.contact, run.label) == ("A made-up run", "reduced", "one")
    assert run.case["protocol.0.pressure"] == "0.4 MPa"
    assert run.case["lithium.creep"] == "masias"
    creep = next(item for item in run.sources if item.name.startswith("creep"))
    assert creep.kind in ("read", "recalled", "model")
    assert materials.creep_set("masias").source in creep.source
    assert {item.name for item in run.sources} >= {"lithium D", "LLZO conductivity"}
    assert run.worst_balances["balance_charge"] == 2e-10
    assert run.refused == 1


def test_a_run_without_an_end_says_so(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "one", contact=0.5)
    (folder / "summary.json").unlink()
    run = gather(folder)
    assert run.contact == "stopped"
    assert "has no summary yet" in run.verdict
    assert "has no summary yet" in write_report([folder]).read_text(encoding="utf-8")


def test_the_band_of_one_run_is_in_its_creep_rates(tmp_path: Path) -> None:
    text = band_of(gather(write_run(tmp_path / "one", contact=0.5)))
    masias, lepage = materials.creep_set("masias"), materials.creep_set("lepage")
    ratio = lepage.A298 * 0.4**lepage.n / (masias.A298 * 0.4**masias.n)
    assert f"lepage {ratio:.4g}" in text


def test_the_band_over_runs_needs_runs_that_differ_in_creep_alone(tmp_path: Path) -> None:
    runs = [gather(write_run(tmp_path / name, contact, creep=name)) for name, contact in (("masias", 0.5), ("lepage", 0.3))]
    assert different(runs) == {"lithium.creep": ("masias", "lepage")}
    assert "between 0.3 and 0.5" in band_over(runs)
    other = gather(write_run(tmp_path / "more", 0.2, pressure="0.2 MPa"))
    assert set(different([runs[0], other])) == {"protocol.0.pressure"}
    assert band_over([runs[0], other]) == ""


def test_answers_of_a_map() -> None:
    assert answers(MAP_ROWS) == [
        "25 °C, creep masias, 0.3 mA/cm²: not lost from 0.2 MPa on, at any pressure that was tried",
        "25 °C, creep masias, 1 mA/cm²: lost up to 0.2 MPa, not lost from 0.8 MPa on",
    ]


def test_each_point_of_a_map_is_on_it_once() -> None:
    data = sweep_map(MAP_ROWS, {})
    figure = data["figures"]["25 °C, creep masias|contact_fraction"]
    assert sorted(k for trace in figure["data"] for k in trace["customdata"]) == [0, 1, 2, 3]
    assert len({trace["marker"]["symbol"] for trace in figure["data"]}) == len({row["verdict"] for row in MAP_ROWS})
    assert [point["text"] for point in data["points"]] == [f"The run ended: {row['end']}." for row in MAP_ROWS]


class Outside(HTMLParser):
    """Whatever a page would fetch, or a link that leads out of it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = [value or "" for name, value in attrs if name in ("href", "src", "srcset", "action", "data")]
        self.found += [value for value in named if value and not value.startswith(("#", "data:"))]


@pytest.mark.parametrize("kind", ["one", "several", "map"])
def test_the_page_is_one_file_that_fetches_nothing(kind: str, tmp_path: Path) -> None:
    one = write_run(tmp_path / "one", contact=0.5)
    folders = {"one": [one], "several": [one, write_run(tmp_path / "two", 0.95)], "map": [write_map(tmp_path / "map")]}[kind]
    path = write_report(folders)
    assert path == folders[0] / "report.html"
    text = path.read_text(encoding="utf-8")
    assert path.stat().st_size <= MOST_BYTES
    page = Outside()
    page.feed(text)
    assert page.found == []
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert data is not None
    assert (
        set(json.loads(data[1]))
        == {
            "one": {"history-0", "gamma-0", "health-0", "stack-0"},
            "several": {"compare", *(f"{name}-{k}" for name in ("history", "gamma", "health", "stack") for k in (0, 1))},
            "map": {"map"},
        }[kind]
    )


def test_the_face_of_a_stack_in_3d_is_a_map_over_time(tmp_path: Path) -> None:
    result = gather(write_run(tmp_path / "one", contact=0.5, solid=True)).result
    face, stack = gamma(result), stack_view(result)
    assert (face["key"], face["times"]) == ("intensity", ["0 s", "30 s", "60 s"])
    assert [frame[0] for frame in face["frames"]] == [[time] * 4 for time in (0.0, 30.0, 60.0)]
    assert len(face["data"][0]["i"]) == 2
    assert [(body["name"], len(body["i"])) for body in stack["data"]] == [("lithium", 4), ("LLZO", 4)]
    assert min(stack["data"][0]["intensity"]) == pytest.approx(-8)
    assert set(stack["data"][1]["intensity"]) == {0.5}


def test_text_of_a_case_is_no_markup(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "one", 0.5, title="<script>alert(1)</script>")
    assert "<script>alert(1)" not in write_report([folder]).read_text(encoding="utf-8")


def test_pictures_that_find_no_room_are_named(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (300, 200), "white").save(tmp_path / "stack.png")
    Image.effect_noise((300, 200), 80).convert("RGB").save(tmp_path / "history.png")
    taken, left = pictures_of(tmp_path, 20_000)
    assert ([picture.name for picture in taken], left) == (["stack.png"], ["history.png"])


def test_a_report_of_ones_own_is_not_overwritten(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "one", contact=0.5)
    (folder / "report.html").write_text("mine", encoding="utf-8")
    ended = CliRunner().invoke(app, ["report", str(folder)])
    assert ended.exit_code == 2
    assert "report.html" in ended.stderr
    assert (folder / "report.html").read_text(encoding="utf-8") == "mine"


def test_folders_without_a_run_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="holds no run and no sweep"):
        write_report([tmp_path])
    with pytest.raises(ReportError, match="no such folder"):
        write_report([tmp_path / "none"])
