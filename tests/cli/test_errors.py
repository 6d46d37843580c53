"""Bad input gives one clear line and the right exit code, and never costs the good recordings."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest


def _error_lines(result):
    assert "Traceback" not in result.stderr
    return [line.strip() for line in result.stderr.splitlines() if line.strip().startswith("Error")]


@pytest.mark.parametrize("command", ["score", "features", "inspect"])
def test_a_path_that_does_not_exist_is_wrong_usage(mnephys, command):
    result = mnephys(command, "no_such_cell.abf")
    assert result.returncode == 2
    assert _error_lines(result) == ["Error: no_such_cell.abf: does not exist; check the spelling of the path"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.abf", b"", "empty"),
        ("text.abf", b"time, voltage\n0, -70\n" * 50, "looks like text"),
        ("zeros.abf", bytes(4096), "zeros"),
        ("magic.abf", b"ABF2", "ends"),
    ],
)
@pytest.mark.parametrize("command", ["score", "features", "inspect"])
def test_a_file_that_is_no_recording_gives_one_line(mnephys, tmp_path, command, name, content, reason):
    (tmp_path / name).write_bytes(content)
    result = mnephys(command, name)
    (line,) = _error_lines(result)
    assert result.returncode == 1
    assert name in line
    assert reason in line


@pytest.mark.parametrize("command", ["score", "features", "inspect"])
def test_a_file_cut_at_half_is_called_truncated(mnephys, tmp_path, data, command):
    for name in ("171116sh_0018.abf", "190619B_0003.abf"):
        whole = data(f"patch/{name}").read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
        result = mnephys(command, name)
        (line,) = _error_lines(result)
        assert result.returncode == 1
        assert name in line
        assert "ends" in line or "cut" in line or "past the end" in line


def test_a_folder_without_recordings_says_so(mnephys, tmp_path):
    (tmp_path / "nothing").mkdir()
    for command in ("score", "features"):
        result = mnephys(command, "nothing")
        (line,) = _error_lines(result)
        assert result.returncode == 1
        assert "nothing" in line
        assert "no recording" in line


def test_good_recordings_beside_bad_ones_are_scored(mnephys, mixed_folder, tmp_path):
    result = mnephys("score", mixed_folder, "--json", "-o", tmp_path / "out")
    assert result.returncode == 3
    assert [score["recording"] for score in json.loads(result.stdout)] == ["good.abf", "sub/good.abf"]
    lines = _error_lines(result)
    assert len(lines) == 4
    for name, reason in {"empty": "empty", "half": "", "text": "looks like text", "units": "'pA'"}.items():
        (line,) = [line for line in lines if f"{name}.abf" in line]
        assert reason in line
    assert (tmp_path / "out" / "report.html").read_text().count("units.abf") >= 1


def test_a_missing_path_beside_good_ones_is_still_wrong_usage_and_they_are_scored(mnephys, data):
    result = mnephys("score", data("patch/File_axon_5.abf"), "missing.abf", "--json")
    assert result.returncode == 2
    assert len(json.loads(result.stdout)) == 1
    assert len(_error_lines(result)) == 1


def test_a_bad_rubric_or_sheet_is_wrong_usage(mnephys, data, tmp_path):
    (tmp_path / "bad.toml").write_text("name = ")
    (tmp_path / "bad.csv").write_text("recordin,cell\na,b\n")
    for option, name in (("--rubric", "bad.toml"), ("--samples", "bad.csv")):
        result = mnephys("score", data("patch/File_axon_5.abf"), option, name)
        (line,) = _error_lines(result)
        assert result.returncode == 2
        assert name in line


def test_an_output_folder_that_cannot_be_used_is_named(mnephys, data, tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mnephys.sqlite").write_bytes(b"this is no database, but long enough to be one" * 30)
    result = mnephys("score", data("patch/File_axon_5.abf"), "-o", "taken")
    (line,) = _error_lines(result)
    assert result.returncode == 1
    assert "taken" in line


def test_names_with_control_characters_cannot_drive_the_terminal(mnephys, data, tmp_path):
    name = "cell\x1b[31m\n07.abf"
    shutil.copy(data("patch/File_axon_5.abf"), tmp_path / name)
    (tmp_path / "bad\x1b[2J.abf").write_bytes(b"")
    result = mnephys("score", tmp_path)
    assert "\x1b" not in result.stdout
    assert "\x1b" not in result.stderr


def test_features_of_good_recordings_beside_bad_ones_are_printed(mnephys, mixed_folder):
    result = mnephys("features", mixed_folder, "--json")
    assert result.returncode == 3
    assert {row["recording"] for row in json.loads(result.stdout)} == {"good.abf", "sub/good.abf"}
    missing = mnephys("features", mixed_folder / "good.abf", "missing.abf", "--json")
    assert missing.returncode == 2
    assert {row["recording"] for row in json.loads(missing.stdout)} == {"good.abf"}


def test_a_sheet_or_rubric_that_does_not_exist_is_wrong_usage(mnephys, data):
    built_in = "give a TOML file or the name of a built-in rubric, known are "
    for option, advice in (("--samples", "check the spelling of the path"), ("--rubric", built_in)):
        result = mnephys("score", data("patch/File_axon_5.abf"), option, "nowhere")
        assert result.returncode == 2
        (line,) = _error_lines(result)
        assert line.startswith(f"Error: nowhere: does not exist; {advice}")


def test_what_is_odd_about_a_sample_sheet_is_said(mnephys, data, tmp_path):
    shutil.copy(data("patch/File_axon_5.abf"), tmp_path / "cell.abf")
    (tmp_path / "samples.csv").write_text("recording,cell\nother*.abf,c1\n")
    result = mnephys("score", "cell.abf", "--samples", "samples.csv")
    assert result.returncode == 0
    assert "Note: " in result.stderr
    assert "other*.abf" in result.stderr


def test_a_store_of_a_run_that_never_ended_gives_no_page(mnephys, tmp_path):
    from mnephys.batch.store import Store

    Store(tmp_path / "out").close()
    result = mnephys("report", "out")
    assert result.returncode == 1
    assert "stopped before its end" in result.stderr
    assert not (tmp_path / "out" / "report.html").exists()


@pytest.mark.parametrize("command", ["score", "features", "inspect"])
def test_a_path_that_is_too_long_is_one_line(mnephys, command):
    result = mnephys(command, "x" * 300 + ".abf")
    assert result.returncode in {1, 2}
    assert len(_error_lines(result)) == 1


def test_a_terminal_that_knows_only_ascii_gets_every_score(data, tmp_path):
    shutil.copy(data("patch/File_axon_5.abf"), tmp_path / "zelle_ä_µ.abf")
    command = [sys.executable, "-m", "mnephys", "score", ".", "--json"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=120, check=False)
    assert result.returncode == 0
    assert json.loads(result.stdout)[0]["recording"] == "zelle_ä_µ.abf"
