"""The spike list that is written is the vendor's: read back here by a plain CSV parse."""

from __future__ import annotations

import csv
import io
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnephys.errors import StoreError
from mnephys.recording import LAYOUTS, DurationSource, PlateRecording, SpikeTrains, layout_named
from mnephys.recording.plate import electrodes_of
from mnephys.simulate.spike_list_writer import _clock, spike_list_bytes, write_spike_list

HEADER = ["Investigator", "", "Time (s)", "Electrode", "Amplitude(mV)"]


def plate(counts, *, layout="24-well", duration=120.0, seed=0, **changes):
    """Return a plate whose first electrodes have so many spikes, on the grid of 12.5 kHz."""
    kind = LAYOUTS[layout]
    electrodes = electrodes_of(kind)
    rng = np.random.default_rng(seed)
    each = np.zeros(electrodes.size, dtype=int)
    each[: len(counts)] = counts
    times = [np.sort(rng.integers(0, int(duration * 12500) + 1, n)) / 12500 for n in each]
    trains = SpikeTrains(
        np.concatenate(times),
        np.concatenate([[0], np.cumsum(each)]),
        electrodes["well"],
        0.0,
        duration,
        rng.uniform(15, 200, each.sum()),
    )
    return PlateRecording(kind, electrodes, trains, **changes)


def parsed(content):
    """Return the rows above the blank line and those below it."""
    rows = list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))
    blank = rows.index([])
    return rows[:blank], rows[blank + 1 :]


@given(
    counts=st.lists(st.integers(0, 40), max_size=40), layout=st.sampled_from(sorted(LAYOUTS)), seed=st.integers(0, 99)
)
@settings(deadline=None, max_examples=40)
def test_every_spike_comes_back(counts, layout, seed):
    recording = plate(counts, layout=layout, seed=seed)
    rows, _ = parsed(spike_list_bytes(recording))
    assert rows[0] == HEADER
    assert {len(row) for row in rows} == {5}
    spikes = [row[2:] for row in rows[1:] if row[2]]
    assert len(spikes) == recording.trains.n_spikes
    times = [float(time) for time, _, _ in spikes]
    assert times == sorted(times)
    for train, electrode in enumerate(recording.electrodes):
        first, last = recording.trains.offsets[train : train + 2]
        name = f"{electrode['well']}_{electrode['label']}"
        own = [(float(time), float(amplitude)) for time, other, amplitude in spikes if other == name]
        assert [time for time, _ in own] == recording.trains.times[first:last].tolist()
        assert [a for _, a in own] == pytest.approx((recording.trains.amplitudes[first:last] / 1000).tolist(), abs=6e-7)


@pytest.mark.parametrize("n_spikes", [0, 1, 5, 23, 24, 25, 26, 200])
def test_settings_stand_beside_the_spikes_whichever_is_longer(n_spikes):
    rows, _ = parsed(spike_list_bytes(plate([n_spikes]), experiment="P1 DIV07"))
    panel = {key.strip(): value for key, value, *_ in rows if key}
    assert len(panel) == 21
    assert panel["Experiment ID"] == "P1 DIV07"
    assert panel["Description"] == "simulated recording"
    assert panel["Sampling Frequency"] == "12500 Hz"
    assert panel["Requested File Section"] == panel["Actual File Section Run"] == "0s to 2m0s"
    assert layout_named(panel["Plate Type"]) is LAYOUTS["24-well"]
    assert [bool(row[2]) for row in rows[1:]] == [index < n_spikes for index in range(len(rows) - 1)]
    assert len(rows) == max(25, 1 + n_spikes)


def test_it_is_laid_out_as_a_real_one(data):
    lines = data("mea/exports/axis_DIV3_spike_list.csv").read_bytes().split(b"\r\n")[:60]
    real = [next(csv.reader([line.decode()])) for line in lines]
    rows, _ = parsed(spike_list_bytes(plate([100])))
    assert rows[0] == real[0]
    assert {len(row) for row in rows} == {len(row) for row in real}
    real_keys = [row[0] for row in real if row[0]]
    keys = [row[0] for row in rows if row[0]]
    assert [key for key in real_keys if key in keys] == keys
    own = {row[0]: row[1] for row in rows}
    for key, value, *_ in real:
        if key.strip() in {"Sampling Frequency", "Analog Mode Setting", "Method", "Pre-Spike Duration"}:
            assert own[key] == value


