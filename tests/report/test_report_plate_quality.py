"""What a plate itself does to its wells, on the page."""

from __future__ import annotations

import html

from mnephys.report import render
from mnephys.report.plate_quality import by_recording

NAME = "<b>P1</b>.csv"


def row(feature, text="", reason="", id_="", status="ok", recording=NAME):
    return {"recording": recording, "feature": feature, "id": id_, "text": text, "status": status, "reason": reason}


ROWS = [
    row("qc_dead_wells", "dead wells", "No active electrode in <i>A1</i>."),
    row("qc_edge_effect", "ok", "delta 0.1, p 0.4", "mean_firing_rate"),
    row("qc_edge_effect", "ok", "delta 0.2, p 0.3", "active_electrode_count"),
    row("qc_control_cv", reason="2 measured control wells, of at least 3", id_="mean_firing_rate: DMSO", status="few"),
    row("edge_effect", reason="not a verdict"),
]


def test_verdicts_are_sorted_into_wrong_fine_and_open():
    assert by_recording(ROWS) == {
        NAME: {
            "found": ["Dead wells: No active electrode in <i>A1</i>."],
            "fine": ["no edge effect (mean firing rate; active electrode count)"],
            "open": ["control wells (mean firing rate, DMSO): 2 measured control wells, of at least 3"],
        }
    }


def test_the_page_says_it_below_its_recording_and_escapes_it():
    plate = {"level": "plate", "id": "", "recording": NAME, "subject": NAME, "sample": {}, "reasons": ["Nothing."]}
    other = {**plate, "recording": "other.csv", "subject": "other.csv"}
    page = render({"scores": [plate, other], "plate_quality": ROWS})
    assert page.count("The plate itself") == 1
    for words in (
        "Dead wells: No active electrode in <i>A1</i>.",
        "No edge effect (mean firing rate; active electrode count).",
    ):
        assert html.escape(words) in page
    assert "<i>A1" not in page
    assert "Not judged: control wells (mean firing rate, DMSO): 2 measured control wells, of at least 3." in page


def test_a_run_without_verdicts_says_nothing():
    assert "The plate itself" not in render({"scores": [{"level": "plate", "recording": "a.csv", "sample": {}}]})
