"""``--quality FILE``: limits of quality control from the command line into every result."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict

import pytest

from mnephys.batch.store import STORE_NAME
from mnephys.patch.limits import QualityLimits
from mnephys.simulate import simulate_cells

STRICT = "[current_clamp]\nbaseline_shift = 0.0\n"


@pytest.fixture(scope="module")
def cell(tmp_path_factory):
    """A recording of a simulated cell, whose sweeps are not all at exactly one baseline."""
    return simulate_cells(["immature"], tmp_path_factory.mktemp("cell"), duration=0.3)[0]


def _excluded(rows):
    return sum(row["feature"] == "qc_sweep" and row["status"] == "excluded" for row in rows)


def test_features_are_measured_by_the_limits_of_the_file(mnephys, cell, tmp_path):
    (tmp_path / "strict.toml").write_text(STRICT)
    usual = json.loads(mnephys("features", cell, "--json").stdout)
    strict = json.loads(mnephys("features", cell, "--json", "--quality", "strict.toml").stdout)
    assert _excluded(usual) == 0
    assert _excluded(strict) > 10
    named = {row["feature"]: (row["text"], row["reason"]) for row in strict}
    assert named["qc_limits"] == ("strict", "baseline_shift 0 mV instead of 10 mV.")


def test_a_seal_of_the_sample_sheet_is_compared_with_the_input_resistance(mnephys, cell, tmp_path):
    (tmp_path / "sheet.csv").write_text("recording,rseal_mohm\n*,50000\n")
    rows = json.loads(mnephys("features", cell, "--json", "--samples", "sheet.csv").stdout)
    value = {row["feature"]: row["value"] for row in rows if row["level"] == "cell"}
    assert value["qc_seal"] == pytest.approx(50000 / value["input_resistance"])


def test_the_page_names_the_limits_that_were_used(mnephys, cell, tmp_path):
    (tmp_path / "strict.toml").write_text("[voltage_clamp]\nnoise = 20\n[current_clamp]\nbaseline_shift = 40\n")
    assert mnephys("score", cell, "-o", tmp_path / "out", "--quality", "strict.toml").returncode == 0
    said = (
        "by the quality limits strict. They differ from the ones that come with mnephys in this: baseline_shift 40 mV "
    )
    said += "instead of 10 mV; voltage_clamp.noise 20 pA instead of 100 pA."
    assert said in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def _document(folder):
    with sqlite3.connect(folder / STORE_NAME) as store:
        (kept,) = store.execute("select value from meta where key = 'document'").fetchone()
    return json.loads(kept)


def test_other_limits_measure_a_folder_anew_and_the_same_do_not(mnephys, cell, tmp_path):
    out, limits = tmp_path / "out", tmp_path / "limits.toml"

    def marks():
        with sqlite3.connect(out / STORE_NAME) as store:
            return store.execute("select name, fingerprint from recording").fetchall()

    assert mnephys("score", cell, "-o", out).returncode == 0
    assert _document(out)["quality"] == asdict(QualityLimits.read())
    first = marks()
    assert mnephys("score", cell, "-o", out).returncode == 0
    assert marks() == first
    limits.write_text(STRICT)
    assert mnephys("score", cell, "-o", out, "--quality", limits).returncode == 0
    second = marks()
    assert second != first
    assert _document(out)["quality"] == asdict(QualityLimits.read(limits))
    assert "baseline_shift 0 mV instead of 10 mV" in (out / "features.csv").read_text()
    limits.write_text(STRICT.replace("0.0", "0.001"))
    assert mnephys("score", cell, "-o", out, "--quality", limits).returncode == 0
    assert marks() not in (first, second)


@pytest.mark.parametrize("command", ["score", "features"])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "limits.toml: does not exist; check the spelling of the path"),
        (
            "[current_clamp]\nclippin = 1",
            "limits.toml: [current_clamp] unknown key 'clippin'; the nearest is 'clipping'",
        ),
        ("[current_clamp]\nclipping = -1", "limits.toml: [current_clamp]: clipping is -1; give it 0.01 to 100000 (ms)"),
    ],
)
def test_a_file_that_is_wrong_is_wrong_usage_in_one_line(mnephys, cell, tmp_path, command, text, said):
    if text is not None:
        (tmp_path / "limits.toml").write_text(text)
    done = mnephys(command, cell, "--quality", "limits.toml")
    assert done.returncode == 2
    assert done.stderr.strip() == f"Error: {said}"
    assert done.stdout == ""
