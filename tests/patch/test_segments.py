"""Reductions over many stretches equal plain loops over them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mnephys.patch.segments import Stretches, interpolated_crossing, stretch_mean

VALUES = st.lists(st.floats(-100, 100, width=32) | st.just(float("nan")), min_size=1, max_size=40)
BOUNDS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=8)


def _case(values: list[float], bounds: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    flat = np.array(values, dtype=np.float32)
    start = np.array([min(a, flat.size) for a, _ in bounds], dtype=np.int64)
    stop = np.array([min(b, flat.size) for _, b in bounds], dtype=np.int64)
    return flat, start, stop


@given(VALUES, BOUNDS)
def test_extremes_and_mean_equal_plain_loops(values, bounds):
    flat, start, stop = _case(values, bounds)
    stretches = Stretches.between(start, stop)
    highest, lowest, mean = stretches.argmax(flat), stretches.argmin(flat), stretch_mean(flat, start, stop)
    for i, (a, b) in enumerate(zip(start, stop, strict=True)):
        known = [(float(flat[j]), j) for j in range(a, b) if not np.isnan(flat[j])]
        if not known:
            assert highest[i] == lowest[i] == -1
            assert np.isnan(mean[i])
            continue
        top, bottom = max(v for v, _ in known), min(v for v, _ in known)
        assert highest[i] == next(j for v, j in known if v == top)
        assert lowest[i] == next(j for v, j in known if v == bottom)
        np.testing.assert_allclose(mean[i], np.mean([v for v, _ in known], dtype=np.float64), rtol=1e-6, atol=1e-6)


@given(VALUES, BOUNDS, st.floats(-100, 100))
def test_first_and_last_equal_plain_loops(values, bounds, level):
    flat, start, stop = _case(values, bounds)
    stretches = Stretches.between(start, stop)
    condition = flat[stretches.index] > level
    first, last = stretches.first(condition), stretches.last(condition)
    for i, (a, b) in enumerate(zip(start, stop, strict=True)):
        hits = [j for j in range(a, b) if flat[j] > level]
        assert first[i] == (hits[0] if hits else -1)
        assert last[i] == (hits[-1] if hits else -1)


def test_crossing_is_linear_between_samples_and_missing_stays_missing():
    at = interpolated_crossing(np.array([0.0, 10.0, 5.0]), np.array([0, 1, -1]), np.array([2.5, 7.5, 1.0]))
    np.testing.assert_allclose(at, [0.25, 1.5, np.nan])


def test_the_mean_of_a_stretch_that_reaches_out_of_the_array_is_that_of_its_samples():
    mean = stretch_mean(np.array([1.0, 2.0, 6.0], dtype=np.float32), np.array([-2, 1, -3, 3]), np.array([1, 9, 0, 5]))
    np.testing.assert_array_equal(mean, [1.0, 4.0, np.nan, np.nan])


@given(st.integers(0, 10**6), st.booleans())
def test_means_are_the_same_whether_stretches_are_near_or_far_apart(seed, near):
    rng = np.random.default_rng(seed)
    flat = rng.normal(-70.0, 5.0, 4000).astype(np.float32)
    start = np.sort(rng.integers(0, 4000, 6))[rng.permutation(6)]
    stop = np.minimum(start + rng.integers(1, 2000 if near else 5, 6), 4000)
    plain = [flat[a:b].mean(dtype=np.float64) for a, b in zip(start, stop, strict=True)]
    np.testing.assert_allclose(stretch_mean(flat, start, stop), plain, rtol=1e-12)
