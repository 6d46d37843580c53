"""Units, wells and notes of NWB files come back as the reference implementation wrote them."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from readers.builders.hdf5_plates import (
    names,
    only,
    train,
)
from readers.builders.nwb_file import (
    TABLE,
    Electrode,
    Nwb,
    Unit,
    put,
    put_full,
    small,
)

from mnephys.errors import (
    CorruptHeaderError,
    UnsupportedFormatError,
)
from mnephys.pipeline import extract
from mnephys.readers import read, read_all
from mnephys.recording import DurationSource


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "plate.nwb"


# --- units ---


def test_spikes_of_units_are_those_of_their_electrodes(path):
    recording = only(put(path))
    assert recording.trains.counts.tolist() == [1, 0, 3, 0]
    assert train(recording, "A1_2").tolist() == [0.01, 0.02, 0.04]
    assert train(recording, "A1_0").tolist() == [0.03]
    assert recording.problems == ()


def test_units_of_one_electrode_count_together(path):
    units = [Unit([0.02, 0.04], [1]), Unit([0.01, 0.03, 0.04], [1]), Unit([], [3])]
    recording = only(small(units=units).write(path))
    assert train(recording, "A1_1").tolist() == [0.01, 0.02, 0.03, 0.04, 0.04]
    assert recording.problems == ("1 electrode has several units, whose spikes count together.",)
    assert recording.metadata["units"]["number"] == 3


def test_units_without_a_series_are_on_all_electrodes_of_the_file(path):
    recording = only(small(series=()).write(path))
    assert names(recording) == ["A1_0", "A1_1", "A1_2", "A1_3"]
    assert recording.trains.counts.tolist() == [1, 0, 3, 0]
    assert recording.electrodes["x"].tolist() == [0, 50, 100, 150]
    assert (recording.start, recording.stop) == (0.01, 0.04)
    assert recording.duration_source is DurationSource.SPIKES
    assert recording.layout_stated
    assert len(recording.provenance.sha256) == 64


def test_units_without_electrodes_are_electrodes_themselves(path):
    units = [Unit([0.5, 1.5], id=12), Unit([], id=3), Unit([1.0], id=40)]
    recording = only(Nwb(units=units, growing=False).write(path))
    assert names(recording) == ["A1_12", "A1_3", "A1_40"]
    assert recording.layout.labels == ("3", "12", "40")
    assert train(recording, "A1_12").tolist() == [0.5, 1.5]
    assert train(recording, "A1_3").size == 0
    assert not recording.layout_stated
    assert np.isnan(recording.electrodes["x"]).all()


def test_units_on_several_electrodes_are_in_the_well_of_these(path):
    electrodes = [Electrode("A1", x=1.0), Electrode("A1", x=2.0), Electrode("B2", x=3.0), Electrode("B2", x=4.0)]
    units = [Unit([1.0], [0, 1]), Unit([2.0], [2]), Unit([3.0, 4.0], [1, 2]), Unit([5.0], [3, 2])]
    recording = only(Nwb(electrodes, units=units, growing=False).write(path))
    assert names(recording) == ["A1_0", "B2_1", "B2_3"]
    assert recording.electrodes["x"].tolist()[1] == 3.0
    assert np.isnan(recording.electrodes["x"][[0, 2]]).all()
    assert recording.trains.counts.tolist() == [1, 1, 1]
    assert recording.problems == (
        "Left out: 1 units with 2 spikes, of which it is not known in which well they are.",
    )  # fmt: skip -- one sentence


def test_units_of_no_known_well_are_refused(path):
    electrodes = [Electrode("A1"), Electrode("B2")]
    with pytest.raises(UnsupportedFormatError, match="table units has no unit of which the well is known"):
        read(Nwb(electrodes, units=[Unit([1.0], [0, 1])], growing=False).write(path))


def test_observed_intervals_say_how_long(path):
    units = [Unit([1.0, 2.0], [0], [(0.5, 100.0)]), Unit([7.0], [1], [(0.5, 100.0)])]
    recording = only(small(series=(), units=units).write(path))
    assert (recording.start, recording.stop) == (0.5, 100.0)
    assert recording.duration_source is DurationSource.STATED
    assert recording.problems == ()


def test_units_that_were_observed_now_and_then_are_said(path):
    units = [Unit([1.0, 2.0], [0], [(0.5, 50.0), (60.0, 100.0)]), Unit([7.0], [1], [(0.0, 100.0)])]
    recording = only(small(series=(), units=units).write(path))
    assert (recording.start, recording.stop) == (0.0, 100.0)
    assert recording.problems == (
        "Not all units were observed all the time: rates are over the whole 0 to 100 s all the same.",
    )


def test_observed_intervals_that_spikes_contradict_are_not_believed(path):
    units = [Unit([1.0, 2.0], [0], [(0.0, 1.5)]), Unit([0.5], [1], [(0.0, 1.5)])]
    recording = only(small(series=(), units=units).write(path))
    assert (recording.start, recording.stop) == (0.5, 2.0)
    assert recording.duration_source is DurationSource.SPIKES
    assert "observed from 0 to 1.5 s, but have spikes at 0.5 to 2 s" in recording.problems[0]


@pytest.mark.parametrize("edges", [(5.0, 5.0), (9.0, 1.0), (np.nan, 5.0), (0.0, np.inf)])
def test_observed_intervals_that_cannot_be_state_nothing(path, edges):
    recording = only(small(series=(), units=[Unit([1.0, 2.0], [0], [edges])]).write(path))
    assert recording.duration_source is DurationSource.SPIKES
    assert "how long units were observed is not known" in recording.problems[0]


def test_spikes_are_sorted_and_counted_once(path):
    units = [Unit([0.04, 0.01, 0.02, 0.02], [0]), Unit([np.nan, 0.01, np.inf, 1e300], [1])]
    recording = only(small(units=units).write(path))
    assert train(recording, "A1_0").tolist() == [0.01, 0.02, 0.04]
    assert train(recording, "A1_1").tolist() == [0.01]
    assert recording.problems == (
        "Left out: 3 spike times that are no time.",
        "Spike times were not sorted within each unit; they were sorted.",
        "Counted once: 1 spike times that a unit already has.",
    )


def test_times_before_0_are_times(path):
    recording = only(small(series=(), units=[Unit([-2.0, 3.0], [0])]).write(path))
    assert (recording.start, recording.stop) == (-2.0, 3.0)


@pytest.mark.parametrize(
    ("column", "values", "why"),
    [
        ("spike_times_index", [3, 9], "ends at 9, but there are 4 values"),
        ("spike_times_index", [4, 3], "falls from 4 to 3 in row 1"),
        ("spike_times_index", [-1, 4], "falls from 0 to -1 in row 0"),
        ("spike_times_index", [3, 2**62], "which is no whole number"),
        ("spike_times_index", [3.5, 4.0], "holds 3.5, which is no whole number"),
        ("spike_times_index", [4], r"has shape \(1,\), but the table has 2 rows"),
        ("spike_times_index", None, "has 4 values for 2 rows, and no units/spike_times_index divides them"),
        ("spike_times", [[1.0], [2.0], [3.0], [4.0]], "not times in s"),
        ("spike_times", [1, 2, 3, 4], "holds int64 of shape .*, not times in s"),
        ("electrodes_index", [1, 3], "ends at 3, but there are 2 values"),
        ("electrodes", [0, 4], "refers to row 4 of a table of 4 electrodes"),
        ("electrodes", [[0, 1], [1, 0]], r"has shape \(2, 2\), not that of a column"),
        ("electrodes", [-1, 0], "refers to row -1 of a table of 4 electrodes"),
        ("id", [1.5, 2.0], "holds 1.5, which is no whole number"),
        ("id", None, "table units has no column id"),
    ],
)
def test_columns_of_units_that_do_not_fit_are_refused(path, column, values, why):
    put(path)
    with h5py.File(path, "r+") as content:
        del content[f"units/{column}"]
        if values is not None:
            content[f"units/{column}"] = np.array(values)
    with pytest.raises(CorruptHeaderError, match=why):
        read(path)


def test_spikes_behind_the_last_unit_are_said(path):
    put(path)
    with h5py.File(path, "r+") as content:
        content["units/spike_times_index"][:] = [2, 3]
    recording = only(path)
    assert recording.trains.n_spikes == 3
    assert recording.problems == ("Not read: 1 spike times behind those of the last unit.",)


@pytest.mark.parametrize("column", ["x", "location", "group_name"])
def test_columns_of_electrodes_of_another_length_are_refused(path, column):
    put(path)
    with h5py.File(path, "r+") as content:
        name = f"{TABLE}/{'rel_x' if column == 'x' else column}"
        values = content[name][:3]
        del content[name]
        content[name] = values
    with pytest.raises(CorruptHeaderError, match=r"has shape \(3,\), but the table has 4 rows"):
        read(path)


# --- wells ---


@pytest.mark.parametrize("growing", [False, True])
@pytest.mark.parametrize("by", ["well", "group"])
def test_wells_are_a_column_or_groups_that_are_called_like_wells(path, by, growing):
    wells = ("B2", "B2", "A12", "P24")
    electrodes = [
        Electrode("probe", more={"well": well, "label": f"{i}1"}) if by == "well" else Electrode(well)
        for i, well in enumerate(wells)
    ]
    recording = only(small(electrodes=electrodes, growing=growing).write(path))
    assert recording.electrodes["well"].tolist() == list(wells)
    assert (recording.layout.rows, recording.layout.columns) == (16, 24)
    assert recording.trains.groups.tolist() == list(wells)
    assert names(recording)[0] == ("B2_01" if by == "well" else "B2_0")
    assert recording.problems == ()


def test_the_column_counts_more_than_groups(path):
    electrodes = [Electrode("A1", more={"well": "C03"}) for _ in range(4)]
    recording = only(small(electrodes=electrodes).write(path))
    assert set(recording.electrodes["well"]) == {"C3"}


@pytest.mark.parametrize("groups", [("A1", "probe"), ("Q1", "A1"), ("A25", "A1"), ("A0", "A1"), ("a1", "A1")])
def test_groups_that_are_not_all_called_like_wells_are_none(path, groups):
    electrodes = [Electrode(groups[i % 2]) for i in range(4)]
    recording = only(small(electrodes=electrodes).write(path))
    assert set(recording.electrodes["well"]) == {"A1"}
    assert recording.layout.name == "NWB 1-well"


def test_wells_with_names_of_their_own_stay_apart(path):
    electrodes = [Electrode(more={"well": f"organoid {10 - i % 2}"}) for i in range(4)]
    recording = only(small(electrodes=electrodes).write(path))
    assert recording.electrodes["well"].tolist() == ["A2", "A1", "A2", "A1"]
    assert recording.well_facts == {"A1": {"note": "well organoid 9"}, "A2": {"note": "well organoid 10"}}
    assert recording.problems == (
        "Wells are not called like A1, so that they were given names: A1 is 'organoid 9', A2 is 'organoid 10'.",
    )


def test_numbered_wells_stay_apart(path):
    recording = only(small(electrodes=[Electrode(more={"well": i // 2}) for i in range(4)]).write(path))
    assert recording.electrodes["well"].tolist() == ["A1", "A1", "A2", "A2"]


def test_names_of_electrodes_are_used_where_each_has_one(path):
    electrodes = [Electrode(more={"label": label}) for label in ("21", "22", "ref", "b5")]
    recording = only(small(electrodes=electrodes).write(path))
    assert recording.electrodes["label"].tolist() == ["21", "22", "ref", "b5"]
    assert recording.electrodes[["column", "row"]].tolist() == [(2, 1), (2, 2), (0, 0), (11, 5)]


@pytest.mark.parametrize("labels", [("1", "1", "2", "3"), ("", "1", "2", "3"), ("x" * 17, "1", "2", "3")])
def test_names_that_do_not_tell_electrodes_apart_are_not_used(path, labels):
    recording = only(small(electrodes=[Electrode(more={"label": label}) for label in labels]).write(path))
    assert recording.electrodes["label"].tolist() == ["0", "1", "2", "3"]
    assert len(recording.problems) == 1


# --- what stands beside the data ---


def test_session_and_subject_are_metadata(path):
    found = read_all(put_full(path))[0].metadata
    assert found["identifier"] == "plate 7, DIV 21"
    assert found["session_start_time"] == "2024-05-06T07:08:09+00:00"
    assert found["experimenter"] == "Ramon y Cajal, Santiago, Golgi, Camillo"
    assert found["subject"] == {
        "age": "P21D",
        "genotype": "SOD1-A4V",
        "species": "Homo sapiens",
        "subject_id": "line 39b",
    }
    assert found["regions"] == ["cortex"]
    assert found["devices"] == ["MEA 2100"]
    assert found["units"] == {"number": 2, "columns_not_read": ["quality"]}


def test_trials_are_events(path):
    recordings = read_all(put_full(path))
    for recording in recordings:
        assert recording.events == ((0.0, "trials 0 until 0.02 s"), (0.02, "trials 1 until 0.05 s"))


def test_what_is_read_can_be_measured(path):
    times = np.sort(np.random.default_rng(4).uniform(0, 60, 600))
    units = [Unit(times[i::4], [i], [(0.0, 60.0)]) for i in range(4)]
    recording = only(small(series=(), units=units).write(path))
    table = extract(recording)
    assert table.get("spike_count", level="well", id="A1").value == 600
    assert table.get("mean_firing_rate", level="well", id="A1").value == pytest.approx(2.5)
