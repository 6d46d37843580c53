"""Which wells are learnt from, which of their metrics count, and what is written into the records of others."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest

from mnephys.batch.well_reference import (
    KEY,
    add_second_opinions,
    control_wells,
    gather_metrics,
    learn_from_wells,
)
from mnephys.errors import ReferenceSetError
from mnephys.measurement import FeatureTable, Measurement, Status

UNITS = {
    "mean_firing_rate": "Hz",
    "burst_percentage": "%",
    "sttc": "1",
    "spike_count": "1",
    "active_electrode_count": "1",
}


def record(well, recording="d5", index=0.5, **sample):
    return {
        "level": "well", "id": well, "recording": recording, "maturity_index": index,
        "status": "excluded" if index is None else "ok", "sample": sample,
    }  # fmt: skip


def row(well, feature, value, recording="d5", unit=None):
    return Measurement(feature, value, "", unit or UNITS[feature], level="well", id=well, recording=recording)


@pytest.fixture
def plate():
    """Twelve control wells on two days, of which the second is the more active."""
    rng = np.random.default_rng(0)
    records, tables = [], {}
    for name, day in (("d5", 5.0), ("d21", 21.0)):
        rows = []
        for well in (f"A{i}" for i in range(1, 13)):
            records.append(record(well, name, div=day, control="yes"))
            values = rng.normal([day / 10, 2 * day, day / 50, 100 * day, day / 3], 0.1)
            rows += [row(well, feature, v, name) for feature, v in zip(UNITS, values.tolist(), strict=True)]
        tables[name] = FeatureTable(tuple(rows))
    return records, tables


def test_counts_and_quality_are_no_metrics_and_the_first_of_two_rows_counts():
    rows = [row("A1", feature, 1.0) for feature in UNITS] + [row("A1", "sttc", 9.0)]
    rows.append(Measurement("qc_spread", 3.0, "", "1", level="well", id="A1"))
    rows.append(Measurement("mean_firing_rate", 3.0, "", "Hz", level="electrode", id="A1_11"))
    rows.append(Measurement("isi_cv", None, "", "1", Status.TOO_FEW_EVENTS, "no spikes", "well", "A1"))
    found = gather_metrics([record("A1"), record("A2")], {"d5": FeatureTable(tuple(rows))})
    assert found.names == ["burst_percentage", "mean_firing_rate", "sttc"]
    assert found.units == {name: UNITS[name] for name in found.names}
    assert found.values[0].tolist() == [1.0, 1.0, 1.0]
    assert found.active[0] == 1.0
    assert np.isnan(found.values[1]).all()
    assert np.isnan(found.active[1])


def test_the_sheet_says_which_wells_are_controls():
    yes, no = record("A1", control="Yes"), record("A2", control="no")
    drug, vehicle = record("A3", treatment="CNQX", dose=3.0, control="yes"), record("A4", treatment="DMSO")
    empty, plate = record("A5", index=None, control="yes"), {**record("", control="yes"), "level": "plate"}
    assert control_wells([yes, no, drug, vehicle, empty, plate]) == ([yes], "")
    wells, note = control_wells([no, drug, vehicle, empty, plate, other := record("A6")])
    assert wells == [vehicle, other]
    assert note == "no well is called a control: learnt from all 2 untreated wells and days"


def test_records_of_wells_get_the_opinion_and_nothing_else_changes(plate):
    records, tables = plate
    reference = learn_from_wells(gather_metrics(records, tables), "mine")
    assert reference.model.oriented_by == "age of the control wells"
    assert reference.units == {name: UNITS[name] for name in ("burst_percentage", "mean_firing_rate", "sttc")}
    judged = [*copy.deepcopy(records), record("B1", index=None), {**record(""), "level": "plate"}, {"level": "cell"}]
    before = copy.deepcopy(judged)
    add_second_opinions(reference, judged, tables)
    assert [KEY in one for one in judged] == [True] * 25 + [False] * 2
    opinions = [one.pop(KEY) for one in judged[:25]]
    assert judged == before
    assert opinions[24] is None
    scores = np.array([opinion["score"] for opinion in opinions[:24]])
    assert scores[:12].max() < -0.5 < 0.5 < scores[12:].min()
    assert math.isclose(scores.std(), 1, rel_tol=1e-5)
    assert opinions[0] | {"score": 0} == {
        "score": 0, "uncertainty": 0.0, "status": "ok", "reason": "", "measured": 3, "metrics": 3,
        "reference": {"name": "mine", "version": "1", "sha256": ""},
    }  # fmt: skip


def test_a_number_in_another_unit_is_not_used(plate):
    records, tables = plate
    reference = learn_from_wells(gather_metrics(records, tables), "mine")
    odd = FeatureTable(tuple(row("A1", name, 1.0, unit="ms") for name in reference.model.names))
    judged = [record("A1")]
    add_second_opinions(reference, judged, {"d5": odd})
    assert (judged[0][KEY]["score"], judged[0][KEY]["status"]) == (None, "not_applicable")
    assert judged[0][KEY]["reason"] == "None of the 3 metrics of the reference was measured."


def test_without_days_the_active_electrodes_say_what_is_older(plate):
    records, tables = plate
    undated = [{**one, "sample": {"control": "yes"}} for one in records]
    reference = learn_from_wells(gather_metrics(undated, tables), "mine")
    assert reference.model.oriented_by == "number of active electrodes of the control wells"
    dated = [{**one, "sample": {"day_of_differentiation": 30 + one["sample"]["div"]}} for one in records]
    assert learn_from_wells(gather_metrics(dated, tables), "mine").model.oriented_by == "age of the control wells"


def test_nothing_to_learn_from_is_an_error():
    for records in ([], [record("A1", control="yes")]):
        with pytest.raises(ReferenceSetError):
            learn_from_wells(gather_metrics(records, {}), "mine")
