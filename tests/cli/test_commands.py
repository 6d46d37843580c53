"""What each command prints and writes."""

from __future__ import annotations

import csv
import io
import json
import shutil

import pytest

import mnephys as package

SCORE_KEYS = (
    *("subject", "level", "id", "recording", "sources", "stage", "claim", "network_stage"),
    *("maturity_index", "interval", "domains", "criteria", "identity", "reasons", "status"),
)
CRITERION_KEYS = ["feature", "value", "unit", "status", "cut", "points", "domain", "source", "basis"]


def test_help_names_every_command_and_the_exit_codes(mnephys):
    result = mnephys("--help")
    assert result.returncode == 0
    for word in ("demo", "inspect", "features", "score", "plate", "report", "settings", "Exit codes"):
        assert word in result.stdout
    assert mnephys("--version").stdout.strip().endswith(package.__version__)


def test_the_cell_of_the_issue_has_a_stage_and_at_least_12_measured_criteria(mnephys, data):
    result = mnephys("score", data("patch/171116sh_0018.abf"), "--json")
    assert result.returncode == 0
    (score,) = json.loads(result.stdout)
    assert set(SCORE_KEYS) <= set(score)
    assert score["stage"] in {"immature", "intermediate", "mature"}
    measured = [c for c in score["criteria"] if c["status"] == "ok"]
    assert len(measured) >= 12
    for criterion in score["criteria"]:
        assert set(CRITERION_KEYS) <= set(criterion)
        assert criterion["cut"]
        assert criterion["source"]
        assert criterion["unit"]
        assert criterion["status"]
        assert criterion["basis"] in {"seen", "secondary", "proxy"}
    for criterion in measured:
        assert criterion["value"] is not None or criterion["text"]


def test_the_bridge_artefact_is_indeterminate_and_named(mnephys, data):
    result = mnephys("score", data("patch/2020_03_02_0000.abf"), "--json")
    (score,) = json.loads(result.stdout)
    assert result.returncode == 0
    assert score["stage"] == "indeterminate"
    assert any("bridge artefact" in reason for reason in score["reasons"])
    shown = mnephys("inspect", data("patch/2020_03_02_0000.abf"), "--json")
    (description,) = json.loads(shown.stdout)
    assert description["command_source"] == "recorded"
    last = float(description["steps"][0].split(",")[-1].removesuffix(" pA"))
    assert last == pytest.approx(600, rel=0.005)


def test_voltage_clamp_alone_is_indeterminate_and_says_why(mnephys, data):
    (score,) = json.loads(mnephys("score", data("patch/130618-1-12.abf"), "--json").stdout)
    assert score["stage"] == "indeterminate"
    assert any("voltage clamp" in reason for reason in score["reasons"])


def test_inspect_shows_sweeps_steps_and_source(mnephys, data):
    text = mnephys("inspect", data("patch/130618-1-12.abf")).stdout
    assert "ABF 1.3" in text
    (description,) = json.loads(mnephys("inspect", data("patch/130618-1-12.abf"), "--json").stdout)
    assert description["sweeps"] == 3
    (two,) = json.loads(mnephys("inspect", data("patch/171116sh_0018.abf"), "--json").stdout)
    assert len(two["steps"]) == 2


def test_features_are_the_tidy_table_in_csv_and_json(mnephys, data):
    rows = json.loads(mnephys("features", data("patch/190619B_0003.abf"), "--json").stdout)
    columns = ["recording", "level", "id", "feature", "value", "text", "unit", "status", "reason"]
    assert all(list(row) == columns for row in rows)
    counts = [row["value"] for row in rows if row["feature"] == "spike_count"]
    assert counts == [0, 0, 0, 0, 3, 6, 8, 12, 13, 16]
    assert all(row["reason"] for row in rows if row["status"] != "ok")
    table = list(csv.DictReader(io.StringIO(mnephys("features", data("patch/190619B_0003.abf")).stdout)))
    assert [row["feature"] for row in table] == [row["feature"] for row in rows]


def test_every_listed_feature_has_unit_meaning_and_source(mnephys):
    listed = json.loads(mnephys("features", "--list", "--json").stdout)
    assert len(listed) > 40
    assert all(f["unit"] and f["meaning"] and f["source"] for f in listed)
    text = mnephys("features", "--list").stdout
    assert all(f["feature"] in text for f in listed)


