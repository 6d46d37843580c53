"""The stretches of an interrupted recording: of trains, of the voltage beside them, and of files with gaps."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from readers.builders.mcs_file import Analog, Channel, McsFile, Recording, Stamps

import mnephys
from mnephys.mea.definitions import DEFINITIONS
from mnephys.mea.measure import measure_plate
from mnephys.recording import LAYOUTS, SEGMENT, PlateRecording, SpikeTrains
from mnephys.recording.plate import electrodes_of
from mnephys.recording.stretches import breaks_of, stretches_around

TWO = [(0.0, 2.0), (7.0, 10.0)]


def trains_of(*lists, **more):
    return SpikeTrains.from_lists(lists, **{"stop": 10.0, "stretches": TWO} | more)


def test_trains_know_their_stretches():
    trains = trains_of([1.0, 2.0, 7.0, 9.0], [8.0], [])
    assert trains.stretches.tolist() == [[0.0, 2.0], [7.0, 10.0]]
    assert trains.duration == 5.0
    assert trains.breaks.tolist() == [2]
    whole = trains_of([1.0, 9.0], stretches=None)
    assert (whole.stretches, whole.duration, whole.breaks.tolist()) == (None, 10.0, [])
    assert repr(trains) == "SpikeTrains: 5 spikes in 3 trains, 0 to 10 s in 2 stretches of 5 s"


@pytest.mark.parametrize(
    ("stretches", "said"),
    [
        ([], r"has shape \(0,\), needs begin and end"),
        ([1.0, 2.0], r"has shape \(2,\)"),
        ([(0, 1, 2)], r"has shape \(1, 3\)"),
        ([(2, 1)], "stretch 0 cannot last from 2.0 to 1.0 s"),
        ([(0, 1), (2, math.nan)], "stretch 1 cannot last from 2.0 to nan s"),
        ([(0, math.inf)], "stretch 0 cannot last"),
        ([(0, 5), (4, 10)], "stretch 1 begins at 4 s, before"),
        ([(6, 7), (0, 1)], "stretch 1 begins at 0 s, before"),
        ([(-1, 10)], r"lie outside the recording \(0 to 10 s\)"),
        ([(0, 11)], r"lie outside the recording \(0 to 10 s\)"),
        ([(0, 1), (2, 3), (4, 11)], r"from 0 to 11 s lie outside the recording \(0 to 10 s\)"),
    ],
)
def test_stretches_that_cannot_be(stretches, said):
    with pytest.raises(ValueError, match=said):
        trains_of([], stretches=stretches)


@pytest.mark.parametrize("time", [2.1, 6.9, 0.0])
def test_a_spike_in_a_gap_cannot_be(time):
    with pytest.raises(ValueError, match=r"train 1: the spike at .* s lies in a gap of the recording"):
        trains_of([], [time], stretches=[(0.5, 2), (7, 10)])


times_on_grid = st.lists(st.integers(0, 40), max_size=12).map(sorted)


@given(
    st.lists(times_on_grid, min_size=1, max_size=4), st.lists(st.integers(1, 39), min_size=1, max_size=4, unique=True)
)
def test_breaks_are_where_the_stretch_changes(lists, cuts):
    edges = [0, *sorted(cuts), 41]
    stretches = np.column_stack([edges[:-1], np.array(edges[1:]) - 0.5])
    times = np.concatenate([np.array(each, dtype=float) for each in lists])
    offsets = np.concatenate([[0], np.cumsum([len(each) for each in lists])])
    expected, at = [], 0
    for each in lists:
        of = [sum(time >= edge for edge in edges) for time in each]
        expected += [at + i for i in range(1, len(of)) if of[i] != of[i - 1]]
        at += len(each)
    assert breaks_of(times, offsets, stretches).tolist() == expected
    assert breaks_of(times, offsets, None).size == 0


# --- the voltage beside spikes ---


def voltage(segments, n_samples, rate=10.0, electrodes=(0,)):
    return SimpleNamespace(
        shape=(n_samples, len(electrodes)),
        sampling_rate=rate,
        segments=np.array(segments, SEGMENT),
        electrodes=np.array(electrodes),
    )


@pytest.mark.parametrize(
    ("spikes", "expected"),
    [
        ([], [[0, 10], [30, 40], [50, 60]]),
        ([10.0, 30.0], [[0, 10], [30, 40], [50, 60]]),
        # A spike shows that spikes were looked for: that gap is none.
        ([20.0], [[0, 40], [50, 60]]),
        ([20.0, 45.0], None),
        # No further off than a sample it is one of the stretch.
        ([10.05], [[0, 10.05], [30, 40], [50, 60]]),
        ([29.95, 40.1], [[0, 10], [29.95, 40.1], [50, 60]]),
        ([10.2], [[0, 40], [50, 60]]),
    ],
)
def test_gaps_of_voltage_are_those_without_spikes(spikes, expected):
    found = stretches_around(voltage([(0, 0), (100, 30), (200, 50)], 300), np.array(spikes), 0.0, 60.0)
    if expected is None:
        assert found is None
    else:
        np.testing.assert_allclose(found, expected)
        SpikeTrains.from_lists([spikes], stop=60.0, stretches=found)


@given(
    spikes=st.lists(st.floats(0, 60), max_size=8),
    lengths=st.lists(st.tuples(st.integers(0, 100), st.floats(0, 5)), min_size=1, max_size=5),
    extent=st.tuples(st.floats(-5, 0), st.floats(0, 100)),
)
@settings(deadline=None)
def test_any_spikes_lie_in_the_stretches_found(spikes, lengths, extent):
    first, start, segments = 0, 0.0, []
    for n, gap in lengths:
        segments.append((first, start))
        first, start = first + n, start + n / 10.0 + gap
    begin, stop = extent[0], max([extent[1], *spikes])
    found = stretches_around(voltage(segments, first), np.array(spikes), begin, stop)
    trains = SpikeTrains.from_lists([spikes], start=begin, stop=stop, stretches=found)
    assert found is None or (trains.stretches[0, 0], trains.stretches[-1, 1]) == (begin, stop)
    assert found is None or (found[1:, 0] > found[:-1, 1]).all()


def plate(**more):
    layout = LAYOUTS["24-well"]
    electrodes = electrodes_of(layout)
    trains = SpikeTrains.from_lists([[1.0, 31.0]] + [[]] * 383, electrodes["well"], stop=40.0)
    return PlateRecording(layout, electrodes, trains, **more)


def test_trains_get_the_stretches_of_their_voltage():
    given_ = plate(signal=voltage([(0, 0), (100, 30)], 200))
    assert given_.trains.stretches.tolist() == [[0.0, 10.0], [30.0, 40.0]]
    assert (given_.start, given_.stop, given_.duration, given_.n_gaps) == (0.0, 40.0, 20.0, 1)
    whole = plate(signal=voltage([(0, 0)], 400))
    assert (whole.trains.stretches, whole.duration, whole.n_gaps) == (None, 40.0, 0)
    raw = PlateRecording(given_.layout, given_.electrodes, None, signal=given_.signal)
    assert (raw.start, raw.stop, raw.duration, raw.n_gaps) == (0.0, 40.0, 20.0, 1)


def test_a_length_cannot_be_stated_where_the_gaps_are_known():
    with pytest.raises(ValueError, match="interrupted, and it is known when"):
        plate(signal=voltage([(0, 0), (100, 30)], 200)).lasting(100.0)


# --- a file with a gap, from the first byte to the table ---

RATE = 10_000
SAMPLES = 2 * RATE


def gap_file(path, gap_us, *, stamped):
    """Write two stretches of a second; six spikes of E1 are 20 ms apart by their samples, over the border."""
    rng = np.random.default_rng(4)
    counts = rng.normal(0, 60, (2, SAMPLES)).astype(np.int32)
    at = RATE + np.array([-500, -300, -100, 100, 300, 500])
    for sample in at:
        counts[0, sample - 3 : sample + 4] -= np.array([300, 900, 1500, 2000, 1500, 900, 300], np.int32)
    later = RATE * 100 + gap_us
    channels = [Channel(i, i, f"E{i + 1}") for i in range(2)]
    analog = Analog(counts, channels, [(0, 0, RATE - 1), (later, RATE, SAMPLES - 1)])
    stamps = np.where(at < RATE, at * 100, at * 100 + gap_us).tolist()
    spikes = [Stamps({0: stamps, 1: []}, labels={0: "E1", 1: "E2"})] if stamped else []
    McsFile([Recording([analog], spikes, duration=2_000_000 + gap_us)]).write(path)
    return mnephys.read(path)


@pytest.mark.parametrize("stamped", [True, False])
def test_a_burst_in_a_file_ends_where_the_recording_was_interrupted(tmp_path, stamped):
    # The gap is shorter than the longest interval of a burst.
    recording = gap_file(tmp_path / "gap.h5", 30_000, stamped=stamped)
    table = mnephys.extract(recording)
    rows = {row.feature: row for row in table.rows if row.id == "A1_E1" or row.level == "plate"}
    assert rows["spike_count"].value == 6
    assert rows["mean_firing_rate"].value == pytest.approx(3.0)
    assert rows["recording_duration"].value == pytest.approx(2.0)
    assert "interrupted 1 time: nothing is measured across that" in rows["recording_duration"].reason
    assert rows["burst_count"].value == 0
    assert rows["isi_cv"].value == pytest.approx(0.0, abs=0.02)
    assert "across that" in (rows["qc_recording"].reason if not stamped else rows["recording_duration"].reason)


@pytest.mark.parametrize("stamped", [True, False])
def test_the_same_burst_in_a_file_without_a_gap_is_one(tmp_path, stamped):
    recording = gap_file(tmp_path / "whole.h5", 0, stamped=stamped)
    table = mnephys.extract(recording)
    rows = {row.feature: row for row in table.rows if row.id == "A1_E1" or row.level == "plate"}
    assert (rows["burst_count"].value, rows["spikes_per_burst"].value) == (1, 6)
    assert rows["recording_duration"].reason == "stated by the file"


def test_the_longest_gap_changes_no_rate(tmp_path):
    tables = [
        {
            (row.feature, row.id): row.value
            for row in measure_plate(gap_file(tmp_path / f"{gap}.h5", gap, stamped=True), DEFINITIONS["axis-2023"])
        }
        for gap in (30_000, 60_000_000)
    ]
    assert tables[0].keys() == tables[1].keys()
    for name, value in tables[0].items():
        assert (value is None) == (tables[1][name] is None), name
        assert value is None or value == pytest.approx(tables[1][name], rel=1e-6, abs=1e-9), name
