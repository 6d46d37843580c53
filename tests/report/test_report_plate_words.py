"""Words and numbers of plates: verdicts, blocks of wells, axes, and the order of recordings."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnephys.report.blocks import blocks
from mnephys.report.definitions import methods
from mnephys.report.facts import about
from mnephys.report.plates import group
from mnephys.report.recordings import look_up
from mnephys.report.scale import rounded
from mnephys.report.verdict import of_plates
from mnephys.report.welltables import apart, features, table

DASH, NBSP = "\N{EN DASH}", "\N{NO-BREAK SPACE}"


def well(name, recording, stage="emerging", **sample):
    return {
        "level": "well", "id": name, "recording": recording, "network_stage": stage, "status": "ok",
        "maturity_index": 0.4, "reasons": ["Active."], "sample": sample,
    }  # fmt: skip


def said(*scores):
    return of_plates(group(scores)).replace(NBSP, " ")


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        ([], ""),
        ([well("A1", "a")], "1 well: 1 emerging."),
        ([well("A1", "a", div=3.0), well("A2", "a", "absent", div=3.0)],
         "2 wells on day 3: 1 emerging, 1 without network activity."),
        ([well("A1", "a", plate="P", div=3.0), well("A1", "b", "organised", plate="P", div=9.0)],
         "1 well on 2 days: on day 9, 1 organised."),
        ([well("A1", "a", "organised", plate="P", div=9.0), well("A1", "b", plate="P", div=9.0)],
         "1 well in 2 recordings: on day 9 (b), 1 emerging."),
        ([well("A1", "r10", "organised", plate="P"), well("A1", "r9", plate="P", div=40.0)],
         "1 well in 2 recordings: in r9, the last by name, 1 emerging."),
        ([well("A1", "a"), well("A1", "b", "absent")], "2 wells of 2 plates: 1 emerging, 1 without network activity."),
        ([well("A1", "a", plate="P"), well("A1", "b", "organised", plate="P"), well("A1", "c", "absent", plate="Q")],
         "2 wells of 2 plates: in the last recording of each, 1 organised, 1 without network activity."),
        ([{**well("A1", "a"), "status": "excluded"}], "No well could be judged."),
        ([well("A1", "a"), {**well("A2", "a"), "status": "excluded", "reasons": ["No data: blank."]},
          {**well("A3", "a"), "status": "bad_input", "reasons": ["Broken."]}], "1 well: 1 emerging, 1 excluded."),
    ],
)  # fmt: skip
def test_the_verdict_counts_the_wells_of_the_latest_recordings(scores, words):
    assert said(*scores) == words


def test_recordings_without_a_day_come_first_and_numbers_count():
    (plate,) = group(
        [well("A1", name, plate="P", **day) for name, day in (("r10", {}), ("z", {"div": 2.0}), ("r9", {}))]
    )
    assert [day.name for day in plate.days] == ["r9", "r10", "z"]


def test_a_day_that_only_the_wells_state_is_that_of_the_recording_if_they_agree():
    assert group([well("A1", "a", div=3.0), well("A2", "a")])[0].days[0].day == 3.0
    assert group([well("A1", "a", div=3.0), well("A2", "a", div=4.0)])[0].days[0].day is None


@given(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 11)), min_size=1))
@settings(deadline=None)
def test_blocks_name_each_well_once(places):
    names = {f"{chr(65 + row)}{column + 1}" for row, column in places}
    found = []
    for part in re.split("; ", blocks(sorted(names, key=hash))):
        if match := re.fullmatch(rf"rows (\w){DASH}(\w), columns? (.*)", part):
            columns = [
                c for span in re.split(", | and ", match[3]) for c in spread(*[int(c) for c in span.split(DASH)])
            ]
            found += [f"{chr(row)}{c}" for row in range(ord(match[1]), ord(match[2]) + 1) for c in columns]
        else:
            for span in part.split(", "):
                ends = span.split(DASH)
                found += [f"{span[0]}{c}" for c in spread(*[int(end[1:]) for end in ends])]
    assert sorted(found) == sorted(names)


def spread(first, last=None):
    return range(first, (first if last is None else last) + 1)


def test_names_of_another_kind_stand_behind_the_wells():
    assert blocks(["slice 2", "A2", "A1", "\x00x"]) == f"A1{DASH}A2, slice 2, x"


@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e5), st.integers(2, 9))
@settings(deadline=None)
def test_round_numbers_lie_between_the_ends(low, length, most):
    found = rounded(low, low + length, most)
    assert len(found) <= most
    assert all(low - 1e-6 * length <= value <= low + length * (1 + 1e-6) for value in found)
    assert len(set(found)) == len(found)


def test_a_criterion_that_no_well_has_is_no_column():
    rows = [{"feature": "a", "value": None, "status": "not_applicable"}, {"feature": "b", "value": 1.0}]
    assert [row["feature"] for row in features([{"criteria": rows}])] == ["b"]


def test_missing_values_have_one_letter_per_reason():
    rows = [
        [{"feature": "a", "value": v, "unit": "Hz", "status": "ok" if v else "failed", "reason": why, "points": p}]
        for v, why, p in ((1.5, "", 0.5), (None, "no fit", None), (None, "no fit", None), (None, "silent", 0.0))
    ]
    scores = [{**well(f"A{i}", "r"), "criteria": criteria} for i, criteria in enumerate(rows, 1)]
    ((day,),) = (plate.days for plate in group(scores))
    made = table(day, "p1r1", {"A1": "p1o-A1"})
    cells = [row["cells"][0] for row in made["rows"]]
    assert [(c["value"], c["points"], c["note"]) for c in cells] == [
        ("1.50", "0.50", ""), (DASH, "", "a"), (DASH, "", "a"), (DASH, "0.00", "b"),
    ]  # fmt: skip
    assert [note["words"] for note in made["notes"]] == ["failed: no fit", "failed: silent"]
    assert [row["course"] for row in made["rows"]] == ["p1o-A1", "", "", ""]


def test_wells_without_a_stage_stand_together_by_reason():
    scores = [well("A1", "r"), {**well("A2", "r"), "status": "excluded", "reasons": ["Excluded: torn."]}]
    scores += [{**well(f"B{i}", "r"), "status": "excluded", "reasons": ["No data: blank."]} for i in (1, 2)]
    scores += [{**well("C1", "r"), "status": "excluded", "reasons": ["No data."]}]
    ((day,),) = (plate.days for plate in group(scores))
    assert [found["words"] for found in apart(day, "k", ["A1", "A2", "B1", "B2", "C1", "C2"])] == [
        f"no data (blank): B1{DASH}B2 (2 wells)", "no data: C1 (1 well)", "excluded (torn): A2 (1 well)",
        "no score: C2 (1 well)",
    ]  # fmt: skip


def test_definitions_that_differ_are_told_apart():
    record = {"kind": "plate", "definitions": {"name": "custom", "burst_min_spikes": 4, "burst_max_isi": 0.05}}
    other = {"kind": "plate", "source": "metrics", "definitions": {"synchrony_window": 0.02}, "duration": 120.0}
    told = [line.replace(NBSP, " ") for line in methods(look_up({"a": record, "b": other}, ["a", "b", "c"]))]
    burst = "A burst is a run of at least 4 spikes with intervals of at most 50 ms on one electrode."
    assert told == [
        f"a: by definitions of its own. {burst}", "b: Synchrony was exported for a window of 20 ms.",
        "b: the metrics are those of the export; mnephys has not seen the spikes behind them.", "Duration of b: 120 s.",
    ]  # fmt: skip


def test_what_all_recordings_of_a_plate_share_is_told_once():
    samples = [{"plate": "P", "div": d, "donor": "D1", "temperature_c": 30.0 + d} for d in (5.0, 7.0)]
    assert about(samples) == [{"fact": "donor", "value": "D1"}]


def test_reasons_that_differ_in_numbers_alone_are_told_once():
    reason = "the file states no duration: over the 960.7 s from first to last spike it would be {} Hz"
    rows = [
        [{"feature": "rate", "value": None, "status": "not_applicable", "reason": reason.format(i)}] for i in range(9)
    ]
    measured = {"feature": "sttc", "value": 0.5, "unit": "1", "status": "ok", "reason": "over {} s", "points": 0.5}
    scores = [
        {**well(f"A{i}", "r"), "criteria": [*row, {**measured, "reason": f"over {i} s"}]}
        for i, row in enumerate(rows, 1)
    ]
    ((day,),) = (plate.days for plate in group(scores))
    made = table(day, "p1r1", {})
    (told,) = made["absent"]
    assert told == f"rate ({reason.format(0)}; in other wells likewise, with other numbers)"
    assert [(column["name"], column["note"]) for column in made["columns"]] == [("STTC", "a")]
    assert {cell["note"] for row in made["rows"] for cell in row["cells"]} == {""}
    assert made["notes"] == [{"letter": "a", "words": "over 1 s; in other wells likewise, with other numbers"}]
