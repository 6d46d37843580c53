"""Spikes from raw voltage against the plain reference, and what must not change them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.plain_detection import bandpassed, bridged
from signals import Counted, Memory
from voltages import DEFAULTS, agreement, coloured, simulated, template, with_spikes

from mnephys.mea.detection import DetectionSettings, detect, detect_spikes
from mnephys.mea.detection.samples import as_samples
from mnephys.recording.signal import SEGMENT

RATE = 12500.0


def of_channel(trains, channel):
    part = slice(trains.offsets[channel], trains.offsets[channel + 1])
    return trains.times[part], trains.amplitudes[part]


def assert_same(one, other):
    assert np.array_equal(one.offsets, other.offsets)
    assert np.array_equal(one.times, other.times)
    assert np.array_equal(one.amplitudes, other.amplitudes)
    if one.waveforms is not None:
        assert np.array_equal(one.waveforms, other.waveforms)


def assert_agrees(values, rate, *, least=50, columns=None, **options):
    """Compare each channel with the reference; `columns` are what it is given where that is something else."""
    asked = DEFAULTS | {name: value for name, value in options.items() if name != "blanks"}
    blank = [((first + 0.5) / rate, (last - 0.5) / rate) for first, last in options.get("blanks", ())]
    found = detect(values, rate, DetectionSettings(**asked), blank=blank)
    for channel in range(values.shape[1]):
        column = (values if columns is None else columns)[:, channel].astype(np.float64)
        times, heights = of_channel(found.trains, channel)
        same = agreement(column, times * rate, heights, found.noise[channel], rate, **options)
        assert not same.missing
        assert not same.extra
        assert same.matched >= least
        assert same.near <= 0.02 * same.matched
        assert same.apart < 1e-3
        assert same.height < 1e-3


RATES = [10000.0, 12500.0, 20000.0, 25000.0, 50000.0]


@pytest.mark.parametrize("rate", RATES)
def test_float_voltage_of_every_rate(rate):
    assert_agrees(simulated(31, rate).astype(np.float32), rate, band=(300.0, min(5000.0, 0.4 * rate)))


@pytest.mark.parametrize("rate", RATES)
def test_clipped_integers_of_every_rate(rate):
    values = np.clip(np.round(simulated(32, rate) / 0.2), -700, 700).astype(np.int16)
    assert (np.abs(values) == 700).any(axis=0).all()
    assert_agrees(values, rate, band=(300.0, min(5000.0, 0.4 * rate)), least=30)


@pytest.mark.parametrize("zero_phase", [True, False])
@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_every_order(order, zero_phase):
    assert_agrees(simulated(33, RATE).astype(np.float32), RATE, order=order, zero_phase=zero_phase)


@pytest.mark.parametrize("zero_phase", [True, False])
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("polarity", ["negative", "positive", "both"])
def test_every_polarity(polarity, sign, zero_phase):
    values = simulated(34, RATE, sign=sign).astype(np.float32)
    assert_agrees(values, RATE, polarity=polarity, zero_phase=zero_phase, least=10)


@pytest.mark.parametrize("dead_time", [0.0, 8e-5, 3e-4, 2e-3, 2e-2])
@pytest.mark.parametrize("threshold", [3.5, 8.0])
def test_every_dead_time_and_threshold(dead_time, threshold):
    values = simulated(35, RATE, n_channels=2).astype(np.float32)
    assert_agrees(values, RATE, dead_time=dead_time, threshold=threshold)


def test_offset_of_amplifier():
    values = np.clip(np.round(simulated(36, RATE) / 0.2) + 20000, -32768, 32767).astype(np.int16)
    assert_agrees(values, RATE)


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=15)
def test_any_noise(seed):
    rng = np.random.default_rng(seed)
    values = with_spikes(rng, coloured(rng, 8000, 2), RATE, per_second=60.0)
    assert_agrees(values.astype(np.float32), RATE, least=5, threshold=4.0)


PLACES = [0, 1, 3, 1249, 1250, 1251, 12495, 12499, 12500, 12501, 12504, 24999, 25000]


@pytest.mark.parametrize("place", [*PLACES, *(-1 - place for place in (0, 1, 3, 20))])
@pytest.mark.parametrize("chunk", [0.1, 1.0])
def test_spike_at_the_border_of_pieces_and_at_the_ends(place, chunk):
    values = coloured(np.random.default_rng(37), 40_000, 1)
    shape = template(RATE)
    padded = np.pad(values, ((200, 200), (0, 0)))
    trough = 200 + place % 40_000
    padded[trough - int(shape.argmin()) :, 0][: shape.size] += 120.0 * shape
    values = np.round(padded[200:-200] * 5).astype(np.int16)
    times, heights = of_channel(detect_spikes(values, RATE, chunk_duration=chunk), 0)
    at = np.abs(times * RATE - place % 40_000)
    assert at.min() < 1.5
    assert np.count_nonzero(at < 12) == 1
    assert heights[at.argmin()] < -200
    assert_agrees(values, RATE, least=1)


@pytest.mark.parametrize("apart", [5, 11, 12, 13, 14, 20])
def test_spikes_nearer_than_the_dead_time_are_the_larger_one(apart):
    values = np.random.default_rng(38).normal(0, 1, (25_000, 1))
    values[5000, 0] -= 100.0
    values[5000 + apart, 0] -= 150.0
    times, _ = of_channel(detect_spikes(values, RATE, threshold=15.0, dead_time=0.001), 0)
    # 1 ms is 12.5 samples, which is 12.
    expected = [5000 + apart] if apart <= 12 else [5000, 5000 + apart]
    assert np.round(times * RATE).tolist() == expected


OTHERWISE = [{"chunk_duration": chunk, "jobs": jobs} for chunk in (0.0123, 0.1, 1.0, 10.0) for jobs in (1, 2)]


@pytest.mark.parametrize("threshold", [5.0, 3.0])
@pytest.mark.parametrize("noise", ["mad", "adaptive"])
@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_pieces_and_jobs_change_no_bit(dtype, noise, threshold):
    values = np.round(simulated(39, RATE, seconds=12.0, n_channels=5) * 5).astype(dtype)
    options = {"noise": noise, "threshold": threshold, "polarity": "both", "waveforms": (0.001, 0.002)}
    blank = [(3.99, 4.003), (7.2, 7.9)]
    whole = detect_spikes(values, RATE, chunk_duration=100.0, blank=blank, **options)
    assert whole.n_spikes > 500
    for other in OTHERWISE:
        assert_same(whole, detect_spikes(values, RATE, blank=blank, **options, **other))


@given(st.permutations(range(6)))
@settings(deadline=None, max_examples=8)
def test_order_of_channels_is_that_of_trains(order):
    values = np.round(simulated(40, RATE, seconds=2.0, n_channels=6) * 5).astype(np.int16)
    plain, moved = detect_spikes(values, RATE), detect_spikes(np.ascontiguousarray(values[:, order]), RATE)
    for channel, source in enumerate(order):
        for one, other in zip(of_channel(moved, channel), of_channel(plain, source), strict=True):
            assert np.array_equal(one, other)


def test_channel_alone_is_channel_among_others():
    values = np.round(simulated(41, RATE, seconds=3.0, n_channels=6) * 5).astype(np.int16)
    among = detect_spikes(values, RATE)
    for channel in range(6):
        alone = detect_spikes(np.ascontiguousarray(values[:, channel : channel + 1]), RATE)
        assert np.array_equal(alone.times, of_channel(among, channel)[0])


@given(st.integers(-20000, 20000))
@settings(deadline=None, max_examples=10)
def test_constant_changes_nothing(offset):
    values = np.clip(np.round(simulated(42, RATE, seconds=2.0) * 5), -12000, 12000).astype(np.int16)
    plain, moved = detect_spikes(values, RATE), detect_spikes(values + np.int16(offset), RATE)
    assert np.array_equal(plain.offsets, moved.offsets)
    assert np.abs(plain.times - moved.times).max() < 1e-5 / RATE
    assert np.abs(plain.amplitudes - moved.amplitudes).max() < 1e-3


@pytest.mark.parametrize("factor", [2.0, 0.125, 2.0**-20])
def test_scale_changes_amplitudes_alone(factor):
    values = simulated(43, RATE, seconds=2.0).astype(np.float32)
    plain, scaled = detect_spikes(values, RATE), detect_spikes(values * np.float32(factor), RATE)
    assert np.array_equal(plain.times, scaled.times)
    assert np.array_equal(plain.offsets, scaled.offsets)
    assert np.array_equal(plain.amplitudes * np.float32(factor), scaled.amplitudes)


@given(st.integers(1, 3000))
@settings(deadline=None, max_examples=10)
def test_later_is_later(shift):
    values = np.round(simulated(44, RATE, seconds=3.0) * 5).astype(np.int16)
    # Noise is looked at elsewhere, so that a few spikes near the threshold come or go.
    plain, moved = (detect(each, RATE, DetectionSettings(**DEFAULTS)) for each in (values, values[shift:]))
    for channel in range(3):
        limit = 5.0 * max(plain.noise[channel], moved.noise[channel])
        sets = []
        for found, by in ((plain, 0), (moved, shift)):
            times, heights = of_channel(found.trains, channel)
            late = times * RATE + by > shift + 400
            sets.append(set(np.round(times * RATE + by, 3)[late & (-heights > 1.01 * limit)].tolist()))
        assert sets[0] == sets[1]
        assert len(sets[0]) > 5


def test_reversed_time_and_sign_are_reversed_spikes():
    values = np.round(simulated(45, RATE, seconds=2.0) * 5).astype(np.int16)
    plain = detect(values, RATE, DetectionSettings(**DEFAULTS))
    flipped = detect(
        np.ascontiguousarray(-values[::-1]), RATE, DetectionSettings(**DEFAULTS | {"polarity": "positive"})
    )
    for channel in range(3):
        # Noise is looked at elsewhere, so that a few spikes near the threshold come or go.
        limit = 5.05 * max(plain.noise[channel], flipped.noise[channel])
        times, heights = of_channel(plain.trains, channel)
        mirrored, depths = of_channel(flipped.trains, channel)
        clear, clear_too = heights < -limit, depths > limit
        assert clear.sum() > 20
        assert np.allclose(times[clear], (values.shape[0] - 1) / RATE - mirrored[clear_too][::-1], atol=1e-8)
        assert np.allclose(heights[clear], -depths[clear_too][::-1], atol=1e-3)


def test_memory_map_is_its_array(tmp_path):
    values = np.round(simulated(46, RATE, seconds=3.0) * 5).astype(np.int16)
    values.tofile(tmp_path / "signal.bin")
    mapped = np.memmap(tmp_path / "signal.bin", np.int16, "r", shape=values.shape)
    for jobs in (1, 2):
        assert_same(detect_spikes(values, RATE), detect_spikes(mapped, RATE, jobs=jobs, chunk_duration=0.3))


@pytest.mark.parametrize("kind", ["f8", ">i2", "i4", "fortran"])
def test_storage_makes_no_difference(kind):
    values = np.round(simulated(47, RATE, seconds=2.0) * 5).astype(np.int16)
    stored = np.asfortranarray(values) if kind == "fortran" else values.astype(kind)
    assert_same(detect_spikes(values, RATE), detect_spikes(stored, RATE))


@pytest.mark.parametrize("polarity", ["negative", "positive", "both"])
@pytest.mark.parametrize("microvolts", [0.25, -0.25])
def test_counts_are_searched_as_they_are_stored(polarity, microvolts):
    values = np.round(simulated(47, RATE, seconds=2.0) * 5).astype(np.int16)
    settings, cut = DetectionSettings(polarity=polarity), (1e-3, 1e-3)
    plain = detect(values, RATE, settings, waveforms=cut)
    counted = detect(
        Counted((np.sign(microvolts) * values).astype(np.int16), microvolts), None, settings, waveforms=cut
    )
    assert plain.trains.n_spikes > 100
    assert np.array_equal(counted.trains.times, plain.trains.times)
    assert np.array_equal(counted.trains.offsets, plain.trains.offsets)
    assert np.allclose(counted.trains.amplitudes, 0.25 * plain.trains.amplitudes, rtol=1e-6)
    assert np.allclose(counted.trains.waveforms, 0.25 * plain.trains.waveforms, rtol=1e-6)
    assert np.allclose(counted.noise, 0.25 * plain.noise)


def test_stretches_are_searched_apart():
    values = np.round(simulated(48, RATE, seconds=6.0, n_channels=4) * 5).astype(np.int16)
    # The voltage jumps at the gap, which is nothing to find.
    values[30_000:] += 6000
    signal = Memory(np.array([(0, 2.5), (30_000, 100.0)], SEGMENT), range(4), values.shape[0])
    signal.values = values
    for jobs in (1, 2):
        together = detect_spikes(signal, jobs=jobs, noise="adaptive")
        first, second = (detect_spikes(each, RATE, noise="adaptive") for each in (values[:30_000], values[30_000:]))
        for channel in range(4):
            times, heights = of_channel(together, channel)
            parts = [of_channel(first, channel), of_channel(second, channel)]
            expected = np.concatenate([parts[0][0] + 2.5, parts[1][0] + 100.0])
            assert np.allclose(times, expected, rtol=0, atol=1e-9)
            assert np.array_equal(heights, np.concatenate([parts[0][1], parts[1][1]]))
    assert signal.most < 20_000
    assert together.stretches == pytest.approx(
        np.array([[2.5, 2.5 + 30_000 / RATE], [100.0, 100.0 + (values.shape[0] - 30_000) / RATE]])
    )
    assert (together.start, together.stop) == (2.5, pytest.approx(100.0 + (values.shape[0] - 30_000) / RATE))


@pytest.mark.parametrize("blanks", [[(1000, 1400)], [(0, 300), (20_000, 20_100), (39_000, 39_999)], [(12_000, 13_000)]])
def test_blanks_are_lines_without_spikes(blanks):
    values = simulated(49, RATE, seconds=3.2, n_channels=2)
    for first, last in blanks:
        values[first + 20 : last - 20] += 5000.0
    values = values.astype(np.float32)
    columns = np.stack([bridged(column, blanks) for column in values.T], axis=1)
    assert_agrees(values, RATE, columns=columns, blanks=blanks, least=20)
    trains = detect_spikes(values, RATE, blank=[((a + 0.5) / RATE, (b - 0.5) / RATE) for a, b in blanks])
    samples = trains.times * RATE
    for first, last in blanks:
        assert not ((samples > first + 0.5) & (samples < last - 0.5)).any()


@pytest.mark.parametrize("zero_phase", [True, False])
def test_waveforms_are_the_filtered_samples_around_spikes(zero_phase):
    values = np.round(simulated(50, RATE, seconds=3.0, n_channels=2) * 5).astype(np.int16)
    trains = detect_spikes(values, RATE, waveforms=(0.001, 0.002), zero_phase=zero_phase)
    cuts = np.asarray(trains.waveforms)
    before, after = round(0.001 * RATE), round(0.002 * RATE)
    assert cuts.shape == (trains.n_spikes, before + after + 1)
    for channel in range(2):
        y, padding = bandpassed(values[:, channel].astype(float), RATE, (300.0, 5000.0), 3, zero_phase=zero_phase)
        part = slice(trains.offsets[channel], trains.offsets[channel + 1])
        samples = np.round(trains.times[part] * RATE).astype(int)
        around = y[padding + samples[:, np.newaxis] + np.arange(-before, after + 1)]
        # Where the vertex is half a sample away, rounding may name the neighbour.
        middle = np.abs(trains.times[part] * RATE - samples) < 0.49
        assert np.abs(cuts[part] - around)[middle].max() < 0.2
        assert middle.sum() > 50


@pytest.mark.parametrize("threshold", [5.0, 3.0])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_costs_what_the_filter_reaches(bad, threshold):
    clean = simulated(51, RATE, seconds=12.0, n_channels=5).astype(np.float32)
    values = clean.copy()
    values[70_000, 1] = bad
    values[:, 2] = bad
    values[0, 3] = bad
    plain = detect_spikes(clean, RATE, threshold=threshold)
    whole = detect(values, RATE, DetectionSettings(**DEFAULTS | {"threshold": threshold}))
    assert whole.faults[2]
    assert whole.trains.counts[2] == 0
    for channel in (0, 4):
        for one, other in zip(of_channel(plain, channel), of_channel(whole.trains, channel), strict=True):
            assert np.array_equal(one, other)
    limit = 1.02 * threshold
    for channel, place in ((1, 70_000), (3, 0)):
        assert not whole.faults[channel]
        times, heights = of_channel(plain, channel)
        clear = (-heights > limit * whole.noise[channel]) & (np.abs(times * RATE - place) > 400)
        kept = np.round(of_channel(whole.trains, channel)[0] * RATE, 3)
        assert np.isin(np.round(times[clear] * RATE, 3), kept).all()
        assert (np.abs(kept - place) > 1).all()
    for chunk in (0.1, 10.0):
        assert_same(whole.trains, detect_spikes(values, RATE, threshold=threshold, chunk_duration=chunk))


def test_constant_channels_are_not_searched():
    values = np.round(simulated(52, RATE, seconds=2.0, n_channels=4) * 5).astype(np.int16)
    plain = detect_spikes(values, RATE)
    values[:, 1] = 77
    values[:, 3] = -32768
    found = detect(values, RATE, DetectionSettings(**DEFAULTS))
    assert [bool(fault) for fault in found.faults] == [False, True, False, True]
    assert found.trains.counts[[1, 3]].tolist() == [0, 0]
    assert np.isnan(found.noise[[1, 3]]).all()
    for channel in (0, 2):
        assert np.array_equal(of_channel(found.trains, channel)[0], of_channel(plain, channel)[0])


@pytest.mark.parametrize("noise", ["mad", "adaptive"])
@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 100, 1249])
def test_few_samples(n, noise):
    values = np.random.default_rng(53).normal(size=(n, 3))
    for options in ({}, {"zero_phase": False}, {"polarity": "both", "threshold": 1.0}, {"jobs": 2}):
        trains = detect_spikes(values, RATE, noise=noise, **options)
        assert trains.counts.size == 3
        assert trains.stop == pytest.approx(n / RATE)


def test_no_channels():
    assert detect_spikes(np.zeros((1000, 0)), RATE).counts.size == 0


WRONG = [
    ({"band": (300.0, 6250.0)}, "12500"),
    ({"band": (5000.0, 300.0)}, "band"),
    ({"band": (300.0,)}, "band|unpack"),
    ({"order": 0}, "order 0"),
    ({"order": np.nan}, "order|NaN"),
    ({"threshold": 0.0}, "threshold"),
    ({"threshold": np.nan}, "threshold"),
    ({"noise": "mat"}, "mat"),
    ({"polarity": "up"}, "up"),
    ({"dead_time": -1e-3}, "dead time"),
    ({"dead_time": np.inf}, "dead time"),
    ({"jobs": 0}, "jobs"),
    ({"jobs": 1.5}, "jobs"),
    ({"chunk_duration": 0.0}, "chunks"),
    ({"chunk_duration": np.nan}, "chunks"),
    ({"waveforms": (-0.001, 0.001)}, "waveform"),
    ({"waveforms": (0.001, np.nan)}, "waveform|NaN"),
    ({"blank": [(2.0, 1.0)]}, "blank"),
    ({"blank": [(np.nan, 1.0)]}, "blank"),
    ({"sampling_rate": None}, "sampling rate"),
    ({"sampling_rate": 0.0}, "sampling rate"),
    ({"sampling_rate": np.nan}, "sampling rate"),
]


@pytest.mark.parametrize(("wrong", "words"), WRONG)
def test_what_cannot_be_is_refused(wrong, words):
    values = np.random.default_rng(54).normal(size=(2000, 2))
    with pytest.raises(ValueError, match=words):
        detect_spikes(values, **({"sampling_rate": RATE} | wrong))


def test_a_crossing_within_a_blank_hides_no_spike_beside_it():
    values = np.random.default_rng(50).normal(0, 1, (25_000, 1))
    values[10_000, 0] -= 60.0
    values[10_010:10_020, 0] -= 500.0
    found = detect_spikes(values, RATE, threshold=15.0, dead_time=2e-3, blank=[(10_006 / RATE, 10_030 / RATE)])
    assert np.round(found.times * RATE).tolist() == [10_000]


def test_short_stretches_share_the_noise_of_all():
    values = np.random.default_rng(51).normal(0, 5, (400 * 50, 8)).astype(np.float32)
    segments = np.array([(50 * k, 10.0 * k) for k in range(400)], SEGMENT)
    signal = Memory(segments, range(8), values.shape[0])
    signal.values = values
    assert detect_spikes(signal, threshold=6.0).n_spikes <= 1


def test_a_channel_of_which_little_is_known_is_not_searched():
    values = np.random.default_rng(52).normal(0, 5, (250_000, 3)).astype(np.float32)
    values[: round(0.96 * 250_000), 0] = np.nan
    values[:125_000, 1] = np.nan
    found = detect(values, RATE, DetectionSettings())
    assert found.faults[0].endswith("% of it are numbers that vary")
    assert found.faults[2] == ""
    gap = Memory(np.array([(0, 0.0), (125_000, 50.0)], SEGMENT), range(3), 250_000)
    gap.values = values
    assert detect(gap, None, DetectionSettings()).noise[2] == pytest.approx(found.noise[2], rel=0.05)


@pytest.mark.parametrize("make", [lambda m: m, lambda m: m.reshape(-1, 4), lambda m: m[:40_000].reshape(-1, 4)])
def test_views_of_a_map_are_read_by_position(make, tmp_path):
    values = np.round(simulated(53, RATE, seconds=2.0, n_channels=4) * 5).astype(np.int16)
    path = tmp_path / "v.bin"
    path.write_bytes(b"head" * 2 + values.tobytes())
    flat = np.memmap(path, np.int16, "r", offset=8)
    view = flat.reshape(-1, 4) if make(flat).ndim == 1 else make(flat)
    (samples,), _, _ = as_samples(view, RATE, np.zeros((0, 2)))
    assert type(samples.signal).__name__ == "_MappedFile"
    assert np.array_equal(samples.read(100, 200), values[100:200])
    later, _, _ = as_samples(view[1000:], RATE, np.zeros((0, 2)))
    assert np.array_equal(later[0].read(0, 50), values[1000:1050])


@pytest.mark.parametrize("drift", [1e5, 1e6])
def test_large_drift_of_float_voltage_depends_on_no_pieces(drift):
    at = np.linspace(0, 1, 150_000)[:, np.newaxis]
    values = (simulated(54, RATE, seconds=12.0, n_channels=2) + drift * np.sin(3 * at)).astype(np.float32)
    whole = detect_spikes(values, RATE, threshold=3.0, chunk_duration=10.0)
    for chunk in (0.1, 1.0):
        assert_same(whole, detect_spikes(values, RATE, threshold=3.0, chunk_duration=chunk))
