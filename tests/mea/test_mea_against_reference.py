"""The feature core beside a plain, slow reference written apart from it: on real trains and on made-up ones."""

from __future__ import annotations

import math
from dataclasses import asdict

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import plain_mea

from mnephys.mea import DEFINITIONS, bursts, measure_plate, network_bursts, sttc
from mnephys.recording import LAYOUTS, PlateRecording, SpikeTrains
from mnephys.recording.plate import electrodes_of

LAYOUT = LAYOUTS["48-well"]
STEP = 1 / 12500


@pytest.fixture(scope="module")
def real(data):
    """Return the trains of some wells of a real plate, cut to a stretch of it, with everything else silent."""

    def cut(name, wells, start, stop, shift=0.0):
        with h5py.File(data(f"mea/spike_trains_hdf5/{name}"), "r") as file:
            times, counts = file["spikes"][:], file["sCount"][:]
            names = [text.decode() for text in file["names"][:]]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        kept = {}
        for i, electrode in enumerate(names):
            train = times[offsets[i] : offsets[i + 1]]
            if electrode.partition("_")[0] in wells:
                kept[electrode] = train[(train >= start) & (train <= stop)] + shift
        return plate(kept, start + shift, stop + shift)

    return cut


def plate(spikes, start, stop):
    electrodes = electrodes_of(LAYOUT)
    ids = [f"{well}_{label}" for well, label in zip(electrodes["well"], electrodes["label"], strict=True)]
    trains = SpikeTrains.from_lists([spikes.get(i, []) for i in ids], electrodes["well"], start, stop)
    return PlateRecording(LAYOUT, electrodes, trains)


def plain_wells(recording):
    found: dict[str, list[list[float]]] = {}
    trains = recording.trains
    for i, well in enumerate(recording.electrodes["well"].tolist()):
        found.setdefault(well, []).append(trains.times[trains.offsets[i] : trains.offsets[i + 1]].tolist())
    return found


def assert_same(rows, expected, where):
    for name, value in expected.items():
        row = rows[name]
        if value is None:
            assert row.value is None, f"{where} {name}: {row.value}, undefined in the reference"
            assert row.reason
        else:
            assert row.value == pytest.approx(value, rel=1e-9, abs=1e-9), f"{where} {name}"


def compare(recording, wells, definitions):
    table: dict[str, dict[str, object]] = {}
    for row in measure_plate(recording, definitions):
        table.setdefault(f"{row.level} {row.id}", {})[row.feature] = row
    known = asdict(definitions)
    plain = plain_wells(recording)
    trains = recording.trains
    for well in wells:
        assert_same(table[f"well {well}"], plain_mea.well_metrics(plain[well], trains.start, trains.stop, known), well)
        for label, times in zip(LAYOUT.labels, plain[well], strict=True):
            expected = plain_mea.electrode_metrics(times, trains.stop - trains.start, known)
            assert_same(table[f"electrode {well}_{label}"], expected, f"{well}_{label}")


@pytest.mark.parametrize("generation", ["axis-2015", "axis-2023"])
@pytest.mark.parametrize(
    ("name", "wells", "start", "stop"),
    [
        ("CO_20140212_MW1007-51_DIV05_00_001.h5", ("A1", "C4", "F8"), 200.0, 1100.0),
        ("CO_20140212_MW1007-51_DIV07_00_001.h5", ("B2", "D6"), 200.0, 400.0),
        ("ON_20140507_MW1007-103_DIV12_00_001.h5", ("A3", "E5"), 300.0, 361.0),
        ("ON_20140507_MW1007-103_DIV20_00_001.h5", ("B1",), 500.0, 560.0),
    ],
)
def test_every_metric_of_real_wells_equals_the_reference(real, name, wells, start, stop, generation):
    compare(real(name, wells, start, stop), wells, DEFINITIONS[generation])


