"""``mnephys reference wells`` and ``mnephys score --well-reference``: from results to a second opinion on others."""

from __future__ import annotations

import csv
import io
import json

import pytest
from click.testing import CliRunner

from mnephys.cli import main
from mnephys.simulate import simulate_plate


def called(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("reference")
    simulate_plate(where / "plates", days=(7, 14, 28), layout="24-well", duration=60.0)
    names = sorted(path.name for path in (where / "plates").iterdir())
    days = [f"{name},P1,,{name.split('DIV')[1][:2]}," for name in names if "DIV" in name]
    lines = ["recording,plate,well,div,control", *days, *(f"*,P1,A{i},,yes" for i in range(1, 5))]
    (where / "samples.csv").write_text("\n".join(lines))
    scored = called("score", where / "plates", "-o", where / "results", "--samples", where / "samples.csv")
    assert scored.exit_code == 0, scored.output
    return where


@pytest.fixture(scope="module")
def reference(folder):
    path = folder / "mine.toml"
    learnt = called("reference", "wells", folder / "results", "-o", path, "--json")
    assert learnt.exit_code == 0, learnt.output
    return path, json.loads(learnt.stdout)


def test_it_is_learnt_from_the_control_wells_on_all_their_days(reference):
    path, told = reference
    assert (told["wells"], told["name"]) == (12, "mine")
    assert told["oriented_by"] == "age of the control wells"
    assert 0 < told["explained"] <= 1
    assert not [name for name in told["loadings"] if name.endswith("_count")]
    assert path.read_text().startswith("# Second opinion on wells")


def test_in_words(folder):
    done = called("reference", "wells", folder / "results", folder / "results", "-o", folder / "twice.toml")
    assert done.exit_code == 0
    assert done.stdout.startswith("Learnt from 24 control wells and days: ")
    assert "Note" not in done.stderr


def test_every_scored_well_gets_it_and_no_stage_changes(folder, reference):
    path, told = reference
    arguments = ("--samples", folder / "samples.csv", "--well-reference", path)
    done = called("score", folder / "plates", "-o", folder / "again", *arguments)
    assert done.exit_code == 0, done.output
    before, after = (json.loads((folder / f / "scores.json").read_text()) for f in ("results", "again"))
    opinions = [score.pop("second_opinion") for score in after if score["level"] == "well"]
    assert before == after
    assert all(opinion["reference"]["sha256"] == told["sha256"] for opinion in opinions if opinion)
    table = list(csv.DictReader(io.StringIO((folder / "again" / "scores.csv").read_text())))
    wells = [row for row in table if row["level"] == "well"]
    assert [row["second_opinion"] for row in wells] == [
        "" if o is None or o["score"] is None else repr(o["score"]) for o in opinions
    ]
    assert [row["second_opinion_reference"] for row in wells] == ["mine" if o else "" for o in opinions]
    assert sum(o is not None and o["score"] is not None for o in opinions) > len(opinions) / 2
    assert "second_opinion" not in (folder / "results" / "scores.csv").read_text()
    page = (folder / "again" / "report.html").read_text()
    assert "Second opinion" in page
    assert told["sha256"][:12] in page
    assert "Second opinion" not in (folder / "results" / "report.html").read_text()


def test_the_page_is_the_same_from_the_store(folder, reference):
    path, _ = reference
    done = called("score", folder / "plates", "-o", folder / "kept", "--well-reference", path)
    assert done.exit_code == 0
    page = (folder / "kept" / "report.html").read_text()
    (folder / "kept" / "report.html").unlink()
    assert called("report", folder / "kept").exit_code == 0
    assert (folder / "kept" / "report.html").read_text() == page


def test_mistakes_are_one_line_and_wrong_usage(folder, tmp_path):
    bad = tmp_path / "bad.toml"
    bad.write_text("kind = 'wells'")
    for done, said in (
        (called("reference", "wells", tmp_path, "-o", tmp_path / "x.toml"), "holds no results"),
        (called("score", folder / "plates", "--well-reference", bad), "version is missing"),
        (called("score", folder / "plates", "--well-reference", tmp_path / "none"), "does not exist"),
    ):
        assert done.exit_code == 2
        assert said in done.stderr.splitlines()[-1]
    assert not (tmp_path / "x.toml").exists()
