"""The demonstration needs nothing and ends with a page that shows the stages it simulated."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def demo(mnephys, tmp_path):
    result = mnephys("demo", "--json")
    assert result.returncode == 0, result.stderr
    return result, json.loads(result.stdout), tmp_path / "mnephys-demo"


def test_the_demo_scores_what_it_simulated(demo):
    result, scores, folder = demo
    truths = [json.loads(path.read_text()) for path in sorted((folder / "recordings" / "cells").glob("*.truth.json"))]
    expected = {truth["cell"]: truth["maturity"] for truth in truths}
    cells = [score for score in scores if score["level"] == "cell"]
    assert {score["subject"]: score["stage"] for score in cells} == expected
    assert set(expected.values()) == {"immature", "intermediate", "mature"}
    assert any(len(score["sources"]) == 2 for score in cells)
    for name in ("features.csv", "spikes.csv", "scores.csv", "scores.json", "report.html"):
        assert (folder / name).stat().st_size > 100
    assert "report.html" in result.stderr

    wells = [score for score in scores if score["level"] == "well"]
    assert len(wells) == 4 * 24
    truths = {
        path.name.replace(".truth.json", ".csv"): json.loads(path.read_text())["wells"]
        for path in (folder / "recordings" / "plate").glob("*.truth.json")
    }
    scored = [score for score in wells if score["maturity_index"] is not None]
    for score in wells:
        truth = truths[score["recording"].rpartition("/")[2]][score["id"]]
        assert (score["maturity_index"] is None) == (not truth["plated"] or truth["silenced"])
        if score["network_stage"] == "organised":
            assert truth["development"] > 0.6
        if truth["plated"] and not truth["alive"]:
            assert score["network_stage"] == "absent"
    assert {str(score["network_stage"]) for score in scored} == {"absent", "emerging", "organised"}
    assert {score["confidence"] for score in scored} <= {"low", "moderate", "high"}
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "simulated" in page
    assert "SIM1" in page
