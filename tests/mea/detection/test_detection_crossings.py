"""Filtered samples beyond the threshold, against all filtered samples of the reference."""

from dataclasses import replace

import numpy as np
import pytest
from reference.plain_detection import bandpassed
from voltages import simulated

from mnephys.mea.detection.crossings import find_crossings
from mnephys.mea.detection.kernel import bandpass_kernel
from mnephys.mea.detection.noise import noise_levels
from mnephys.mea.detection.rule import Rule
from mnephys.mea.detection.samples import as_samples
from mnephys.mea.detection.screen import calibrate

RATE, BAND, ORDER = 12500.0, (300.0, 5000.0), 5
KERNEL = bandpass_kernel(RATE, BAND, ORDER, zero_phase=True)


def prepared(values, signs=(-1,), threshold=5.0):
    (samples,), _, _ = as_samples(values, RATE, np.zeros((0, 2)))
    levels = noise_levels(samples, RATE, KERNEL, "mad")
    rule = Rule(KERNEL, levels, threshold, signs, np.ones(values.shape[1], bool))
    return samples, rule, calibrate(samples, RATE, BAND[0], rule)


@pytest.mark.parametrize("signs", [(-1,), (1,), (-1, 1)])
@pytest.mark.parametrize("dense", [False, True])
def test_crossings_are_those_of_the_reference(signs, dense):
    values = np.round(simulated(11, RATE)).astype(np.int16)
    samples, rule, screen = prepared(values, signs)
    screen = replace(screen, dense=np.full(3, dense))
    found = find_crossings(samples, rule, screen, -13, values.shape[0] + 13)
    assert found.sample.size > 300
    for channel in range(3):
        y, before = bandpassed(values[:, channel], RATE, BAND, ORDER)
        inner = y[before : before + values.shape[0]]
        limit = rule.threshold * rule.levels.level[0, channel]
        ranks = {(-1,): -inner, (1,): inner, (-1, 1): np.abs(inner)}[signs] / limit
        here = found.channel == channel
        clear = np.flatnonzero(np.abs(ranks - 1) > 1e-3)
        expected = set(np.flatnonzero(ranks > 1).tolist())
        seen = found.sample[here]
        assert np.all(np.diff(seen) > 0)
        assert set(seen.tolist()) & set(clear.tolist()) == expected & set(clear.tolist())
        around = y[before + seen[:, np.newaxis] + np.arange(-1, 2)]
        assert np.abs(found.value[here] - around).max() < 5e-3 * limit


def test_pieces_are_the_whole_bit_for_bit():
    values = simulated(12, RATE).astype(np.float32)
    samples, rule, screen = prepared(values, threshold=3.5)
    whole = find_crossings(samples, rule, screen, 0, values.shape[0])
    for step in (999, 1250, 12500):
        parts = [find_crossings(samples, rule, screen, at, at + step) for at in range(0, values.shape[0], step)]
        order = np.lexsort([np.concatenate([getattr(p, name) for p in parts]) for name in ("sample", "channel")])
        for name in ("channel", "sample", "value"):
            assert np.array_equal(np.concatenate([getattr(p, name) for p in parts])[order], getattr(whole, name))


def test_channels_that_are_not_usable_have_none():
    values = simulated(13, RATE).astype(np.float32)
    samples, rule, _ = prepared(values)
    rule = replace(rule, usable=np.array([True, False, True]))
    screen = calibrate(samples, RATE, BAND[0], rule)
    for dense in (screen.dense, np.ones(3, bool)):
        found = find_crossings(samples, rule, replace(screen, dense=dense), 0, values.shape[0])
        assert set(found.channel.tolist()) == {0, 2}
