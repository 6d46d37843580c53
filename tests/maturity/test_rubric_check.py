"""Hostile rubrics: each mistake is named with line and key, and what only looks like one is a warning."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnephys.errors import RubricError
from mnephys.maturity.parse_scale import parse_toml, rubric_names
from mnephys.maturity.rubric import parse_rubric
from mnephys.maturity.rubric_check import rubric_warnings
from mnephys.maturity.rubric_set import load_any, load_rubrics
from mnephys.maturity.vocabulary import check_features
from mnephys.pipeline import declared_features
from mnephys.pipeline.rubrics import load_any_rubric, measured_features
from mnephys.pipeline.rubrics import load_rubrics as load_checked

FOLDER = resources.files("mnephys.maturity") / "rubrics"
TEXT = (FOLDER / "spinal_motor_neuron.toml").read_text(encoding="utf-8").replace("\r\n", "\n")
BUILT_IN = [load_any(name) for name in rubric_names()]
BUILT_IN_SPINAL = load_any("spinal_motor_neuron")


def damaged(tmp_path, before, after):
    assert TEXT.count(before) >= 1
    place = TEXT.index(before)
    file = tmp_path / "mine.toml"
    file.write_text(TEXT[:place] + after + TEXT[place + len(before) :], encoding="utf-8")
    return file


def line_of(text):
    return TEXT[: TEXT.index(text)].count("\n") + 1


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        (
            'feature = "ap_half_width"',
            'feature = "ap_halfwidth"',
            'feature = "ap_half_width"',
            "[criteria ap_halfwidth] feature 'ap_halfwidth' cannot be measured; the nearest is 'ap_half_width'",
        ),
        (
            'domain = "passive"\nunit = "MOhm"',
            'domain = "passive"\nunit = "mV"',
            'unit = "MOhm"',
            "[criteria input_resistance] unit is 'mV', but input_resistance is measured in MOhm; write MOhm",
        ),
        (
            "immature = 4.0\nmature = 2.5",
            "immature = 4.0\nmature = 0.0025",
            "mature = 2.5",
            "[criteria ap_half_width] mature is 0.0025 ms, which no ap_half_width can be; give it in ms, 0.05 to 100",
        ),
        (
            "immature = -45\nmature = -55",
            "immature = -45000\nmature = -55000",
            "immature = -45",
            "[criteria resting_membrane_potential] immature is -45000 mV, which no",
        ),
        ("weight = 0.35", "weight = 0.30", "[domains.firing]", "[domains] the weights add up to 0.95; make them"),
        ("weight = 0.35", "weight = 35", "[domains.firing]", "[domains] the weights add up to 35.65; make them"),
        ("immature = 4.0\n", "imature = 4.0\n", "immature = 4.0", "[criteria ap_half_width] unknown key 'imature'"),
        ("immature = 4.0\n", 'immature = "4"\n', "immature = 4.0", "[criteria ap_half_width] immature is '4'"),
        ("immature = 4.0\n", "immature = 2.5\n", "immature = 4.0", "immature and mature are both 2.5"),
        ("minimum = 2\n", "minimum = 2.5\n", "minimum = 2\n", "[domains.firing] minimum is 2.5"),
        ('target = "domain:passive"', 'target = "domain:pasive"', 'target = "domain:passive"', "'domain:pasive'"),
        ("seal_mohm = [1000,", "seal_mohm = [nan,", "seal_mohm", "[scenarios] seal_mohm[0] is nan"),
        ("\nimmature = 4.0", '\nexperiment = """\nimmature = 3\n"""\nimmature = "4"', "immature = 4.0", None),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path, before, after, line, words):
    file = damaged(tmp_path, before, after)
    number = line_of(line)
    if words is None:  # The note above is three lines long.
        number, words = number + 3, "immature is '4'"
    for load in (load_any_rubric, lambda path: load_checked([path])):
        with pytest.raises(RubricError) as caught:
            load(file)
        assert str(caught.value).startswith(f"{file}: line {number}: ")
        assert words in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_convertible_unit_is_right_with_cuts_in_it(tmp_path):
    file = damaged(
        tmp_path, 'unit = "MOhm"\nimmature = 1000\nmature = 500', 'unit = "GOhm"\nimmature = 1\nmature = 0.5'
    )
    assert load_any_rubric(file).criteria["input_resistance"].mature == 0.5


def test_a_convertible_unit_is_wrong_with_cuts_that_are_not_in_it(tmp_path):
    file = damaged(
        tmp_path, 'unit = "MOhm"\nimmature = 1000\nmature = 500', 'unit = "GOhm"\nimmature = 1000\nmature = 500'
    )
    with pytest.raises(
        RubricError, match=r"immature is 1000 GOhm, which no input_resistance can be; .* 0\.0001 to 100$"
    ):
        load_any_rubric(file)


def test_of_two_features_of_one_name_that_of_the_level_counts():
    top, _ = parse_toml(TEXT.encode(), "mine.toml")
    known = measured_features()
    (own,) = known["rheobase"]
    of_wells = replace(own, unit="Hz", levels=("well",))
    check_features(top, BUILT_IN_SPINAL, {**known, "rheobase": [of_wells, own]})
    with pytest.raises(RubricError, match="rheobase is measured in Hz"):
        check_features(top, BUILT_IN_SPINAL, {**known, "rheobase": [of_wells]})


def test_thirds_add_up_and_an_inward_current_may_be_written_either_way(tmp_path):
    text = TEXT.replace("weight = 0.35", "weight = 0.333").replace("weight = 0.30", "weight = 0.333")
    text = text.replace("weight = 0.25", "weight = 0.233")
    text = text.replace("immature = 500\nmature = 1000", "immature = -500\nmature = -1000")
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    assert load_any_rubric(tmp_path / "mine.toml").criteria["na_current_peak"].mature == -1000


def test_what_can_be_measured_is_what_is_declared():
    known = measured_features()
    assert sorted(f.name for found in known.values() for f in found) == sorted(f.name for f in declared_features())
    assert {level for feature in known["isi_cv"] for level in feature.levels} == {"cell", "electrode", "well"}


def warnings(file):
    top, _ = parse_toml(file.read_bytes(), file.name)
    return rubric_warnings(top, load_any_rubric(file), measured_features(), BUILT_IN)


@pytest.mark.parametrize("rubric", BUILT_IN, ids=lambda rubric: rubric.name)
def test_the_built_in_ones_give_no_warning(rubric):
    data = (FOLDER / f"{rubric.name}.toml").read_bytes()
    assert rubric_warnings(parse_toml(data, "x")[0], rubric, measured_features(), BUILT_IN) == []


NEW_NAME = 'name = "spinal_motor_neuron"'


def test_a_copy_with_other_content_should_have_another_name(tmp_path):
    file = damaged(tmp_path, "immature = 4.0", "immature = 4.5")
    (line,) = warnings(file)
    assert line == (
        f"mine.toml: line {line_of(NEW_NAME)}: name is 'spinal_motor_neuron', that of a built-in rubric with other "
        "content; give it a name of its own, by which scores can be told apart"
    )
    file.write_text(file.read_text(encoding="utf-8").replace(NEW_NAME, 'name = "mine"'), encoding="utf-8")
    assert warnings(file) == []


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("immature = 1000\nmature = 500", "immature = 1\nmature = 0.5", "immature is 1 MOhm, in the built-in"),
        ("immature = 1000\nmature = 500", "immature = 1\nmature = 0.5", "mature is 0.5 MOhm, in the built-in"),
        (
            "[references.leroy2014]",
            '[references.me]\ncitation = "Me"\nlink = "https://x.y"\n[references.leroy2014]',
            "me is used nowhere",
        ),
        ('feature = "sag_ratio"', 'feature = "sttc"', "feature 'sttc' is measured of well, so that it is missing"),
        ('version = "', 'version = "second of ', "version is 'second of"),
    ],
)
def test_what_looks_like_a_mistake_is_a_warning_with_its_line(tmp_path, before, after, words):
    file = damaged(tmp_path, before, after)
    file.write_text(file.read_text(encoding="utf-8").replace(NEW_NAME, 'name = "mine"'), encoding="utf-8")
    found = [line for line in warnings(file) if words in line]
    assert len(found) == 1
    number = int(found[0].split(": ")[1].removeprefix("line "))
    key = words.split()[0].strip("'")
    assert key in file.read_text(encoding="utf-8").splitlines()[number - 1]


def test_a_reference_that_only_a_gate_names_is_used(tmp_path):
    gate = 'unit = "1"\nsource = ["takazawa2012"]'
    file = damaged(tmp_path, gate, gate.replace("takazawa2012", "me"))
    text = file.read_text(encoding="utf-8").replace(NEW_NAME, 'name = "mine"')
    file.write_text(f'{text}\n[references.me]\ncitation = "Me"\nlink = "https://x.y"\n', encoding="utf-8")
    assert warnings(file) == []


def test_a_rubric_without_a_note_is_told_so(tmp_path):
    start = TEXT.index("note = ")
    end = TEXT.index("[stages]")
    file = tmp_path / "mine.toml"
    file.write_text((TEXT[:start] + TEXT[end:]).replace(NEW_NAME, 'name = "mine"'), encoding="utf-8")
    assert warnings(file) == [
        "mine.toml: there is no note; say how well founded the cuts are, and on which cells they rest"
    ]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damage_gives_one_line_or_a_valid_rubric(data):
    start = data.draw(st.integers(0, len(TEXT) - 1))
    length = data.draw(st.integers(0, 40))
    new = data.draw(st.text(alphabet="ab\"'[]{}=#.,1e-\n ö\x1b", max_size=12))
    text = TEXT[:start] + new + TEXT[start + length :]
    try:
        found = parse_rubric(text.encode(), "mine.toml")
    except RubricError as error:
        assert str(error).startswith("mine.toml: ")  # noqa: PT017 -- most damage is refused, some is a mere comment
        assert str(error).isprintable()  # noqa: PT017 -- as above
    else:
        assert set(found.criteria) >= {"firing_pattern", "qc_holding_current"}


@pytest.mark.parametrize(
    "data", [b"\x00", b"\xff\xfe", b"a = " + b"[" * 20_000, b"level = 'cell'", b"level = 1", b"", b"a = 1\n" * 200_000]
)
def test_what_is_no_rubric_is_refused(tmp_path, data):
    file = tmp_path / "mine.toml"
    file.write_bytes(data)
    for load in (load_any_rubric, lambda path: load_rubrics([path])):
        with pytest.raises(RubricError, match=r"mine\.toml: "):
            load(file)


def test_names_and_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_rubrics(["rodent_mea", "brainstem_motor_neuron"]).well.name == "rodent_mea"
    with pytest.raises(RubricError, match=r"brainstem_motor_neurone: does not exist; .*nearest is 'brainstem_motor_ne"):
        load_any("brainstem_motor_neurone")
    for path in ("netwrk.toml", "sub/netwrk"):
        with pytest.raises(RubricError, match=rf"^{path}: cannot be read \(No such file or directory\); give the path"):
            load_any(path)
    with pytest.raises(RubricError, match="is for level 'cell' too"):
        load_rubrics(["cortical_motor_neuron", "brainstem_motor_neuron"])
    (tmp_path / "network").mkdir()
    assert load_any("network").level == "well"
    (tmp_path / "rodent_mea").write_text(TEXT, encoding="utf-8")
    assert load_any("rodent_mea").level == "cell"
    with pytest.raises(RubricError, match="cannot be read"):
        load_any(tmp_path)
