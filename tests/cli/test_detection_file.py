"""``--detection FILE``: settings of spike detection from the command line into every result."""

from __future__ import annotations

import json
import sqlite3
import tomllib

import numpy as np
import pytest
from readers.builders.axis_data import continuous
from readers.builders.axis_file import channel_array, compose
from readers.builders.axis_plates import CYTOVIEW_24

from mnephys.batch.store import STORE_NAME
from mnephys.simulate import simulate_plate

CHANNELS = CYTOVIEW_24.channels()


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """A plate of raw voltage: noise, with troughs of some 8 times the noise on every electrode."""
    rng = np.random.default_rng(0)
    counts = rng.normal(0, 100, (6000, CHANNELS.size))
    counts[500:5500:500] += 800  # the file states a negative scale
    path = tmp_path_factory.mktemp("raw") / "P1.raw"
    compose(channel_array(CYTOVIEW_24), continuous(np.round(counts).astype(np.int16), CHANNELS)).write(path)
    return path


def test_features_are_measured_by_the_settings_of_the_file(mnephys, raw, tmp_path):
    (tmp_path / "lab.toml").write_text("threshold = 50\nband = [200.0, 3000.0]\n")
    found = {}
    for name, more in {"usual": [], "strict": ["--detection", "lab.toml"]}.items():
        rows = json.loads(mnephys("features", raw, "--json", *more).stdout)
        (how,) = [row["text"] for row in rows if row["feature"] == "spike_detection"]
        found[name] = how, sum(r["value"] or 0 for r in rows if (r["feature"], r["level"]) == ("spike_count", "well"))
    assert "300-5000 Hz" in found["usual"][0]
    assert found["usual"][1] > 1000
    assert found["strict"] == (
        "200-3000 Hz, order 3, zero-phase; negative beyond 50 x the noise (mad); dead time 1 ms",
        0,
    )


def test_other_settings_measure_a_folder_anew_the_same_do_not_and_the_page_names_them(mnephys, raw, tmp_path):
    out, settings = tmp_path / "out", tmp_path / "lab.toml"

    def mark(*more):
        assert mnephys("score", raw, "-o", out, *more).returncode == 0
        with sqlite3.connect(out / STORE_NAME) as store:
            ((found,),) = store.execute("select fingerprint from recording").fetchall()
        return found

    usual = mark()
    settings.write_text("")
    assert mark("--detection", settings) == usual
    settings.write_text("threshold = 6")
    strict = mark("--detection", settings)
    assert strict not in (usual, mark())
    assert mark("--detection", settings) == strict
    assert "negative beyond 6 x the noise (mad)" in (out / "report.html").read_text(encoding="utf-8")
    assert "negative beyond 6 x the noise (mad)" in (out / "features.csv").read_text(encoding="utf-8")


def test_settings_that_no_recording_needs_are_said_to_be_unused(mnephys, tmp_path):
    simulate_plate(tmp_path / "in", days=(7,), layout="6-well", duration=20.0)
    (tmp_path / "lab.toml").write_text("threshold = 6")
    done = mnephys("score", "in", "--detection", "lab.toml")
    said = "Note: --detection was not used for 1 of 1 plate recordings, whose files hold spikes or the numbers made of "
    assert f"{said}them" in done.stderr.splitlines()
    assert "--detection" not in mnephys("score", "in").stderr


@pytest.mark.parametrize("command", ["score", "features"])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "lab.toml: does not exist; check the spelling of the path"),
        ("treshold = 5", "lab.toml: unknown key 'treshold'; the nearest is 'threshold'"),
        ("order = 0", "lab.toml: order is 0; give it a whole number from 1 to 10"),
    ],
)
def test_a_file_that_is_wrong_is_wrong_usage_in_one_line(mnephys, raw, tmp_path, command, text, said):
    if text is not None:
        (tmp_path / "lab.toml").write_text(text)
    done = mnephys(command, raw, "--detection", "lab.toml")
    assert (done.returncode, done.stdout, done.stderr.strip()) == (2, "", f"Error: {said}")


@pytest.mark.parametrize("kind", ["detection", "quality"])
def test_the_settings_that_are_printed_can_be_passed_back_and_change_nothing(mnephys, raw, tmp_path, kind):
    shown = mnephys("settings", kind).stdout
    assert tomllib.loads(shown)
    (tmp_path / "lab.toml").write_text(shown)
    own = mnephys("features", raw, f"--{kind}", "lab.toml")
    assert own.returncode == 0
    assert own.stdout == mnephys("features", raw).stdout
