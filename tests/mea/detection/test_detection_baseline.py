"""What lies below the band: blocks against loops, and the baseline against what the filter takes away."""

import numpy as np
import pytest
from reference.plain_detection import bandpassed

from mnephys.mea.detection.baseline import BLOCK, EDGE, TILE, Baseline, look_at_blocks
from mnephys.mea.detection.kernel import bandpass_kernel

RATE = 12500.0
BASELINE = Baseline.of(bandpass_kernel(RATE, (300.0, 5000.0), 3, zero_phase=True), RATE, 300.0)


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_sums_and_extremes_of_blocks(dtype):
    # More than one tile, and full scale: sums of 16 bits need more of them.
    values = np.random.default_rng(0).integers(-32768, 32768, ((TILE + 3) * BLOCK, 2)).astype(dtype)
    sums, (low, high) = look_at_blocks(values, (-1, 1))
    for block in range(TILE + 3):
        for channel in range(2):
            column = [float(value) for value in values[block * BLOCK : (block + 1) * BLOCK, channel]]
            assert sums[block, channel] == sum(column)
            assert (low[block, channel], high[block, channel]) == (min(column), max(column))


def sums_around(values):
    """Return the sums of a whole tile of blocks and of the halo on both sides."""
    return look_at_blocks(values[: (TILE + 2 * (EDGE + BASELINE.reach)) * BLOCK].astype(np.float32), ())[0]


def test_constant_is_all_baseline():
    values = np.full(((TILE + 2 * (EDGE + BASELINE.reach)) * BLOCK, 2), 1000.0)
    around = BASELINE.around(sums_around(values), 0, TILE)
    assert around.shape == (TILE + 2 * EDGE, 2)
    assert np.abs(around - 1000.0).max() < 0.01


@pytest.mark.parametrize(("frequency", "share"), [(1.0, 0.002), (10.0, 0.005), (50.0, 0.02), (100.0, 0.04)])
def test_slow_waves_are_nearly_all_baseline(frequency, share):
    n = (TILE + 2 * (EDGE + BASELINE.reach)) * BLOCK
    values = np.sin(2 * np.pi * frequency * np.arange(n) / RATE + 0.3)[:, np.newaxis]
    blocks = BASELINE.around(sums_around(values), 0, TILE)[EDGE:-EDGE, 0]
    centres = BASELINE.halo + BLOCK * np.arange(TILE) + 0.5 * (BLOCK - 1)
    expected = np.sin(2 * np.pi * frequency * centres / RATE + 0.3)
    assert np.abs(blocks - expected).max() < share


def test_baseline_is_what_the_filter_takes_away_below_its_band():
    rng = np.random.default_rng(1)
    n = (TILE + 2 * (EDGE + BASELINE.reach)) * BLOCK
    at = np.arange(n) / RATE
    values = sum(np.sin(2 * np.pi * (f * at + rng.random())) for f in (20.0, 120.0, 400.0, 900.0))
    y, before = bandpassed(values, RATE, (300.0, 5000.0), 3)
    around = BASELINE.around(sums_around(values[:, np.newaxis]), 0, TILE)
    seen = BASELINE.smoothed(values[:, np.newaxis].astype(np.float32), around, np.arange(TILE), np.zeros(TILE, int))
    seen = seen.reshape(-1)
    exact = y[before + BASELINE.halo : before + BASELINE.halo + seen.size]
    assert np.abs(seen - exact).max() < 0.25 * np.abs(exact).max()
    assert np.corrcoef(seen, exact)[0, 1] > 0.99


def test_few_blocks_have_the_baseline_of_many():
    values = np.random.default_rng(2).normal(size=((TILE + 2 * (EDGE + BASELINE.reach)) * BLOCK, 3))
    sums = sums_around(values)
    whole = BASELINE.around(sums, 0, TILE)
    for first, number in ((0, 5), (7, 20), (TILE - 1, 1)):
        part = BASELINE.around(sums, first, number)
        assert np.allclose(part, whole[first : first + number + 2 * EDGE], atol=1e-5)
