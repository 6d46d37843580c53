"""Spikes in AxIS files: when, where, how large, and their waveforms."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from readers.axis_outcomes import (
    assert_trains,
    electrodes,
    order_of,
    outcome,
    read_path,
    records_of,
    told,
    trains_of,
    write,
)
from readers.builders.axis_data import SCALE, many_spikes, spike_blocks, spikes, split_continuous, split_spikes
from readers.builders.axis_file import channel_array, compose
from readers.builders.axis_plates import CYTOVIEW_24, CYTOVIEW_48, names

from mnephys.errors import ReadError
from mnephys.recording import DurationSource

CHANNELS = CYTOVIEW_24.channels()
EVERY = CYTOVIEW_24.electrodes
FIRED = {"A1_11": [2500, 5000], "C5_42": [12], "D6_44": [125, 126, 7_000_000], "A1_12": [2500]}


def plate_of(*parts, **options):
    return compose(channel_array(CYTOVIEW_24), *parts, **options)


@pytest.fixture
def reading(tmp_path):
    def read(file):
        (recording,) = read_path(write(file, tmp_path, "plate.spk"))
        return recording

    return read


@pytest.fixture(params=[spikes, split_spikes])
def spike_part(request):
    """Compose spikes in one of the two layouts."""

    def build(records, **options):
        return spikes(records, CHANNELS, **options) if request.param is spikes else split_spikes(records, **options)

    return build


# --- when and where ---


def test_a_spike_is_where_its_trigger_is(reading, spike_part):
    for trigger in (0, 11, 20, 37):
        assert_trains(reading(plate_of(spike_part(records_of(FIRED, CHANNELS, trigger=trigger)))), FIRED)


def test_each_electrode_has_its_own_spikes(reading, spike_part):
    fired = {name: [1000 * i + 3, 1000 * i + 700] for i, name in enumerate(EVERY)}
    assert_trains(reading(plate_of(spike_part(records_of(fired, CHANNELS)))), fired)


def test_silent_electrodes_are_there(reading, spike_part):
    recording = reading(plate_of(spike_part(records_of(FIRED, CHANNELS))))
    assert recording.trains.n_trains == 384
    assert (recording.trains.counts > 0).sum() == 4


def test_times_are_exact_late_in_a_long_recording(reading):
    late = 12500 * 86400 * 3 + 1
    recording = reading(plate_of(spikes(records_of({"A1_11": [late]}, CHANNELS), CHANNELS, duration=3 * 86400 + 10.0)))
    assert trains_of(recording)["A1_11"].tolist() == [late / 12500]


def test_spikes_a_little_after_the_stated_end_are_kept_and_told(reading):
    recording = reading(plate_of(spikes(records_of({"A1_11": [125, 7_625_125]}, CHANNELS), CHANNELS, duration=610.0)))
    assert trains_of(recording)["A1_11"].tolist() == [0.01, 610.01]
    assert recording.duration_source is DurationSource.STATED
    assert recording.stop == 610.01
    assert recording.duration == 610.0
    assert any("610.01" in problem for problem in recording.problems)


def test_spikes_far_after_the_stated_end_lengthen_what_rates_are_over(reading):
    fired = {"A1_11": [12_500 * second for second in range(39)]}
    recording = reading(plate_of(spikes(records_of(fired, CHANNELS), CHANNELS, duration=30.0)))
    assert recording.trains.n_spikes == 39
    assert recording.duration == 38.0


def test_voltage_that_ends_before_the_spikes_costs_none_of_them(reading):
    counts = np.zeros((12_500, CHANNELS.size), np.int16)
    fired = {"A1_11": [125 * second for second in range(1, 7000, 100)]}
    records = records_of(fired, CHANNELS)
    recording = reading(plate_of(split_continuous(counts), split_spikes(records)))
    assert_trains(recording, fired)
    assert recording.duration_source is DurationSource.SPIKES
    assert any("length is not known" in problem for problem in recording.problems)


def test_spikes_before_zero_are_kept(reading, spike_part):
    fired = {"A1_11": [-3000, -1, 0, 8], "B2_22": [-1825]}
    recording = reading(plate_of(spike_part(records_of(fired, CHANNELS))))
    assert_trains(recording, fired)
    assert recording.trains.start <= -0.24
    assert trains_of(recording)["B2_22"].tolist() == [-0.146]


def test_the_end_is_stated_although_spikes_precede_zero(reading):
    recording = reading(plate_of(spikes(records_of({"A1_11": [-3000, 100]}, CHANNELS), CHANNELS, duration=610.0)))
    assert recording.duration_source is DurationSource.STATED
    assert (recording.start, recording.stop) == (-0.24, 610.0)
    assert recording.duration == 610.0


def test_spikes_in_any_order(reading, spike_part):
    fired = {name: list(range(100 + i, 40_000, 977)) for i, name in enumerate(EVERY[::7])}
    records = records_of(fired, CHANNELS)
    mixed = np.random.default_rng(6).permutation(records)
    recording = reading(plate_of(spike_part(mixed)))
    assert_trains(recording, fired)
    order = order_of(recording, mixed, CHANNELS)
    np.testing.assert_allclose(recording.trains.waveforms[:], mixed["waveform"][order] * (SCALE * 1e6), rtol=1e-6)


def test_two_spikes_at_one_time(reading, spike_part):
    fired = {"A1_11": [500, 500], "A1_12": [500]}
    assert_trains(reading(plate_of(spike_part(records_of(fired, CHANNELS)))), fired)


def test_channels_are_told_apart_by_chip_and_number(reading):
    # A swap of both bytes must not lead to another electrode that exists.
    channels = CHANNELS.copy()
    channels["chip"], channels["channel"] = np.arange(384) // 20, np.arange(384) % 20
    fired = {"A1_12": [50], "B1_21": [60], "D6_44": [70]}
    records = records_of(fired, channels)
    assert_trains(reading(compose(channel_array(CYTOVIEW_24, channels), spikes(records, channels))), fired)
    assert_trains(reading(compose(channel_array(CYTOVIEW_24, channels), split_spikes(records))), fired)


spike_sets = st.dictionaries(st.sampled_from(EVERY), st.lists(st.integers(-5000, 7_000_000), max_size=8), max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fired=spike_sets, rate=st.sampled_from([10000.0, 12500.0, 20000.0]), trigger=st.integers(0, 37))
def test_any_spikes(reading, fired, rate, trigger):
    records = records_of(fired, CHANNELS, trigger=trigger)
    recording = reading(plate_of(spikes(records, CHANNELS, rate=rate, duration=701.0)))
    assert_trains(recording, fired, rate)
    assert recording.problems == ()


# --- how large ---


@pytest.mark.parametrize("scale", [SCALE, -SCALE])
def test_amplitudes_are_the_voltage_at_the_trigger_with_its_sign(reading, spike_part, scale):
    records = records_of(FIRED, CHANNELS)
    records["waveform"][:, 11] = 300 * np.array([1, -2, 3, -4, 5, -6, 7])
    recording = reading(plate_of(spike_part(records, scale=scale)))
    size = records["waveform"][order_of(recording, records, CHANNELS), 11] * (scale * 1e6)
    assert (size < 0).any()
    assert (size > 0).any()
    np.testing.assert_allclose(recording.trains.amplitudes, size, rtol=1e-6)


@pytest.mark.parametrize("scale", [SCALE, -5.8139534883720935e-08, 5.51e-8])
def test_waveforms(reading, spike_part, scale):
    records = records_of(FIRED, CHANNELS)
    recording = reading(plate_of(spike_part(records, scale=scale)))
    expected = records["waveform"][order_of(recording, records, CHANNELS)] * (scale * 1e6)
    waveforms = recording.trains.waveforms
    assert waveforms.shape == (7, 38)
    assert len(waveforms) == 7
    for rows in (slice(None), slice(2, 5), slice(None, None, 3), np.array([6, 0, 0, 3]), slice(3, 3)):
        found = waveforms[rows]
        assert found.dtype == np.float32
        assert found.shape == expected[rows].shape
        np.testing.assert_allclose(found, expected[rows], rtol=1e-6, atol=1e-9)


def test_extremes_of_counts_do_not_overflow(reading, spike_part):
    records = records_of({"A1_11": [100, 200]}, CHANNELS)
    records["waveform"][0], records["waveform"][1] = -32768, 32767
    recording = reading(plate_of(spike_part(records)))
    values = np.array([[-32768], [32767]]) * (SCALE * 1e6)
    np.testing.assert_allclose(recording.trains.waveforms[:], np.repeat(values, 38, axis=1), rtol=1e-6)
    np.testing.assert_allclose(recording.trains.amplitudes, values[:, 0], rtol=1e-6)


def test_waveforms_can_be_sent_to_another_process(reading):
    records = records_of(FIRED, CHANNELS)
    recording = reading(plate_of(spikes(records, CHANNELS)))
    before = recording.trains.waveforms[:]
    again = pickle.loads(pickle.dumps(recording.trains.waveforms))  # noqa: S301 -- made in the line itself
    np.testing.assert_array_equal(again[:], before)


@pytest.mark.parametrize("n_samples", [1, 2, 25, 75, 200])
def test_lengths_of_waveforms(reading, spike_part, n_samples):
    records = records_of(FIRED, CHANNELS, n_samples=n_samples, trigger=n_samples // 3)
    recording = reading(plate_of(spike_part(records)))
    assert_trains(recording, FIRED)
    assert recording.trains.waveforms.shape == (7, n_samples)
    expected = records["waveform"][order_of(recording, records, CHANNELS)] * (SCALE * 1e6)
    np.testing.assert_allclose(recording.trains.waveforms[:], expected, rtol=1e-6, atol=1e-9)


def test_spikes_without_waveforms_are_refused_or_all_there(tmp_path, spike_part):
    found = outcome(write(plate_of(spike_part(records_of(FIRED, CHANNELS, n_samples=0))), tmp_path))
    if not isinstance(found, ReadError):
        assert_trains(found[0], FIRED)


@pytest.mark.parametrize("reserved", [1, 8, 34])
def test_bytes_in_reserve_are_passed_over(reading, spike_part, reserved):
    records = records_of(FIRED, CHANNELS, reserved=reserved)
    records["reserved"] = 0xAB
    recording = reading(plate_of(spike_part(records)))
    assert_trains(recording, FIRED)
    expected = records["waveform"][order_of(recording, records, CHANNELS)] * (SCALE * 1e6)
    np.testing.assert_allclose(recording.trains.waveforms[:], expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("header", [0, 1, 14, 29])
def test_records_too_short_for_a_spike_are_refused(tmp_path, header):
    for part in (
        spikes(records_of(FIRED, CHANNELS), CHANNELS, block_header=header),
        split_spikes(records_of(FIRED, CHANNELS), block_header=header),
    ):
        assert told(outcome(write(plate_of(part), tmp_path)))


# --- what is wrong with some spikes does not cost the others ---


@pytest.mark.parametrize("trigger", [-1, 38, 5000, -(2**31), 2**31 - 1])
def test_a_trigger_outside_the_waveform(tmp_path, trigger):
    records = records_of(FIRED, CHANNELS)
    good = {name: list(samples) for name, samples in FIRED.items() if name != "C5_42"}
    records["trigger"][0] = trigger  # of C5_42, which fires first
    found = outcome(write(plate_of(spikes(records, CHANNELS)), tmp_path))
    if not isinstance(found, ReadError):
        times = trains_of(found[0])
        for name, samples in good.items():
            np.testing.assert_allclose(times[name], np.array(samples) / 12500)
        assert found[0].problems or times["C5_42"].size


@pytest.mark.parametrize("start", [-(2**63), 2**63 - 1, 2**62, -(2**40)])
def test_a_time_that_cannot_be_is_told(tmp_path, start):
    records = records_of(FIRED, CHANNELS)
    records["start"][0] = start
    for part in (spikes(records, CHANNELS), split_spikes(records)):
        found = outcome(write(plate_of(part), tmp_path))
        assert told(found)
        if not isinstance(found, ReadError):
            np.testing.assert_allclose(trains_of(found[0])["A1_11"], np.array(FIRED["A1_11"]) / 12500)


def test_spikes_behind_the_stated_end_are_told(tmp_path):
    found = outcome(write(plate_of(spikes(records_of(FIRED, CHANNELS), CHANNELS, duration=300.0)), tmp_path))
    assert told(found)
    if not isinstance(found, ReadError):
        np.testing.assert_allclose(trains_of(found[0])["A1_11"], np.array(FIRED["A1_11"]) / 12500)


def test_spikes_of_unknown_channels_are_told_and_left_out(reading, spike_part):
    records = records_of(FIRED, CHANNELS)
    stray = np.flatnonzero(records["start"] + 11 == 2500)[0]
    records["chip"][stray] = 77
    recording = reading(plate_of(spike_part(records)))
    assert recording.trains.n_spikes == 6
    assert recording.problems
    times = trains_of(recording)
    assert times["C5_42"].tolist() == [12 / 12500]
    assert times["D6_44"].tolist() == [0.01, 126 / 12500, 560.0]
    expected = np.delete(records, stray)
    order = order_of(recording, expected, CHANNELS)
    np.testing.assert_allclose(recording.trains.waveforms[:], expected["waveform"][order] * (SCALE * 1e6), rtol=1e-6)
    assert recording.trains.amplitudes.shape == (6,)


def test_spikes_of_unknown_channels_only(tmp_path):
    records = records_of(FIRED, CHANNELS)
    records["chip"] = 77
    found = outcome(write(plate_of(spikes(records, CHANNELS)), tmp_path))
    assert told(found)
    assert isinstance(found, ReadError) or found[0].trains.n_spikes == 0


@pytest.mark.parametrize("lost", [1, 50, 76, 105])
def test_a_last_record_that_was_cut_is_left_out(tmp_path, spike_part, lost):
    kept = {**FIRED, "D6_44": [125, 126]}
    for to_end in (True, False):
        file = plate_of(spike_part(records_of(FIRED, CHANNELS)), to_end=to_end)
        path = tmp_path / "plate.spk"
        path.write_bytes(file.content[:-lost])
        found = outcome(path)
        assert told(found)
        if not isinstance(found, ReadError):
            assert_trains(found[0], kept)
            assert found[0].trains.waveforms[:].shape == (6, 38)
        else:
            assert not to_end, f"intact spikes were refused: {found}"


def test_a_length_that_is_not_a_whole_number_of_records(tmp_path):
    file = plate_of(spikes(records_of(FIRED, CHANNELS), CHANNELS))
    for name in ("data length", "samples per block", "block header size"):
        field = file.field(name)
        content = file.repaired(field.forged(file.content, field.value(file.content) + 1))
        (tmp_path / "plate.spk").write_bytes(content)
        assert told(outcome(tmp_path / "plate.spk"))


def test_noise_of_not_a_number(reading):
    records = records_of(FIRED, CHANNELS)
    records["noise"], records["threshold"] = np.nan, np.inf
    assert_trains(reading(plate_of(spikes(records, CHANNELS))), FIRED)


# --- many ---

SMALL_MEMORY = """
import resource, sys
sys.path.insert(0, {tests!r})
from readers.axis_outcomes import read_path
from pathlib import Path
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
recording, = read_path(Path(sys.argv[1]))
print(recording.trains.n_spikes, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_many_spikes(tmp_path):
    channels, n_spikes = CYTOVIEW_48.channels(), 300_000
    file = compose(channel_array(CYTOVIEW_48), many_spikes(n_spikes, channels))
    (recording,) = read_path(write(file, tmp_path, "plate.spk"))
    position = {name: i for i, name in enumerate(electrodes(recording))}
    row_of = np.full((256, 256), -1)
    row_of[channels["chip"], channels["channel"]] = [position[name] for name in names(channels)]
    blocks = list(spike_blocks(n_spikes, channels))
    train = np.concatenate([row_of[block["chip"], block["channel"]] for block in blocks])
    times = np.concatenate([block["start"] + block["trigger"] for block in blocks]) / 12500
    np.testing.assert_array_equal(recording.trains.counts, np.bincount(train, minlength=768))
    order = np.lexsort((times, train))
    np.testing.assert_allclose(recording.trains.times, times[order], rtol=0, atol=1e-9)
    some = np.random.default_rng(3).integers(n_spikes, size=500)
    shapes = np.concatenate([block["waveform"] for block in blocks])[order[some]]
    np.testing.assert_allclose(recording.trains.waveforms[some], shapes * (SCALE * 1e6), rtol=1e-6)


def test_many_spikes_take_little_memory(tmp_path):
    file = compose(channel_array(CYTOVIEW_48), many_spikes(1_000_000, CYTOVIEW_48.channels()))
    path = write(file, tmp_path, "plate.spk")
    script = SMALL_MEMORY.format(tests=str(__file__).rsplit("/readers/", 1)[0])
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    n_spikes, grown = map(int, done.stdout.split())
    assert n_spikes == 1_000_000
    assert grown * 1024 < 2 * file.size + (64 << 20)
