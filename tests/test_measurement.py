"""The result vocabulary: no bare number, and the same table after every round trip."""

from __future__ import annotations

import dataclasses
import io
import json
import math
import pickle
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnephys import pipeline, units
from mnephys.measurement import COLUMNS, Feature, FeatureTable, Measurement, Rows, Status

RATE = Feature("mean_firing_rate", "Hz", ("cell", "sweep"), "APs per second", "mnephys", (0.0, 1000.0))
LEVELS = ("sweep", "cell", "electrode", "well", "plate", "culture", "line")
DOI = re.compile(r"10\.\d{4,9}/\S+")

words = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
sentences = words.filter(lambda text: text.strip())
numbers = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def measurements(draw: st.DrawFn) -> Measurement:
    status = draw(st.sampled_from(Status))
    worth = status in {Status.OK, Status.OUT_OF_RANGE}
    number = draw(numbers) if worth and draw(st.booleans()) else None
    text = draw(sentences) if worth and number is None else ""
    reason = draw(words if status is Status.OK else sentences)
    unit = draw(st.sampled_from(sorted(units.INTERNAL_UNITS.values())))
    place = {"level": draw(st.sampled_from(LEVELS)), "id": draw(words), "recording": draw(words)}
    return Measurement(draw(sentences), number, text, unit, status, reason, **place)


tables = st.builds(FeatureTable, st.lists(measurements(), max_size=6).map(tuple))


# --- one measurement ---


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float32("nan")])
def test_a_number_that_is_not_finite_is_no_measurement(value):
    with pytest.raises(ValueError, match="is no measurement, use a status and a reason"):
        Measurement("x", value, "", "mV")


def test_ok_needs_a_value_or_a_text():
    with pytest.raises(ValueError, match="x: neither value nor text"):
        Measurement("x", None, "", "mV")


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.OK])
def test_every_status_but_ok_needs_a_reason(status):
    with pytest.raises(ValueError, match=f"status {status.value} needs a reason"):
        Measurement("x", None, "", "mV", status)
    assert not Measurement("x", None, "", "mV", status, "it was not driven").ok


@pytest.mark.parametrize("status", [s for s in Status if s not in {Status.OK, Status.OUT_OF_RANGE}])
@pytest.mark.parametrize(("value", "text"), [(1.0, ""), (None, "tonic")])
def test_what_was_not_measured_has_neither_value_nor_text(status, value, text):
    with pytest.raises(ValueError, match=r"x: .*"):
        Measurement("x", value, text, "1", status, "it was not driven")


def test_a_status_may_be_given_by_name():
    assert Measurement("x", 1.0, "", "1", "ok") == Measurement("x", 1.0, "", "1")
    with pytest.raises(ValueError, match="fine"):
        Measurement("x", 1.0, "", "1", "fine")


def test_zero_is_a_measurement():
    assert Measurement("ap_count", 0.0, "", "1").ok
    assert RATE.measured(0).value == 0.0


def test_a_row_cannot_be_changed_and_counts_as_its_content():
    row = RATE.measured(2.0)
    with pytest.raises(AttributeError):
        row.value = 3.0
    assert row == RATE.measured(2.0)
    assert len({row, RATE.measured(2.0), RATE.measured(3.0)}) == 2


@given(value=st.floats())
@settings(deadline=None)
def test_a_value_is_ok_exactly_within_the_plausible_range(value):
    row = RATE.measured(value)
    if not math.isfinite(value):
        assert (row.status, row.value) == (Status.FAILED, None)
    else:
        assert row.value == value
        assert row.status is (Status.OK if 0 <= value <= 1000 else Status.OUT_OF_RANGE)
    assert row.ok == (not row.reason)


@given(kind=st.sampled_from([np.float32, np.float64, np.int64, int, float]), value=st.integers(0, 1000))
@settings(deadline=None)
def test_numbers_of_every_kind_become_plain_floats(kind, value):
    assert type(RATE.measured(kind(value)).value) is float


def test_a_feature_fills_in_its_name_unit_and_first_level():
    assert RATE.measured(1.0) == Measurement("mean_firing_rate", 1.0, "", "Hz", Status.OK, "", "cell", "", "")
    row = RATE.missing(Status.BAD_INPUT, "no sweep", level="sweep", id="s3")
    assert (row.level, row.id, row.value, row.text, row.unit) == ("sweep", "s3", None, "", "Hz")
    row = RATE.category("tonic", remark="of 3 steps")
    assert (row.text, row.value, row.status, row.reason) == ("tonic", None, Status.OK, "of 3 steps")


def test_a_remark_stays_beside_a_value():
    assert RATE.measured(1.0, remark="one sweep only") == RATE.measured(1.0, remark="one sweep only")
    assert RATE.measured(1.0, remark="one sweep only").reason == "one sweep only"


# --- the table ---


@given(table=tables)
@settings(deadline=None, max_examples=40)
def test_records_are_json_and_come_back(table):
    text = json.dumps(table.records(), allow_nan=False)
    assert FeatureTable.from_records(json.loads(text)) == table


