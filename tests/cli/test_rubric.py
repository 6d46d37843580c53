"""``mnephys rubric`` as a shell runs it, and scores by a rubric that is named."""

from __future__ import annotations

import json
import shutil
from importlib import resources

import pytest

from mnephys.maturity.parse_scale import rubric_names
from mnephys.simulate import simulate_cells

FOLDER = resources.files("mnephys.maturity") / "rubrics"
TEXT = (FOLDER / "spinal_motor_neuron.toml").read_text(encoding="utf-8")
STRICT = TEXT.replace('name = "spinal_motor_neuron"', 'name = "strict"').replace(
    "immature = 1000\nmature = 500", "immature = 300\nmature = 60"
)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rec")
    simulate_cells(["intermediate", "mature", "mature"], folder, duration=0.6)
    return folder


def test_list_names_each_with_hash_and_basis(mnephys):
    done = mnephys("rubric", "list")
    assert (done.returncode, done.stderr) == (0, "")
    heads = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert [line.split()[0] for line in heads] == rubric_names()
    documents = json.loads(mnephys("rubric", "list", "--json").stdout)
    for head, document in zip(heads, documents, strict=True):
        assert head.split()[1:] == [document["level"], "version", document["version"], document["sha256"][:12]]
        assert document["founded"] in " ".join(done.stdout.split())


@pytest.mark.parametrize("columns", ["80", "120"])
def test_show_fits_the_terminal(mnephys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    for name in rubric_names():
        done = mnephys("rubric", "show", name)
        assert (done.returncode, done.stderr) == (0, "")
        # An address is not broken.
        assert all(len(line) <= int(columns) or " " not in line.strip() for line in done.stdout.splitlines())
    assert mnephys("rubric", "show").stdout.startswith("spinal_motor_neuron, version ")


def test_a_copy_is_the_file_and_scores_by_its_own_name(mnephys, tmp_path, recordings):
    done = mnephys("rubric", "show", "network", "--toml")
    assert done.stdout == (FOLDER / "network.toml").read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(STRICT, encoding="utf-8")
    assert json.loads(mnephys("rubric", "show", "mine.toml", "--json").stdout)["name"] == "strict"
    scores = json.loads(mnephys("score", recordings, "--rubric", "mine.toml", "--json").stdout)
    assert {score["rubric"]["name"] for score in scores} == {"strict"}


def test_a_built_in_rubric_scores_by_its_name(mnephys, recordings):
    scores = json.loads(mnephys("score", recordings, "--rubric", "brainstem_motor_neuron", "--json").stdout)
    assert {score["rubric"]["name"] for score in scores} == {"brainstem_motor_neuron"}
    for command in (("score", recordings), ("explain", recordings)):
        done = mnephys(*command, "--rubric", "brainstem_motor_neuro")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            "Error: brainstem_motor_neuro: does not exist; give a TOML file or the name of a built-in rubric, the "
            "nearest is 'brainstem_motor_neuron'\n"
        )


def test_a_wrong_rubric_ends_check_score_and_compare_alike(mnephys, tmp_path, recordings):
    text = TEXT.replace('feature = "ap_half_width"', 'feature = "ap_halfwidth"')
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    number = text[: text.index('feature = "ap_halfwidth"')].count("\n") + 1
    said = (
        f"Error: mine.toml: line {number}: [criteria ap_halfwidth] feature 'ap_halfwidth' cannot be measured; the "
        "nearest is 'ap_half_width'\n"
    )
    for arguments in (
        ("rubric", "check", "mine.toml"),
        ("rubric", "compare", "mine.toml", "network"),
        ("score", recordings, "--rubric", "mine.toml"),
        ("explain", recordings, "--rubric", "mine.toml"),
    ):
        done = mnephys(*arguments)
        assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


def test_check_says_valid_and_warns(mnephys, tmp_path):
    done = mnephys("rubric", "check", "rodent_mea")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("rodent_mea, version 1.0.0, is a valid rubric for a well (")
    (tmp_path / "mine.toml").write_text(TEXT.replace("immature = 4.0", "immature = 4.5"), encoding="utf-8")
    done = mnephys("rubric", "check", "mine.toml")
    assert done.returncode == 0
    assert done.stderr.startswith("Warning: mine.toml: line ")
    document = json.loads(mnephys("rubric", "check", "mine.toml", "--json").stdout)
    assert document["valid"] is True
    assert [f"Warning: {line}" for line in document["warnings"]] == done.stderr.splitlines()


