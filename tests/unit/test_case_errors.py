"""Bad cases, one of each kind: the message names the key, the value and the remedy; all errors of a
file come at once."""

from pathlib import Path

import pytest

from cellfem.case import CaseError, load_case, parse_case

EXAMPLE = Path(__file__).parents[2] / "cases" / "strip-void" / "case.toml"
TEXT = EXAMPLE.read_text(encoding="utf-8")


def errors_of(folder: Path, text: str, overrides: tuple[str, ...] = ()) -> list[str]:
    path = folder / "case.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CaseError) as caught:
        load_case(path, overrides)
    assert str(caught.value).splitlines() == list(caught.value.errors)
    return list(caught.value.errors)


def changed(*pairs: tuple[str, str]) -> str:
    text = TEXT
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return text


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        # misspelt or misplaced keys
        ("roughness", "roughnes", 'interface.roughnes: unknown key; did you mean "roughness"?'),
        ("[mesh]", "[msh]", 'msh: unknown key; did you mean "mesh"?'),
        ("stop.voltage", "stop.voltag", 'protocol.0.stop.voltag: unknown key; did you mean "voltage"?'),
        ('near = "0.4 um"', 'xyz = "0.4 um"', "mesh.xyz: unknown key; known here are near, far, cells, file, unit"),
        # units and numbers
        ('"0.4 MPa"', '"5 kg"', 'protocol.0.pressure: "5 kg" is a mass, not a pressure; write for example "0.4 MPa"'),
        ('"0.4 MPa"', "0.4", 'protocol.0.pressure: 0.4 has no unit; write for example "0.4 MPa", in quotes'),
        ('"0.4 MPa"', '"0.4"', 'protocol.0.pressure: "0.4" has no unit; write for example "0.4 MPa"'),
        ('"0.4 MPa"', '"nan MPa"', 'protocol.0.pressure: "nan MPa" is not a finite number; write for example "0.4 MPa"'),
        ('"0.4 MPa"', '"inf MPa"', 'protocol.0.pressure: "inf MPa" is not a finite number; write for example "0.4 MPa"'),
        (
            '"10 ohm*cm^2"',
            '"10 ohm"',
            'interface.asr: "10 ohm" is a resistance, not an area-specific resistance; write for example "10 ohm*cm^2"',
        ),
        ('"25 degC"', '"25 C"', 'protocol.0.temperature: "25 C" is a charge, not a temperature; write for example "25 degC"'),
        # ranges
        (
            '"1 h"',
            '"-1 h"',
            'protocol.0.duration: "-1 h" is out of range: it must be above 0 s and at most 1000000000 s; write for example "1 h"',
        ),
        (
            '"0.4 MPa"',
            '"-1 MPa"',
            (
                'protocol.0.pressure: "-1 MPa" is out of range: it must be at least 0 MPa and at most 1000 MPa; '
                'write for example "0.4 MPa"'
            ),
        ),
        (
            '"25 degC"',
            '"200 degC"',
            (
                'protocol.0.temperature: "200 degC" is out of range: it must be at least -50 degC and at most 170 degC; '
                'write for example "25 degC"'
            ),
        ),
        ("[numerics]", "[numerics]\ntolerance = nan", "numerics.tolerance: nan is not a finite number"),
        ("[numerics]", "[numerics]\ntolerance = 2", "numerics.tolerance: 2 is out of range: it must be below 1.0"),
        ("[numerics]", "[numerics]\nnewton_max = 0", "numerics.newton_max: 0 is out of range: it must be at least 1"),
        # types
        (
            "[numerics]",
            "[numerics]\nnewton_max = 2.5",
            "numerics.newton_max: 2.5 is not a whole number; write it bare, without quotes and decimal point",
        ),
        (
            "[numerics]",
            '[numerics]\ntolerance = "1e-3"',
            'numerics.tolerance: "1e-3" is not a number; write it bare, without quotes and unit',
        ),
        ("[numerics]", "[numerics]\ndt = 3", 'numerics.dt: 3 is not a list; write for example dt = ["1 h"]'),
        ("[numerics]", "[numerics]\ndt = []", "numerics.dt: is empty; give at least one value"),
        ("[output]", "[output]\npictures = 1", "output.pictures: 1 is not true or false"),
        ('title = "Stripping lithium from a flawed LLZO face"', "title = 3", "title: 3 is not text; write it in quotes"),
        # choices
        (
            '"strip"',
            '"stripp"',
            'protocol.0.mode: "stripp" is not one of "strip", "plate", "rest", "press", "hold-voltage"; did you mean "strip"?',
        ),
        ("dimension = 2", 'dimension = "two"', 'stack.dimension: "two" is not one of 2, 3'),
        ("dimension = 2", "dimension = 4", "stack.dimension: 4 is not one of 2, 3"),
        (
            '"slip"',
            '"glide"',
            'interface.friction: "glide" is not a number with a unit; write for example "1e3 MPa*s/um" or "slip" or "stick"',
        ),
        (
            '"LLZO"\n',
            '"LLZTO"\n',
            'electrolyte.material: "LLZTO" is not a known electrolyte; did you mean "LLZO"? (known: LLZO, Li6PS5Cl)',
        ),
        (
            'creep = "masias"',
            'creep = "masia"',
            (
                'lithium.creep: "masia" is not a known creep set; did you mean "masias"? '
                "(known: anand_narayan_steady, lepage, masias, anand_narayan_fixed_S) "
                'or a table { A0 = "1.3e3 1/s", n = 5.0, Q = "37 kJ/mol" }'
            ),
        ),
        ('creep = "masias"', "creep = 3", "lithium.creep: 3 is not text; write it in quotes"),
        (
            'creep = "masias"',
            'creep = { A0 = "1e3 1/s", n = 5 }',
            'lithium.creep.Q: is missing; write for example Q = "37 kJ/mol"',
        ),
        (
            'creep = "masias"',
            'creep = { n = 5, Q = "37 kJ/mol" }',
            'lithium.creep: has neither A0 nor A298; write for example A298 = "7.7e-3 1/s"',
        ),
        (
            'creep = "masias"',
            'creep = { A0 = "1 1/s", A298 = "1 1/s", n = 5, Q = "37 kJ/mol" }',
            "lithium.creep: has both A0 and A298; keep one of them",
        ),
        # missing keys, sections of the wrong form
        (
            'duration = "1 h"',
            "",
            'protocol.0.duration: is missing; write for example duration = "1 h", or capacity = "0.5 mAh/cm^2"',
        ),
        ('mode = "strip"', "", 'protocol.0.mode: is missing; write for example mode = "strip"'),
        # voids and patches
        (
            'half_width = "5 um"',
            'half_width = "30 um"',
            (
                "void.0: reaches from 0 um to 30 um, outside the stack from 0 um to 25 um; "
                "move it, make half_width smaller or stack.width larger"
            ),
        ),
        (
            'half_width = "2.5 um"',
            'half_width = "30 um"',
            (
                "patch.0: reaches from -12.5 um to 47.5 um, outside the stack from 0 um to 25 um; "
                "move it, make half_width smaller or stack.width larger"
            ),
        ),
        (
            'center = "0 um"',
            'center = "1 um"',
            (
                "void.0: reaches from -4 um to 6 um, outside the stack from 0 um to 25 um; "
                "move it, make half_width smaller or stack.width larger"
            ),
        ),
        (
            "[[patch]] ",
            '[[void]]\ncenter = "8 um"\nhalf_width = "4 um"\ndepth = "1 um"\n[[patch]] ',
            "void.1: from 4 um to 12 um overlaps void.0 from 0 um to 5 um; move one of them or make it narrower",
        ),
        (
            "[[protocol]]",
            '[[patch]]\ncenter = "22 um"\nhalf_width = "3 um"\nasr = "5 ohm*cm^2"\n[[protocol]]',
            "patch.1: from 19 um to 25 um overlaps patch.0 from 15 um to 20 um; move one of them or make it narrower",
        ),
        (
            'half_width = "5 um"',
            'half_width = "25 um"',
            "void: voids take the whole width of 25 um and leave nothing in contact; make half_width smaller",
        ),
        (
            'depth = "1 um"',
            'depth = "2.6 um"',
            (
                "void.0.depth: 2.6 um on a half_width of 5 um gives the parabola a slope of 1.04; "
                "the surface of lithium is a height over the interface, with slopes up to 1: make the void shallower or wider"
            ),
        ),
        (
            'depth = "1 um"\nprofile = "parabola"',
            'depth = "3.2 um"\nprofile = "cosine"',
            (
                "void.0.depth: 3.2 um on a half_width of 5 um gives the cosine a slope of 1.01; "
                "the surface of lithium is a height over the interface, with slopes up to 1: make the void shallower or wider"
            ),
        ),
        (
            'depth = "1 um"\nprofile = "parabola"',
            'depth = "1.1 um"\nprofile = "ellipse"',
            (
                "void.0.depth: 1.1 um on a half_width of 5 um gives the ellipse a slope of 1.08; "
                "the surface of lithium is a height over the interface, with slopes up to 1: make the void shallower or wider"
            ),
        ),
        (
            'thickness = "20 um"',
            'thickness = "1.9 um"',
            "void.0.depth: 1 um is more than half of lithium.thickness, 1.9 um; make the void shallower or the lithium thicker",
        ),
        # keys that do not go together
        (
            'current = "0.5 mA/cm^2"',
            "",
            'protocol.0.current: is missing, a step with mode = "strip" needs it; write for example current = "0.5 mA/cm^2"',
        ),
        (
            '"strip"',
            '"rest"',
            (
                'protocol.0.current: a step with mode = "rest" carries no current; '
                'remove this key, or write mode = "strip" or "plate"'
            ),
        ),
        (
            '"0.4 MPa"',
            '"0 MPa"',
            (
                'protocol.0.pressure: "0 MPa" leaves no contact; give a pressure above 0, for example "0.1 MPa", '
                'or write interface.contact = "bonded"'
            ),
        ),
        (
            '"0.4 MPa"',
            '"0.4 MPa"\npressure_end = "0 kPa"',
            (
                'protocol.0.pressure_end: "0 MPa" leaves no contact; give a pressure above 0, for example "0.1 MPa", '
                'or write interface.contact = "bonded"'
            ),
        ),
        (
            'friction = "slip"',
            'contact = "bonded"',
            'void: interface.contact = "bonded" has no gap and so no voids; remove [[void]], or write contact = "asperity"',
        ),
        (
            'friction = "slip"',
            'vacancies = "off"\nremoval = "off"',
            (
                'interface.removal: "off", and interface.vacancies is "off" too: nothing supplies the stripped lithium; '
                'switch one of them "on"'
            ),
        ),
        (
            'far = "3 um"',
            'far = "0.2 um"',
            "mesh.near: 0.4 um is coarser than mesh.far, 0.2 um; make near smaller or far larger",
        ),
        (
            'near = "0.4 um"\nfar = "3 um"',
            'near = "7 um"\nfar = "8 um"',
            "mesh.near: 7 um is more than a quarter of stack.width, 25 um; make near smaller",
        ),
        (
            "[numerics]",
            '[numerics]\ndt_min = "1 s"',
            'numerics.dt_min: "1 s" is more than numerics.dt_initial, "0.1 s"; make dt_min smaller',
        ),
        (
            "[numerics]",
            '[numerics]\ndt_max = "10 ms"',
            'numerics.dt_initial: "0.1 s" is more than numerics.dt_max, "0.01 s"; make dt_initial smaller',
        ),
    ],
)
def test_one_bad_thing_is_one_clear_error(old: str, new: str, error: str, tmp_path: Path) -> None:
    assert errors_of(tmp_path, changed((old, new))) == [error]