@pytest.mark.parametrize("window", [0.05004, 0.05])
@pytest.mark.parametrize("shift", [0.0, 86400.0])
def test_the_tiling_coefficient_of_all_pairs_of_real_trains_equals_the_reference(real, window, shift):
    wells = LAYOUT.wells
    recording = real("CO_20140212_MW1007-51_DIV07_00_001.h5", wells, 200.0, 260.0, shift - 200.0)
    plain, found = plain_wells(recording), sttc(recording.trains, window)
    start, stop = recording.trains.start, recording.trains.stop
    compared = 0
    for well in wells:
        for i, a in enumerate(plain[well]):
            for j, b in enumerate(plain[well][:i]):
                expected = plain_mea.sttc(a, b, window, start, stop)
                assert found[well][i, j] == pytest.approx(expected, abs=1e-9, nan_ok=True)
                compared += not math.isnan(expected)
    assert compared == 2003


@pytest.mark.parametrize("window", [0.05004, 0.05])
@pytest.mark.parametrize("start", [0.0, 86400.0])
@pytest.mark.parametrize("trains", [([], []), ([5.0], []), ([5.0], [5.05]), ([5.0], [5.05004]), ([1.0, 9.0], [5.0])])
def test_the_tiling_coefficient_of_empty_and_one_spike_trains(trains, window, start):
    shifted = [[start + t for t in train] for train in trains]
    found = sttc(SpikeTrains.from_lists(shifted, start=start, stop=start + 10), window)[0, 1]
    expected = plain_mea.sttc(*shifted, window, start, start + 10)
    assert found == pytest.approx(expected, abs=1e-9, nan_ok=True)
    base = plain_mea.sttc(*trains, window, 0.0, 10.0)
    assert found == pytest.approx(base, abs=1e-9, nan_ok=True)


grids = st.lists(st.integers(0, 12_500), max_size=40).map(lambda ticks: sorted(set(ticks)))


@given(
    st.lists(grids, min_size=2, max_size=5),
    st.sampled_from([0.0, 0.3, 86400.0]),
    st.sampled_from([25, 250, 1250]),
    st.integers(2, 6),
)
@settings(deadline=None, max_examples=150)
def test_trains_on_a_sampling_grid_equal_the_reference(ticks, start, isi, fewest):
    trains = [[start + tick * STEP for tick in train] for train in ticks]
    columns = SpikeTrains.from_lists(trains, start=start, stop=start + 1.0 + STEP)
    found = bursts(columns, "isi-threshold", max_isi=isi * STEP, min_spikes=fewest)
    expected = [
        (i, columns.offsets[i] + first, columns.offsets[i] + last)
        for i, train in enumerate(trains)
        for first, last in plain_mea.isi_bursts(train, isi * STEP, fewest)
    ]
    assert list(zip(found.train, found.first, found.last, strict=True)) == expected
    interval = {"max_start_isi": 20 * STEP, "max_end_isi": isi * STEP, "min_interval": 300 * STEP}
    interval |= {"min_duration": 10 * STEP, "min_spikes": fewest}
    found = bursts(columns, "max-interval", **interval)
    expected = [
        (i, columns.offsets[i] + first, columns.offsets[i] + last)
        for i, train in enumerate(trains)
        for first, last in plain_mea.max_interval_bursts(train, *interval.values())
    ]
    assert list(zip(found.train, found.first, found.last, strict=True)) == expected
    together = network_bursts(columns, isi * STEP, fewest, 0.5)
    expected = plain_mea.network_bursts(trains, isi * STEP, fewest, 0.5)
    got = list(zip(together.start, together.stop, together.n_spikes, together.n_electrodes, strict=True))
    assert [n for *_, n, _ in got] == [n for *_, n, _ in expected]
    assert [n for *_, n in got] == [n for *_, n in expected]
    assert [t for row in got for t in row[:2]] == pytest.approx([t for row in expected for t in row[:2]])
    matrix = sttc(columns, isi * STEP)
    for i, a in enumerate(trains):
        for j, b in enumerate(trains[:i]):
            expected = plain_mea.sttc(a, b, isi * STEP, start, start + 1.0 + STEP)
            assert matrix[i, j] == pytest.approx(expected, abs=1e-9, nan_ok=True)
