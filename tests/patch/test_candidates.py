"""The pass over all samples finds the runs that a plain loop finds, however it is cut into pieces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnephys.patch import candidates
from mnephys.patch.candidates import difference_noise, fast_rises


def _plain(voltage: np.ndarray, half: int, enough: np.ndarray, spoilt: np.ndarray) -> list[tuple[int, int]]:
    n_samples, found = voltage.shape[1], []
    for row, sweep in enumerate(voltage):
        run: list[int] = []
        for i in range(n_samples + 1):
            rise = np.nan
            if half <= i < n_samples - half and not spoilt[row * n_samples + i]:
                rise = sweep[i + half] - sweep[i - half]
            if rise >= enough[row] / 2:
                run.append(i)
            elif run:
                if any(sweep[j + half] - sweep[j - half] >= enough[row] for j in run):
                    found.append((row * n_samples + run[0], row * n_samples + run[-1] + 1))
                run = []
    return found


@pytest.mark.parametrize("block", [7, 64, 1 << 16])
@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 60), st.integers(1, 5))
def test_runs_equal_a_plain_loop_whatever_the_pieces(block, seed, half, length, n_sweeps):
    rng = np.random.default_rng(seed)
    voltage = np.cumsum(rng.integers(-2, 3, (n_sweeps, 2 * half + length)), axis=1).astype(np.float32)
    voltage[rng.random(voltage.shape) < 0.03] = np.nan
    spoilt = rng.random(voltage.size) < 0.1
    enough = rng.integers(2, 7, n_sweeps) + 0.5
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(candidates, "_BLOCK", block)
        begin, end = fast_rises(voltage, half, enough, spoilt)
    assert list(zip(begin.tolist(), end.tolist(), strict=True)) == _plain(voltage, half, enough, spoilt)


def test_noise_is_that_of_the_differences_and_unknown_where_nothing_was_recorded():
    rng = np.random.default_rng(1)
    sweeps = rng.normal(0, [[0.1], [0.5], [1.0]], (3, 30000)).astype(np.float32)
    sweeps[1, ::2] = np.where(rng.random(15000) < 0.3, np.nan, sweeps[1, ::2])
    sweeps[2] = np.nan
    noise = difference_noise(sweeps)
    np.testing.assert_allclose(noise[:2], np.sqrt(2) * np.array([0.1, 0.5]), rtol=0.15)
    assert np.isnan(noise[2])


@pytest.mark.parametrize("n_samples", [1, 2, 3])
def test_the_shortest_sweeps_have_a_noise_or_none(n_samples):
    noise = difference_noise(np.zeros((2, n_samples), dtype=np.float32))
    assert np.isnan(noise).all() if n_samples == 1 else (noise == 0).all()
