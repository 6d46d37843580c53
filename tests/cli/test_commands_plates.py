"""What the commands print and write for plates, and what a damaged file or sheet costs."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil

import numpy as np
import pytest

from mnephys.recording import LAYOUTS
from mnephys.simulate import simulate_plate

SCORE_KEYS = {
    *("subject", "level", "id", "recording", "sources", "stage", "claim", "network_stage", "maturity_index"),
    *("interval", "domains", "criteria", "identity", "reasons", "status", "rubric", "confidence", "sample"),
    *("changes", "resolutions", "posterior"),
}


@pytest.fixture(scope="module")
def plates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plates")
    simulate_plate(folder, days=(7, 28), layout="24-well", duration=60.0)
    return folder


def rows(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def write_list(path, lines, *, panel="Investigator,,Time (s),Electrode,Amplitude(mV)", section="0s to 1m0s", bom=False):
    side = [
        panel,
        f"   Actual File Section Run,{section},0.5,A1_11,0.02",
        "   Plate Type,Maestro 24-Well,0.6,A1_12,0.02",
    ]
    text = "\r\n".join([*side, *(f",,{line}" for line in lines)]) + "\r\n"
    path.write_bytes((b"\xef\xbb\xbf" if bom else b"") + text.encode())
    return path


def busy(well="B2"):
    """Return lines of a well with a network burst every 2 s on eight electrodes."""
    labels = LAYOUTS["24-well"].labels[:8]
    return [
        f"{start + i * 0.01 + j * 0.001:.5f},{well}_{label},0.03"
        for start in np.arange(1.0, 59.0, 2.0)
        for i in range(10)
        for j, label in enumerate(labels)
    ]


def well(scores, name, recording=None):
    (found,) = [s for s in scores if s["id"] == name and (recording is None or s["recording"] == recording)]
    return found


def test_a_folder_of_days_gives_every_output(mnephys, plates, tmp_path):
    out = tmp_path / "out"
    result = mnephys("score", plates, "--samples", plates / "samples.csv", "-o", out, "--json")
    assert result.returncode == 0, result.stderr
    scores = json.loads(result.stdout)
    wells = [s for s in scores if s["level"] == "well"]
    assert len(wells) == 48
    assert len([s for s in scores if s["level"] == "plate"]) == 2
    assert all(set(s) == SCORE_KEYS for s in scores)
    assert json.loads((out / "scores.json").read_text()) == scores
    table = rows(out / "scores.csv")
    assert [row["subject"] for row in table] == [s["subject"] for s in scores]
    assert {row["div"] for row in table if row["id"] == "A1"} == {"7.0", "28.0"}
    assert {row["line"] for row in table if row["id"] == "A1"} == {"simulated control line"}
    features = rows(out / "features.csv")
    assert {row["level"] for row in features} == {"plate", "well", "electrode"}
    assert all(row["value"] or row["text"] or row["reason"] for row in features)
    assert (out / "spikes.csv").read_text() == ""
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "simulated" in page
    unplated = well(scores, "A6", "SIM1_DIV07_spike_list.csv")
    assert (unplated["maturity_index"], unplated["status"]) == (None, "excluded")
    assert "ot plated" in unplated["reasons"][0]
    again = mnephys("score", plates, "--samples", plates / "samples.csv", "-o", out, "--json")
    assert again.stdout == result.stdout
    remade = mnephys("report", out)
    assert remade.returncode == 0
    assert (out / "report.html").read_text(encoding="utf-8") == page


def test_the_same_plate_gives_the_same_bytes_wherever_it_is_written(mnephys, plates, tmp_path):
    for name in ("one", "two"):
        assert mnephys("score", plates, "-o", tmp_path / name, "--jobs", "2").returncode == 0
    for file in ("features.csv", "scores.csv", "scores.json", "report.html"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_names_tell_plate_and_day(mnephys, plates):
    pattern = r"(?P<plate>SIM\d)_DIV(?P<div>\d+)"
    result = mnephys("score", plates, "--name-pattern", pattern, "--json")
    scores = json.loads(result.stdout)
    assert {s["subject"] for s in scores if s["id"] == "A1"} == {"SIM1 A1"}
    assert [s["sample"]["div"] for s in scores if s["id"] == "A1"] == [7, 28]


def test_the_terminal_names_wells_of_one_recording_and_plates_of_several(mnephys, plates):
    one = mnephys("score", plates / "SIM1_DIV28_spike_list.csv")
    assert re.search(r"^A2: \w+, index 0\.\d\d \(.*\), confidence \w+$", one.stdout, re.MULTILINE)
    assert "wells: " in one.stdout.splitlines()[-1]
    several = mnephys("score", plates, "--samples", plates / "samples.csv")
    assert "SIM1, SIM1_DIV07_spike_list.csv, day 7: network" in several.stdout
    assert "A2:" not in several.stdout
    assert "cell" not in several.stdout


def test_inspect_and_features_speak_of_plates(mnephys, plates):
    file = plates / "SIM1_DIV07_spike_list.csv"
    shown = mnephys("inspect", file)
    assert "24-well" in shown.stdout
    assert "stated by the file" in shown.stdout
    (description,) = json.loads(mnephys("inspect", file, "--json").stdout)
    assert (description["electrodes"], description["duration_s"]) == (384, 60.0)
    table = json.loads(mnephys("features", file, "--json", "--definitions", "axis-2015").stdout)
    assert {row["text"] for row in table if row["feature"] == "definitions"} == {"axis-2015"}
    listed = mnephys("features", "--list").stdout
    for name in ("network_burst_percentage", "sttc", "synchrony_index", "ap_half_width"):
        assert name in listed


def test_a_duration_that_nobody_stated_costs_the_rates_alone_until_the_user_states_it(mnephys, tmp_path):
    file = write_list(tmp_path / "a_spike_list.csv", busy(), section="")
    text = file.read_text().replace("   Actual File Section Run,,", "   Note,,")
    file.write_text(text)
    rates = {row["feature"]: row for row in json.loads(mnephys("features", file, "--json").stdout) if row["id"] == "B2"}
    assert rates["mean_firing_rate"]["status"] == "not_applicable"
    assert "--duration" in rates["mean_firing_rate"]["reason"]
    assert rates["network_burst_percentage"]["value"] > 90
    stated = json.loads(mnephys("features", file, "--json", "--duration", "60").stdout)
    (rate,) = [r for r in stated if r["id"] == "B2" and r["feature"] == "mean_firing_rate"]
    assert (rate["status"], rate["value"]) == ("ok", pytest.approx(29 * 80 / 60 / 16))
    short = mnephys("features", file, "--duration", "5")
    assert short.returncode == 1
    assert "a duration of 5 s is stated, but spikes span" in short.stderr
    assert "correct --duration" in short.stderr


def test_a_duration_that_is_not_needed_is_said(mnephys, plates):
    result = mnephys("score", plates, "--duration", "999")
    assert "--duration was not used for 2 of 2 plate recordings" in result.stderr
    assert result.returncode == 0


@pytest.mark.parametrize(
    ("extra", "words", "names_well"),
    [
        (["59.9,A1_11,0.02", "4.0,A1_11,0.02"], "times go back in 1 row; the first is row", "A1"),
        (["59.9,A1_11,0.02", "59.9,A1_11,0.02"], "at a time that the electrode already has", "A1"),
        (["-0.24,A1_11,0.02"], "before 0 s", "A1"),
        (["75.0,A1_11,0.02"], "outside the stated 0 to 60 s", "A1"),
        (["never,A1_11,0.02"], "a time that is a number", "A1"),
        (["59.9,A1_99,0.02"], "A1_99", "A1"),
        (["59.9,K1_11,0.02"], "which the plate does not have", "K1"),
    ],
)
def test_a_bad_row_is_named_with_file_row_and_well_and_the_other_wells_are_scored(
    mnephys, tmp_path, extra, words, names_well
):
    file = write_list(tmp_path / "a_spike_list.csv", busy() + extra)
    (description,) = json.loads(mnephys("inspect", file, "--json").stdout)
    problems = " ".join(description["problems"] + description["well_problems"])
    assert words in problems, problems
    assert names_well in problems
    assert "row" in problems
    scores = json.loads(mnephys("score", file, "--json").stdout)
    assert well(scores, "B2")["network_stage"] == "organised"
    page = mnephys("score", file, "-o", tmp_path / "out")
    assert page.returncode == 0
    assert names_well in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_a_byte_order_mark_and_a_footer_change_nothing(mnephys, tmp_path):
    plain = write_list(tmp_path / "a_spike_list.csv", busy())
    marked = write_list(tmp_path / "b_spike_list.csv", busy(), bom=True)
    footer = "\r\nWell Information\r\nWell,A1,B2\r\nActive,True,True\r\nTreatment,DMSO,CNQX\r\nConcentration,,10 uM\r\n"
    with marked.open("ab") as stream:
        stream.write(footer.encode())
    found = [well(json.loads(mnephys("score", f, "--json").stdout), "B2") for f in (plain, marked)]
    assert found[0]["maturity_index"] == found[1]["maturity_index"] is not None
    assert (found[1]["sample"]["treatment"], found[1]["sample"]["dose"]) == ("CNQX", 10.0)


def test_a_missing_column_costs_this_file_and_no_other(mnephys, tmp_path):
    folder = tmp_path / "plates"
    folder.mkdir()
    write_list(folder / "good_spike_list.csv", busy())
    write_list(folder / "bad_spike_list.csv", busy(), panel="Investigator,,Time (s),Amplitude(mV)")
    result = mnephys("score", folder, "--json")
    assert result.returncode == 3
    (line,) = [text for text in result.stderr.splitlines() if text.startswith("Error")]
    assert "bad_spike_list.csv" in line
    assert "Electrode" in line
    assert "row 1" in line
    assert {s["recording"] for s in json.loads(result.stdout)} == {"good_spike_list.csv"}


def test_a_well_in_the_sheet_that_the_plate_does_not_have_is_named(mnephys, tmp_path):
    file = write_list(tmp_path / "a_spike_list.csv", busy())
    sheet = tmp_path / "samples.csv"
    sheet.write_text("recording,well,line\n*,B2,WT\n*,K1,KO\n")
    result = mnephys("score", file, "--samples", sheet, "--json")
    assert result.returncode == 0
    assert "row 3, column well: a 24-well plate has no well 'K1' (A1 to D6)" in result.stderr
    assert well(json.loads(result.stdout), "B2")["sample"]["line"] == "WT"


def test_own_rubrics_for_cells_and_wells_go_side_by_side(mnephys, plates, tmp_path):
    from importlib import resources

    own = []
    for name in ("network.toml", "spinal_motor_neuron.toml"):
        text = (resources.files("mnephys.maturity") / "rubrics" / name).read_text(encoding="utf-8")
        file = tmp_path / name
        file.write_text(text.replace('version = "1.', 'version = "7.', 1), encoding="utf-8")
        own += ["--rubric", file]
    scores = json.loads(mnephys("score", plates / "SIM1_DIV28_spike_list.csv", *own, "--json").stdout)
    assert {s["rubric"]["version"][:2] for s in scores} == {"7."}


def test_cells_and_plates_in_one_run(mnephys, plates, tmp_path, data):
    folder = tmp_path / "both"
    folder.mkdir()
    shutil.copy(data("patch/171116sh_0018.abf"), folder)
    shutil.copy(plates / "SIM1_DIV28_spike_list.csv", folder)
    result = mnephys("score", folder, "-o", tmp_path / "out", "--json")
    assert result.returncode == 0, result.stderr
    levels = [s["level"] for s in json.loads(result.stdout)]
    assert levels == ["cell", *["well"] * 24, "plate"]
    assert len(rows(tmp_path / "out" / "spikes.csv")) > 50
