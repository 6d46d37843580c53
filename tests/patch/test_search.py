"""Searches in many windows equal plain loops over them, whatever is searched: voltage, slope or rise."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnephys.patch.search import first_below, highest, last_below, lowest
from mnephys.patch.slope import voltage_slope
from mnephys.patch.sources import Rise, SettledSlope, Slope, Voltage

RATE, HALF, RUN = 20000.0, 3, 4
N_SAMPLES = 150


def _sweeps(seed: int, gaps: float) -> np.ndarray:
    """Return three sweeps of a random walk in whole numbers, so that ties are real, some samples missing."""
    rng = np.random.default_rng(seed)
    sweeps = np.cumsum(rng.integers(-3, 4, (3, N_SAMPLES)), axis=1).astype(np.float32)
    sweeps[rng.random(sweeps.shape) < gaps] = np.nan
    return sweeps


def _plain(name: str, sweeps: np.ndarray, spoilt: np.ndarray) -> np.ndarray:
    """Return what a source has, for all samples at once."""
    if name == "voltage":
        return sweeps.ravel()
    if name == "rise":
        rise = np.full(sweeps.shape, np.nan)
        for row, sweep in enumerate(sweeps):
            for i in range(HALF, N_SAMPLES - HALF):
                rise[row, i] = sweep[i + HALF] - sweep[i - HALF]
        rise.ravel()[spoilt] = np.nan
        return rise.ravel()
    slope = voltage_slope(sweeps, RATE).astype(np.float64)
    if name == "settled slope":
        for row, sweep in enumerate(sweeps):
            for i in range(N_SAMPLES):
                mean = (float(sweep[i]) - float(sweep[max(i - RUN, 0)])) * RATE / 1000 / RUN
                slope[row, i] = max(slope[row, i], mean)
    return slope.ravel()


def _source(name: str, sweeps: np.ndarray, spoilt: np.ndarray):
    voltage = Voltage(sweeps)
    return {
        "voltage": voltage,
        "rise": Rise(voltage, HALF, spoilt),
        "slope": Slope(voltage, RATE),
        "settled slope": SettledSlope(Slope(voltage, RATE), RUN),
    }[name]


# Each stretch lies within one sweep; many begin or end where a sweep does.
PLACE = st.integers(0, N_SAMPLES) | st.just(0) | st.just(N_SAMPLES)
STRETCHES = st.lists(st.tuples(st.integers(0, 2), PLACE, PLACE), max_size=12)
EVERY = pytest.mark.parametrize("name", ["voltage", "rise", "slope", "settled slope"])


def _bounds(stretches: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray]:
    table = np.array(stretches, dtype=np.int64).reshape(-1, 3)
    return table[:, 0] * N_SAMPLES + table[:, 1], table[:, 0] * N_SAMPLES + table[:, 2]


@EVERY
@settings(deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.02, 0.5]), STRETCHES)
def test_extremes_equal_plain_loops(name, seed, gaps, stretches):
    sweeps = _sweeps(seed, gaps)
    spoilt = np.random.default_rng(seed).random(sweeps.size) < 0.1
    plain, source = _plain(name, sweeps, spoilt), _source(name, sweeps, spoilt)
    start, stop = _bounds(stretches)
    low, high = lowest(source, start, stop), highest(source, start, stop)
    for i, (a, b) in enumerate(zip(start.tolist(), stop.tolist(), strict=True)):
        known = plain[a:b][~np.isnan(plain[a:b])]
        if not known.size:
            assert low[0][i] == high[0][i] == -1
            assert np.isnan(low[1][i])
            assert np.isnan(high[1][i])
            continue
        assert low[1][i] == pytest.approx(known.min(), rel=1e-5, abs=1e-3)
        assert high[1][i] == pytest.approx(known.max(), rel=1e-5, abs=1e-3)
        assert a <= low[0][i] < b
        assert plain[low[0][i]] == pytest.approx(known.min(), rel=1e-5, abs=1e-3)
        if name == "voltage":
            assert low[0][i] == a + int(np.nanargmin(plain[a:b]))
            assert high[0][i] == a + int(np.nanargmax(plain[a:b]))


@EVERY
@settings(deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.02, 0.5]), STRETCHES, st.integers(-12, 12))
def test_crossings_equal_plain_loops(name, seed, gaps, stretches, level):
    sweeps = _sweeps(seed, gaps)
    spoilt = np.random.default_rng(seed).random(sweeps.size) < 0.1
    plain, source = _plain(name, sweeps, spoilt), _source(name, sweeps, spoilt)
    start, stop = _bounds(stretches)
    # Between the values that can occur, so that rounding decides nothing.
    limit = np.full(start.size, level + 0.3137)
    first, last = first_below(source, start, stop, limit), last_below(source, start, stop, limit)
    for i, (a, b) in enumerate(zip(start.tolist(), stop.tolist(), strict=True)):
        hits = [j for j in range(a, b) if plain[j] < level + 0.3137]
        assert first[i] == (hits[0] if hits else -1)
        assert last[i] == (hits[-1] if hits else -1)


def test_a_search_finds_what_lies_far_away():
    sweeps = np.zeros((2, 5000), dtype=np.float32)
    sweeps[:, [1, 4990]] = -1.0
    start, stop, level = np.array([2, 5002]), np.array([5000, 10000]), np.array([-0.5, -0.5])
    assert first_below(Voltage(sweeps), start, stop, level).tolist() == [4990, 9990]
    assert last_below(Voltage(sweeps), start - 2, stop - 20, level).tolist() == [1, 5001]
    assert lowest(Voltage(sweeps), start, stop)[0].tolist() == [4990, 9990]


def test_stretches_longer_than_a_block_are_searched_in_pieces_of_little_memory():
    rng = np.random.default_rng(0)
    sweeps = rng.integers(-100, 100, (2, 400_000)).astype(np.float32)
    sweeps[0, [70_000, 390_000]] = -200.0
    start, stop = np.array([5, 400_000, 10, 7]), np.array([400_000, 800_000, 30, 7])
    tracemalloc.start()
    at, value = lowest(Voltage(sweeps), start, stop)
    far = first_below(Voltage(sweeps), start, stop, np.full(4, -150.0))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert at[0] == far[0] == 70_000
    assert at[1] == 400_000 + int(sweeps[1].argmin())
    assert at[2:].tolist() == [10 + int(sweeps[0, 10:30].argmin()), -1]
    assert value[:2].tolist() == [-200.0, -100.0]
    assert last_below(Voltage(sweeps), start, stop, np.full(4, -150.0)).tolist() == [390_000, -1, -1, -1]
    assert peak < sweeps.nbytes


def test_infinite_samples_are_neither_lowest_nor_highest():
    voltage = Voltage(np.array([[1.0, -np.inf, -3.0, np.inf, 2.0, np.nan]], dtype=np.float32))
    start, stop = np.array([0, 1]), np.array([6, 2])
    assert lowest(voltage, start, stop)[0].tolist() == [2, -1]
    assert highest(voltage, start, stop)[0].tolist() == [4, -1]
