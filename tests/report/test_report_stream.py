"""The page is written part by part: little is held at a time, and nothing is left of one that failed."""

from __future__ import annotations

import tracemalloc
from collections.abc import Mapping

import pytest
from markupsafe import Markup
from report import synthetic_run

from mnephys import report
from mnephys.report import figures

N_CELLS = 12


class Lazy(Mapping):
    """Evidence that is made when it is asked for, and counts how often; iterating over it is refused."""

    def __init__(self, names):
        self.names, self.asked = set(names), []

    def __getitem__(self, name):
        if name not in self.names:
            raise KeyError(name)
        self.asked.append(name)
        steps = range(-20, 61, 20)
        return synthetic_run.evidence(name, steps, rest=-60, resistance=300, rheobase=50, gain=0.2, peak=30, width=2)

    def __iter__(self):
        raise AssertionError("all evidence was asked for at once")

    def __len__(self):
        return len(self.names)


@pytest.fixture(scope="module")
def many(run):
    names = [f"c{i:02}.abf" for i in range(N_CELLS)]
    first = run["scores"][0]
    scores = [{**first, "subject": name, "recording": name, "sources": [name, "lost.abf"]} for name in names]
    return {**run, "scores": scores, "evidence": Lazy(names)}


def test_evidence_is_asked_for_one_record_at_a_time(many, tmp_path):
    report.write(many, tmp_path / "report.html")
    asked, names = many["evidence"].asked, sorted(many["evidence"].names)
    # Once for what is said of it above all cells, once to be drawn.
    assert asked == names * 2


def test_what_is_held_does_not_grow_with_the_cells(many, tmp_path, monkeypatch):
    size = 2_000_000
    # In place of figures, which leave cycles behind that are collected some time later.
    monkeypatch.setattr(figures, "of_recording", lambda *_: [figures.Picture("wide", Markup("x") * size, "large")])
    monkeypatch.setattr(figures, "of_criteria", lambda *_: None)

    def peak(n):
        tracemalloc.start()
        report.write({**many, "scores": many["scores"][:n]}, tmp_path / "report.html")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most, (tmp_path / "report.html").stat().st_size

    peak(1)  # imports and caches
    few, short = peak(1)
    all_of_them, long = peak(N_CELLS)
    assert long - short > (N_CELLS - 1) * size
    assert all_of_them - few < size


def test_the_stream_is_what_render_returns(run, html, tmp_path):
    report.write(run, tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == html


def test_a_page_that_fails_on_the_way_leaves_the_old_one(run, tmp_path, monkeypatch):
    target = tmp_path / "report.html"
    target.write_text("old")
    drawn = figures.of_criteria

    def fail_at_the_last(score, key):
        if key == "c3k":
            raise ValueError("defect")
        return drawn(score, key)

    monkeypatch.setattr(figures, "of_criteria", fail_at_the_last)
    with pytest.raises(ValueError, match="defect"):
        report.write(run, target)
    assert target.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]