def test_features_without_files_is_wrong_usage(mnephys):
    assert mnephys("features").returncode == 2


def test_all_outputs_are_written_and_the_same_again(mnephys, mixed_folder, tmp_path):
    names = ["features.csv", "spikes.csv", "scores.csv", "scores.json", "report.html"]
    mnephys("score", mixed_folder, "-o", tmp_path / "a")
    mnephys("score", mixed_folder, "-o", tmp_path / "b", "--jobs", 2)
    for name in names:
        first = (tmp_path / "a" / name).read_bytes()
        assert first, name
        assert first == (tmp_path / "b" / name).read_bytes(), name
        assert str(tmp_path).encode() not in first, name
    spikes = list(csv.DictReader(io.StringIO((tmp_path / "a" / "spikes.csv").read_text())))
    first_step = [row for row in spikes if row["recording"] == "sub/good.abf" and row["step"] == "0"]
    per_sweep = [sum(row["sweep"] == str(s) for row in first_step) for s in range(17)]
    assert per_sweep == [0, 0, 0, 0, 0, 0, 1, 1, 3, 4, 5, 6, 6, 7, 8, 8, 9]


def test_a_second_run_measures_only_what_is_new(mnephys, mixed_folder, tmp_path):
    out = tmp_path / "out"
    mnephys("score", mixed_folder, "-o", out)
    before = {name: (out / name).read_bytes() for name in ("features.csv", "scores.json", "report.html")}
    # A recording whose content is unchanged is not read again: this one could not be.
    from mnephys.batch.store import Store

    with Store(out) as store:
        marks = store.fingerprints()
    mnephys("score", mixed_folder, "-o", out)
    with Store(out) as store:
        assert store.fingerprints() == marks
    assert {name: (out / name).read_bytes() for name in before} == before
    (mixed_folder / "good.abf").unlink()
    result = mnephys("score", mixed_folder, "-o", out, "--json")
    assert [score["recording"] for score in json.loads(result.stdout)] == ["sub/good.abf"]


def test_the_report_is_made_again_from_the_store_alone(mnephys, data, tmp_path):
    shutil.copy(data("patch/File_axon_5.abf"), tmp_path / "cell.abf")
    mnephys("score", "cell.abf", "-o", "out")
    page = (tmp_path / "out" / "report.html").read_bytes()
    (tmp_path / "cell.abf").unlink()
    (tmp_path / "out" / "report.html").unlink()
    assert mnephys("report", "out").returncode == 0
    assert (tmp_path / "out" / "report.html").read_bytes() == page
    assert mnephys("report", "nowhere").returncode == 2


def test_two_files_of_one_cell_give_one_score_with_two_sources(mnephys, data, tmp_path):
    for name in ("171116sh_0018", "171116sh_0019"):
        shutil.copy(data(f"patch/{name}.abf"), tmp_path / f"{name}.abf")
    (tmp_path / "samples.csv").write_text(
        "recording,cell,ljp_mv,ljp_subtracted,bias_pa,rseal_mohm\n171116sh_00*.abf,cell A,13,no,0,5000\n"
    )
    result = mnephys("score", ".", "--samples", "samples.csv", "--json")
    (score,) = json.loads(result.stdout)
    assert score["subject"] == "cell A"
    assert score["sources"] == ["171116sh_0018.abf", "171116sh_0019.abf"]
    resting = next(c for c in score["criteria"] if c["feature"] == "resting_membrane_potential")
    assert resting["status"] == "ok"
    block = next(c for c in score["criteria"] if c["feature"] == "depolarization_block_current")
    assert block["value"] == 1500


def test_json_on_standard_output_is_one_document_and_progress_is_not_in_it(mnephys, data):
    result = mnephys("score", data("patch/File_axon_5.abf"), "--json")
    json.loads(result.stdout)
    assert "file" in result.stderr


@pytest.mark.parametrize("command", ["demo", "inspect", "features", "score", "plate", "report", "settings"])
def test_every_command_explains_itself(mnephys, command):
    result = mnephys(command, "--help")
    assert result.returncode == 0
    assert len(result.stdout) > 100