def test_the_end_of_the_file_tells_the_wells_as_a_real_one_does(data):
    text = data("mea/exports/axis36_electrode_burst_list.csv").read_text(encoding="utf-8-sig")
    real = list(csv.reader(io.StringIO(text, newline="")))
    real = real[real.index(["Well Information"]) :]
    _, rows = parsed(spike_list_bytes(plate([3])))
    assert [row[0] for row in rows] == [row[0] for row in real]
    assert rows[1] == real[1]
    assert [len(row) for row in rows] == [len(row) for row in real]


def test_what_is_known_of_the_wells_is_written():
    facts = {
        "A2": {"treatment": "TTX", "dose": "1", "dose_unit": "uM", "control": "yes", "note": "line 1, clone 2"},
        "D6": {"active": "no"},
    }
    _, rows = parsed(spike_list_bytes(plate([3], well_facts=facts)))
    by_well = {row[0]: dict(zip(rows[1][1:], row[1:], strict=True)) for row in rows[1:]}
    assert by_well["Treatment"]["A2"] == "TTX"
    assert by_well["Concentration"]["A2"] == "1 uM"
    assert by_well["Additional Information"]["A2"] == "line 1, clone 2"
    assert (by_well["Control"]["A2"], by_well["Control"]["A1"]) == ("True", "False")
    assert (by_well["Active"]["D6"], by_well["Active"]["A1"]) == ("False", "True")
    assert by_well["Treatment"]["A1"] == by_well["Concentration"]["A1"] == ""


def test_line_ends_are_those_of_windows_and_the_text_is_plain():
    content = spike_list_bytes(plate([50]))
    assert content.count(b"\n") == content.count(b"\r\n") == content.count(b"\r")
    assert content.endswith(b"\r\n")
    assert not content.startswith(b"\xef\xbb\xbf")
    assert content.isascii()


def test_text_of_any_kind_stays_in_its_cell():
    description = 'simulated recording, "day 7",\r\nsecond line µ'
    rows, _ = parsed(spike_list_bytes(plate([40]), description=description))
    assert rows[2][1] == description
    assert len(rows[2]) == 5


def test_the_start_of_the_recording_is_stated():
    recorded = datetime(2026, 3, 4, 5, 6, 7)  # noqa: DTZ001 -- the export holds local time without a zone
    rows, _ = parsed(spike_list_bytes(plate([40]), recorded=recorded))
    assert {row[1] for row in rows if "Time" in row[0]} == {"03/04/2026 05:06:07"}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0s"),
        (57.0, "57s"),
        (60.0, "1m0s"),
        (120.0, "2m0s"),
        (1082.0, "18m2s"),
        (90.5, "1m30.5s"),
        (3600.0, "60m0s"),
    ],
)
def test_times_are_written_as_the_vendor_does(seconds, text):
    assert _clock(seconds) == text


def test_spikes_at_the_same_time_keep_the_order_of_the_electrodes():
    kind = LAYOUTS["24-well"]
    electrodes = electrodes_of(kind)
    trains = SpikeTrains(np.full(384, 0.5), np.arange(385), electrodes["well"], 0.0, 1.0, np.full(384, 20.0))
    rows, _ = parsed(spike_list_bytes(PlateRecording(kind, electrodes, trains)))
    assert [row[3] for row in rows[1:]] == [f"{e['well']}_{e['label']}" for e in electrodes]


def test_what_a_spike_list_must_state_is_asked_for():
    recording = plate([3], duration_source=DurationSource.SPIKES)
    with pytest.raises(ValueError, match="nobody stated how long"):
        spike_list_bytes(recording)
    electrodes = electrodes_of(LAYOUTS["24-well"])
    bare = SpikeTrains.from_lists([[]] * 384, groups=electrodes["well"], stop=1.0)
    with pytest.raises(ValueError, match="no amplitudes"):
        spike_list_bytes(PlateRecording(LAYOUTS["24-well"], electrodes, bare))


def test_the_file_is_written_whole_and_replaces_an_earlier_one(tmp_path):
    file = tmp_path / "a_spike_list.csv"
    file.write_text("before")
    write_spike_list(file, plate([30]), experiment="P1")
    assert file.read_bytes() == spike_list_bytes(plate([30]), experiment="P1")
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    with pytest.raises(StoreError, match="could not be written"):
        write_spike_list(tmp_path / "missing" / "a.csv", plate([30]))