@given(table=tables)
@settings(deadline=None, max_examples=40)
def test_a_frame_comes_back(table):
    frame = table.to_frame()
    assert tuple(frame.columns) == COLUMNS
    assert frame["value"].dtype == np.float64
    assert len(frame) == len(table)
    assert FeatureTable.from_frame(frame) == table


@given(table=tables)
@settings(deadline=None, max_examples=40)
def test_a_table_comes_back_from_csv_to_the_last_digit(table):
    text = table.to_frame().to_csv(index=False)
    # Numbers too are read as text, because not every version of pandas reads them to the last digit.
    frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, na_values={"value": [""]})
    assert FeatureTable.from_frame(frame) == table


def test_a_csv_read_without_options_comes_back_where_every_text_is_one():
    rows = (RATE.measured(1 / 3), RATE.category("none"), RATE.missing(Status.FAILED, "no, it was not", level="sweep"))
    table = FeatureTable(rows).named("day 3/cell.abf")
    frame = pd.read_csv(io.StringIO(table.to_frame().to_csv(index=False)))
    assert FeatureTable.from_frame(frame) == table


@given(table=tables)
@settings(deadline=None)
def test_a_table_passes_between_processes(table):
    assert pickle.loads(pickle.dumps(table)) == table  # noqa: S301 -- our own


@pytest.mark.parametrize("column", COLUMNS)
def test_a_column_that_is_missing_is_named(column):
    (record,) = FeatureTable((RATE.measured(1.0),)).records()
    del record[column]
    with pytest.raises(ValueError, match=f"lacks {column}"):
        FeatureTable.from_records([record])
    with pytest.raises(ValueError, match=f"lacks {column}"):
        FeatureTable.from_frame(pd.DataFrame([record]))


@pytest.mark.parametrize(("column", "value"), [("status", "fine"), ("status", ""), ("value", "many"), ("value", "inf")])
def test_a_row_that_cannot_be_true_is_refused(column, value):
    (record,) = FeatureTable((RATE.measured(1.0),)).records()
    with pytest.raises(ValueError, match=r".+"):
        FeatureTable.from_records([record | {column: value}])


def test_select_and_get_match_exactly():
    rows = (
        RATE.measured(1.0),
        RATE.measured(2.0, level="sweep", id="s0"),
        RATE.measured(3.0, level="sweep", id="s1"),
        Measurement("rheobase", 40.0, "", "pA"),
    )
    table = FeatureTable.concatenate([FeatureTable(rows).named("a.abf"), FeatureTable(rows[:1]).named("b.abf")])
    assert [row.value for row in table.select("mean_firing_rate", level="sweep")] == [2.0, 3.0]
    assert [row.value for row in table.select(recording="b.abf")] == [1.0]
    assert table.select(recording="") == []
    assert table.select() == list(table)
    assert table.get("mean_firing_rate", level="sweep", id="s1").value == 3.0
    assert table.get("mean_firing_rate").recording == "a.abf"
    assert table.get("firing") is None


def columns(n, start=0):
    return {"sweep": np.arange(start, start + n), "peak_voltage": np.linspace(10.0, 40.0, n)}


def test_a_name_goes_to_rows_and_action_potentials():
    table = FeatureTable((RATE.measured(1.0),), columns(3)).named("a.abf").named("b.abf")
    assert [row.recording for row in table] == ["b.abf"]
    assert list(table.spikes) == ["recording", "sweep", "peak_voltage"]
    assert list(table.spikes["recording"]) == ["b.abf"] * 3
    assert FeatureTable((RATE.measured(1.0),)).named("a.abf").spikes == {}


def test_tables_are_joined_in_order():
    quiet = FeatureTable((RATE.measured(0.0),)).named("quiet.abf")
    parts = [FeatureTable((RATE.measured(float(n)),), columns(n)).named(f"{n}.abf") for n in (2, 3)]
    whole = FeatureTable.concatenate([quiet, *parts])
    assert [row.value for row in whole] == [0.0, 2.0, 3.0]
    assert list(whole.spikes["recording"]) == ["2.abf"] * 2 + ["3.abf"] * 3
    assert list(whole.spikes["sweep"]) == [0, 1, 0, 1, 2]
    assert FeatureTable.concatenate([]) == FeatureTable()


@pytest.mark.parametrize("turned", [False, True])
def test_action_potentials_with_other_columns_are_refused(turned):
    # Neither may a column get lost without a word.
    tables = [FeatureTable((), columns(2)), FeatureTable((), columns(2) | {"used": np.ones(2, bool)})]
    with pytest.raises(ValueError, match="used"):
        FeatureTable.concatenate(tables[::-1] if turned else tables)


def test_action_potentials_are_a_wide_table():
    frame = FeatureTable((), columns(3)).spikes_frame()
    assert list(frame.columns) == ["sweep", "peak_voltage"]
    assert len(frame) == 3
    assert FeatureTable().spikes_frame().empty


