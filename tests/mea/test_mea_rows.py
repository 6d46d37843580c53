"""Columns as rows: the same as one row after another, whatever the numbers are."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mnephys.mea.rows import Places, by_place, categories, column, measured, without_duration
from mnephys.measurement import Feature, Status

CV = Feature("isi_cv", "1", ("electrode",), "Regularity", "mnephys", (0.0, 10.0))
RATE = Feature("mean_firing_rate", "Hz", ("electrode",), "Spikes per second", "mnephys")
WORD = Feature("qc_electrode", "1", ("electrode",), "Activity", "mnephys")
WHY = "fewer than 3 spikes"

numbers = st.sampled_from([0.0, 0.5, 10.0, -1.0, 11.0, math.nan, math.inf, -math.inf])
entries = st.lists(
    st.tuples(numbers, st.sampled_from(["", "", "switched off"]), st.sampled_from(["", "loud"])), max_size=8
)


def number_row(value, excluded, where, remark):
    if excluded:
        return CV.missing(Status.EXCLUDED, excluded, level="electrode", id=where)
    if math.isnan(value):
        return CV.missing(Status.TOO_FEW_EVENTS, WHY, level="electrode", id=where)
    return CV.measured(value, level="electrode", id=where, remark=remark)


def rate_row(value, excluded, where, span):
    if excluded:
        return RATE.missing(Status.EXCLUDED, excluded, id=where)
    if span and math.isnan(value):
        return RATE.missing(Status.TOO_FEW_EVENTS, WHY, id=where)
    known = f"over the {span:.6g} s from first to last spike it would be {value:.6g} Hz"
    why = f"the file states no duration: {known}" if span else "the file states no duration, and its spikes span none"
    return RATE.missing(Status.NOT_APPLICABLE, f"{why}; give --duration", id=where)


def word_row(excluded, where, remark):
    if excluded:
        return WORD.missing(Status.EXCLUDED, excluded, id=where)
    return WORD.category("active", id=where, remark=remark)


@given(entries=entries, remark=st.sampled_from(["", "judged over 60 s"]), span=st.sampled_from([0.0, 600.0]))
@settings(deadline=None)
def test_rows_are_those_of_each_place_one_by_one(entries, remark, span):
    ids = tuple(f"A1_{i}" for i in range(len(entries)))
    values, excluded, remarks = (list(part) for part in zip(*entries, strict=True)) if entries else ([], [], [])
    places, array = Places("electrode", ids, tuple(excluded)), np.array(values, dtype=np.float64)
    expected = [
        row
        for value, out, own, where in zip(values, excluded, remarks, ids, strict=True)
        for row in (
            word_row(out, where, own),
            number_row(value, out, where, remark),
            rate_row(value, out, where, span),
            word_row("", where, "as it came"),
        )
    ]
    columns = [
        categories(WORD, places, ["active"] * len(ids), remarks),
        column(CV, places, array, WHY, remark),
        without_duration(RATE, places, array, WHY, span),
        measured(WORD, [word_row("", where, "as it came") for where in ids]),
    ]
    rows = by_place(places, columns)
    assert list(rows) == expected
    assert {type(value) for value in rows.value} <= {float, type(None)}