def test_all_errors_of_a_file_at_once(tmp_path: Path) -> None:
    text = changed(
        ("roughness", "roughnes"),
        ('"0.4 MPa"', '"5 kg"'),
        ('"1 h"', '"-1 h"'),
        ('"strip"', '"stripp"'),
        ('thickness = "20 um"', 'thickness = "1 um"'),
        ('half_width = "2.5 um"', 'half_width = "30 um"'),
        ('far = "3 um"', 'far = "0.2 um"'),
        ('asr = "10 ohm*cm^2"', "asr = 10"),
    )
    keys = [line.partition(":")[0] for line in errors_of(tmp_path, text, ("protocol.0.top=lid", "void.1.depth=1 um"))]
    assert keys == [
        '--set "void.1.depth=1 um"',
        "interface.asr",
        "interface.roughnes",
        "protocol.0.mode",
        "protocol.0.duration",
        "protocol.0.pressure",
        "protocol.0.top",
        "patch.0",
        "void.0.depth",
        "mesh.near",
    ]


@pytest.mark.parametrize(
    "key", ["width", "half_width", "depth", "thickness", "center", "profile", "near", "pressure", "material"]
)
def test_a_bad_value_causes_no_second_error(key: str, tmp_path: Path) -> None:
    start = TEXT.index(f"\n{key} = ") + 1
    text = TEXT[:start] + f'{key} = "?"' + TEXT[TEXT.index("\n", start) :]
    (error,) = errors_of(tmp_path, text)
    assert error.partition(":")[0].endswith(key)