def test_a_table_says_what_it_holds():
    table = FeatureTable((RATE.measured(1.0), RATE.measured(-1.0)), columns(3))
    assert repr(table) == "FeatureTable: 2 measurements (1 ok), 3 action potentials"
    assert len(table) == 2


# --- rows by the thousand ---


def same(rows, measurements):
    return list(rows) == list(measurements) and len(rows) == len(measurements)


@given(measured=st.lists(measurements(), max_size=6), at=st.integers(-6, 5), begin=st.integers(-7, 7))
@settings(deadline=None)
def test_rows_are_a_sequence_of_the_measurements_that_they_were_made_of(measured, at, begin):
    rows = Rows.of(measured)
    assert same(rows, measured)
    assert same(rows[begin:], measured[begin:])
    assert same(Rows.joined([rows, Rows(), rows[:1]]), [*measured, *measured[:1]])
    assert same(rows.named("a"), [dataclasses.replace(row, recording="a") for row in measured])
    if -len(measured) <= at < len(measured):
        assert rows[at] == measured[at]
    else:
        with pytest.raises(IndexError):
            rows[at]


@given(measured=st.lists(measurements(), max_size=6))
@settings(deadline=None)
def test_rows_are_written_as_json_writes_their_records(measured):
    records = [{name: getattr(row, name) for name in COLUMNS} for row in measured]
    rows = Rows.of(measured)
    assert rows.records() == records
    assert rows.to_json() == json.dumps(records)
    assert Rows.from_records(json.loads(rows.to_json())) == rows


def test_whole_and_broken_numbers_are_written_as_they_are():
    values = (1, 1.0, 0.0, -0.0, 1e-300, 1 / 3, np.float64(2.5))
    rows = Rows.of(Measurement("x", value, "", "mV") for value in values)
    assert rows.to_json() == json.dumps(rows.records())
    assert [json.dumps(record["value"]) for record in rows.records()] == [json.dumps(value) for value in values]


@given(measured=st.lists(measurements(), min_size=1, max_size=6), data=st.data())
@settings(deadline=None)
def test_columns_are_refused_where_one_of_their_rows_would_be(measured, data):
    columns = [list(column) for column in Rows.of(measured).columns]
    assert same(Rows.checked(*map(tuple, columns)), measured)
    at = data.draw(st.integers(0, len(measured) - 1))
    value, text, status, reason = columns[1], columns[2], columns[4], columns[5]
    if status[at] is Status.OK:
        value[at], text[at] = data.draw(st.sampled_from([(math.nan, ""), (math.inf, ""), (None, "")]))
    elif status[at] is Status.OUT_OF_RANGE:
        reason[at] = ""
    else:
        value[at], text[at] = data.draw(st.sampled_from([(1.0, ""), (None, "word")]))
    with pytest.raises(ValueError, match=r"use a status|needs a reason|comes with neither"):
        Rows.checked(*map(tuple, columns))


@pytest.mark.parametrize("short", range(9))
def test_columns_of_several_lengths_are_refused(short):
    columns = list(Rows.of([RATE.measured(1.0), RATE.measured(2.0)]).columns)
    columns[short] = columns[short][:1]
    with pytest.raises(ValueError, match="one length"):
        Rows.checked(*columns)


# --- the features that are declared ---


def test_every_declared_feature_is_complete():
    declared = pipeline.declared_features()
    assert len(declared) > 20
    assert len({(f.name, level) for f in declared for level in f.levels}) == sum(len(f.levels) for f in declared)
    for feature in declared:
        name = feature.name
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name), name
        assert units.unit(feature.unit).symbol == feature.unit, name
        # Voltage outside of cells is in uV everywhere, resistances of electrodes in kOhm, widths are in ms.
        assert feature.unit in {*units.INTERNAL_UNITS.values(), "ms", "uV", "kOhm", "%"}, name
        assert feature.levels, name
        assert set(feature.levels) <= set(LEVELS), name
        assert feature.meaning.strip() == feature.meaning != "", name
        assert len(feature.meaning.splitlines()) == 1, name
        assert feature.source in {"mnephys", "Axion Neural Metric Tool"} or DOI.search(feature.source), name
        assert feature.plausible[0] < feature.plausible[1], name
        assert feature.version >= 1, name


def test_a_table_without_spikes_leaves_whole_numbers_whole():
    none = FeatureTable((), {"sweep": np.zeros(0), "peak_time": np.zeros(0)})
    some = FeatureTable((), {"sweep": np.array([3, 4]), "peak_time": np.array([0.1, 0.2])})
    for parts in ([none, some], [some, none]):
        joined = FeatureTable.concatenate(parts).spikes
        assert joined["sweep"].tolist() == [3, 4]
        assert joined["sweep"].dtype.kind == "i"
    assert FeatureTable.concatenate([none, none]).spikes["sweep"].size == 0
