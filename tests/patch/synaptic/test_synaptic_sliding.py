"""The sliding template equals its plain definition, whatever the pieces."""

from __future__ import annotations

import numpy as np
import pytest

from mnephys.patch.synaptic.pieces import filled, whole_windows
from mnephys.patch.synaptic.sliding import slide
from mnephys.patch.synaptic.templates import Template, half_times, shape, time_to_peak


def _plain(sweep, template):
    """Criterion and standard error window by window, as Clements & Bekkers (1997) write them."""
    n = len(template)
    criterion, error = [], []
    for start in range(len(sweep) - n + 1):
        sum_td = sum_t = sum_d = sum_tt = 0.0
        for k in range(n):
            t, d = float(template[k]), float(sweep[start + k])
            sum_td, sum_t, sum_d, sum_tt = sum_td + t * d, sum_t + t, sum_d + d, sum_tt + t * t
        scale = (sum_td - sum_t * sum_d / n) / (sum_tt - sum_t * sum_t / n)
        offset = (sum_d - scale * sum_t) / n
        sse = sum((float(sweep[start + k]) - scale * float(template[k]) - offset) ** 2 for k in range(n))
        error.append((sse / (n - 1)) ** 0.5)
        criterion.append(scale / error[-1])
    return np.array(criterion), np.array(error)


@pytest.mark.parametrize("holding", [0.0, -900.0])
def test_it_equals_the_plain_definition(holding):
    rng = np.random.default_rng(1)
    template = Template(1.0, 4.0, 2000.0).samples
    sweeps = (holding + rng.normal(0.0, 2.0, (3, 150)).cumsum(axis=1)).astype(np.float32)
    sweeps[1, 60 : 60 + template.size] -= 40.0 * template
    slid = slide(sweeps, template, piece=64)
    for sweep, criterion, error in zip(sweeps, slid.criterion, slid.error, strict=True):
        plain_criterion, plain_error = _plain(sweep, template)
        np.testing.assert_allclose(criterion, plain_criterion, rtol=2e-6, atol=2e-6)
        np.testing.assert_allclose(error, plain_error, rtol=2e-6)


@pytest.mark.parametrize("piece", [1, 100, 333, 100000])
def test_pieces_change_nothing(piece):
    template = Template(1.0, 4.0, 2000.0).samples
    sweeps = np.random.default_rng(2).normal(50.0, 3.0, (9, 1000))
    whole = slide(sweeps, template)
    np.testing.assert_allclose(slide(sweeps, template, piece=piece).criterion, whole.criterion, rtol=1e-5, atol=1e-6)


def test_a_constant_and_a_short_trace_have_no_criterion():
    template = Template(1.0, 4.0, 2000.0).samples
    assert np.abs(slide(np.full((1, 500), -123.456), template).criterion).max() < 1e-3
    assert slide(np.zeros((2, template.size - 1)), template).criterion.shape == (2, 0)
    assert slide(np.zeros((2, template.size)), template).criterion.shape == (2, 1)


def test_template_times_agree_with_a_fine_grid():
    rise, decay = np.array([0.3, 1.0, 5.0]), np.array([2.0, 8.0, 5.0])
    times = half_times(rise, decay)
    for k in range(3):
        t = np.linspace(0.0, 60.0, 600001)
        curve = shape(t, rise[k], decay[k])
        top = int(curve.argmax())
        assert curve[top] == pytest.approx(1.0, abs=1e-6)
        assert t[top] == pytest.approx(float(time_to_peak(rise, decay)[k]), abs=2e-4)
        low, half, high = (t[np.argmax(curve >= level)] for level in (0.1, 0.5, 0.9))
        fallen = t[top + np.argmax(curve[top:] <= 0.5)]
        expected = (high - low, fallen - t[top], fallen - half)
        assert [float(each[k]) for each in times] == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize(
    ("rise", "decay", "rate"), [(0.0, 8.0, 1e4), (1.0, np.nan, 1e4), (1.0, 8.0, -1.0), (1, 1, 1e3)]
)
def test_a_template_that_makes_no_sense_is_refused(rise, decay, rate):
    with pytest.raises(ValueError, match=r"needs a positive number|too fast"):
        Template(rise, decay, rate)


def test_gaps_are_bridged_within_their_sweep_only():
    current = np.array([[np.nan, 2.0, np.nan, np.nan, 8.0], [np.nan] * 5, [5.0, np.inf, np.nan, np.nan, np.nan]])
    out = filled(current, np.isfinite(current), 1.0)
    np.testing.assert_allclose(out, [[2, 2, 4, 6, 8], [0] * 5, [5] * 5])


def test_windows_need_every_sample():
    searched = np.random.default_rng(3).random((4, 60)) > 0.1
    plain = [[bool(row[k : k + 7].all()) for k in range(54)] for row in searched]
    assert whole_windows(searched, 7).tolist() == plain
    assert whole_windows(searched, 61).shape == (4, 0)