@pytest.mark.parametrize("section", ["stack", "lithium", "electrolyte", "interface", "mesh", "numerics", "output"])
def test_a_section_that_is_no_table(section: str) -> None:
    step = {"mode": "rest", "duration": "1 h", "pressure": "1 MPa"}
    with pytest.raises(CaseError) as caught:
        parse_case({section: 5, "protocol": [step], "void": [{"center": "0 um", "half_width": "5 um", "depth": "1 um"}]})
    assert caught.value.errors == (f"{section}: 5 is not a table; write [{section}] and its keys on lines of their own",)


def test_single_brackets_for_a_list(tmp_path: Path) -> None:
    (error,) = errors_of(tmp_path, changed(("[[void]]", "[void]")))
    assert error.startswith('void: {"center": "0 um",')
    assert error.endswith("is not a list of tables; write [[void]] with double brackets")


def test_no_protocol(tmp_path: Path) -> None:
    remedy = "write for example [[protocol]] and its keys on lines of their own"
    assert errors_of(tmp_path, "") == [f"protocol: is missing; {remedy}"]
    assert errors_of(tmp_path, "protocol = []") == ["protocol: is empty; give at least one [[protocol]]"]


def test_missing_broken_and_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(
        CaseError, match=r"nowhere\.toml: there is no such case file; give a case\.toml or the folder that holds it"
    ):
        load_case(tmp_path / "nowhere.toml")
    (error,) = errors_of(tmp_path, "mode = strip")
    assert "case.toml: is not valid TOML: Invalid value (at line 1, column 8); text needs quotes" in error
    (tmp_path / "case.toml").write_bytes(b'title = "\xb5m"')
    with pytest.raises(CaseError, match="is not UTF-8 text"):
        load_case(tmp_path)