def test_compare_scores_again_what_was_measured(mnephys, tmp_path, recordings):
    shutil.copytree(recordings, tmp_path / "rec")
    (tmp_path / "strict.toml").write_text(STRICT, encoding="utf-8")
    assert mnephys("score", "rec", "-o", "out").returncode == 0
    by_hand = json.loads(mnephys("score", "rec", "--rubric", "strict.toml", "--json").stdout)
    before = json.loads((tmp_path / "out" / "scores.json").read_text(encoding="utf-8"))
    kept = {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir() if "sqlite-" not in file.name}
    shutil.rmtree(tmp_path / "rec")
    same = mnephys("rubric", "compare", "spinal_motor_neuron", "spinal_motor_neuron", "out")
    assert same.stdout.splitlines()[2:] == [
        "Nothing that could change a score differs.",
        f"Of {len(before)} scores none changes.",
    ]
    document = json.loads(mnephys("rubric", "compare", "spinal_motor_neuron", "strict.toml", "out", "--json").stdout)
    assert document["differences"] == ["input_resistance: scored, 1000 -> 500 MOhm | scored, 300 -> 60 MOhm"]
    expected = [
        (one["subject"], [one["stage"], two["stage"]], [one["maturity_index"], two["maturity_index"]])
        for one, two in zip(before, by_hand, strict=True)
        if (one["stage"], one["maturity_index"]) != (two["stage"], two["maturity_index"])
    ]
    assert expected
    assert [(c["subject"], c["stage"], c["index"]) for c in document["changed"]] == expected
    assert document["subjects"] == len(before)
    shown = mnephys("rubric", "compare", "spinal_motor_neuron", "strict.toml", "out").stdout
    for subject, stages, _ in expected:
        words = stages[0] if stages[0] == stages[1] else " -> ".join(stages)
        assert f"  {subject}: {words}, index " in shown
    assert kept == {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir() if "sqlite-" not in file.name}


def test_compare_of_wells_gives_what_a_new_run_gives(mnephys, tmp_path, data):
    folder = tmp_path / "plates"
    folder.mkdir()
    for day in ("05", "09"):
        shutil.copy(data(f"mea/spike_trains_hdf5/CO_20140212_MW1007-51_DIV{day}_00_001.h5"), folder)
    pattern = ("--name-pattern", "(?P<plate>.*)_DIV(?P<div>[0-9]+)")
    assert mnephys("score", folder, "-o", "out", *pattern).returncode == 0
    before = json.loads((tmp_path / "out" / "scores.json").read_text(encoding="utf-8"))
    after = json.loads(mnephys("score", folder, *pattern, "--rubric", "rodent_mea", "--json").stdout)
    document = json.loads(mnephys("rubric", "compare", "network", "rodent_mea", "out", "--json").stdout)
    assert document["subjects"] == len(before) == 98
    theirs = {(c["subject"], c["recording"]): (c["stage"][1], c["index"][1]) for c in document["changed"]}
    for one, two in zip(before, after, strict=True):
        found = theirs.get((one["subject"], one["recording"]), (one["network_stage"], one["maturity_index"]))
        assert found[0] == two["network_stage"]
        assert found[1] == (None if two["maturity_index"] is None else pytest.approx(two["maturity_index"], abs=5e-4))
    assert len(theirs) > 20


def test_folders_that_cannot_be_compared(mnephys, tmp_path, recordings):
    done = mnephys("rubric", "compare", "network", "network", tmp_path)
    assert done.returncode == 2
    assert "holds no results" in done.stderr
    mnephys("score", recordings, "-o", "out")
    done = mnephys("rubric", "compare", "network", "rodent_mea", "out")
    assert (done.returncode, done.stderr) == (2, "Error: out: holds no wells, which network is for\n")
    done = mnephys("rubric", "compare", "network", "spinal_motor_neuron", "out")
    assert (done.returncode, done.stdout) == (2, "")
    assert "give two for the same level" in done.stderr


def test_schema_is_the_file(mnephys):
    done = mnephys("rubric", "schema")
    assert done.stdout == (FOLDER / "rubric.schema.json").read_text(encoding="utf-8")
    assert json.loads(done.stdout)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
