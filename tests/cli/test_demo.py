"""The demonstration needs nothing and ends with a page that shows the stages it simulated."""

from __future__ import annotations

import json


def test_the_demo_scores_its_cells_as_what_they_were_made(mnephys, tmp_path):
    result = mnephys("demo", "--json")
    assert result.returncode == 0, result.stderr
    scores = json.loads(result.stdout)
    folder = tmp_path / "mnephys-demo"
    truths = [json.loads(path.read_text()) for path in sorted((folder / "recordings").glob("*.truth.json"))]
    expected = {truth["cell"]: truth["maturity"] for truth in truths}
    assert {score["subject"]: score["stage"] for score in scores} == expected
    assert set(expected.values()) == {"immature", "intermediate", "mature"}
    assert any(len(score["sources"]) == 2 for score in scores)
    for name in ("features.csv", "spikes.csv", "scores.csv", "scores.json", "report.html"):
        assert (folder / name).stat().st_size > 100
    assert "report.html" in result.stderr