@pytest.mark.parametrize(
    ("override", "error"),
    [
        ("protocol.0.pressure=5 kg", 'protocol.0.pressure: "5 kg" is a mass, not a pressure; write for example "0.4 MPa"'),
        ("protocol.0.pressure=2", 'protocol.0.pressure: 2 has no unit; write for example "0.4 MPa", in quotes'),
        ("protocol.0.presure=2 MPa", 'protocol.0.presure: unknown key; did you mean "pressure"?'),
        ("intrface.asr=10 ohm*cm^2", 'intrface: unknown key; did you mean "interface"?'),
        (
            "protocol.1.pressure=2 MPa",
            '--set "protocol.1.pressure=2 MPa": there is no protocol.1; protocol has length 1, counted from 0',
        ),
        (
            "protocol.pressure=2 MPa",
            '--set "protocol.pressure=2 MPa": protocol is a list; write protocol.0.pressure for its first entry',
        ),
        ("stack.width.x=1", '--set "stack.width.x=1": stack.width is a value, not a table; override stack.width itself'),
        ("lithium.creep.n=5", '--set "lithium.creep.n=5": lithium.creep is a value, not a table; override lithium.creep itself'),
        ("pressure", '--set "pressure": is not an override; write for example --set protocol.0.pressure="2 MPa"'),
        (
            "stack..width=1 um",
            '--set "stack..width=1 um": is not an override; write for example --set protocol.0.pressure="2 MPa"',
        ),
    ],
)
def test_bad_overrides(override: str, error: str, tmp_path: Path) -> None:
    assert errors_of(tmp_path, TEXT, (override,)) == [error]


def test_override_of_a_list_that_the_file_lacks(tmp_path: Path) -> None:
    text = TEXT.replace("[[patch]]", "[[void]]").replace('asr = "1000 ohm*cm^2"', 'depth = "0.1 um"')
    assert errors_of(tmp_path, text, ("patch.0.asr=1 ohm*cm^2",)) == [
        '--set "patch.0.asr=1 ohm*cm^2": the file has no [[patch]]; add one there first'
    ]
