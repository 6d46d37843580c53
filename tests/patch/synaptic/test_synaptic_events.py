"""Events: those that are there, with their amplitude and shape, and no others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnephys.patch.synaptic import events
from mnephys.patch.synaptic.finding import find_events
from mnephys.patch.synaptic.templates import Template

RATE = 10000.0
METHODS = ("template", "deconvolution")


def _poisson(rate, seconds, amplitude, seed=0):
    rng = np.random.default_rng(seed)
    onset = np.sort(rng.uniform(0.1, seconds - 0.1, rng.poisson(rate * seconds)))
    return [(at, amplitude, *(np.array([1.0, 8.0]) * rng.uniform(0.7, 1.3, 2))) for at in onset]


def _pairs(found, true):
    distance = np.abs(found["onset_time"][:, None] - np.array([each[0] for each in true]))
    return np.argwhere((distance < 0.003) & (distance == distance.min(axis=1, keepdims=True)))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("amplitude", "within"), [(-8.0, 0.12), (-30.0, 0.04), (30.0, 0.04)])
def test_what_is_there_is_found_with_its_amplitude_rise_and_decay(simulated, method, amplitude, within):
    true = _poisson(2.0, 30.0, amplitude)
    polarity = "inward" if amplitude < 0 else "outward"
    found = events(simulated(30.0, true, noise=1.5), RATE, method=method, polarity=polarity)
    pairs = _pairs(found, true)
    assert len(set(pairs[:, 1])) >= 0.96 * len(true)
    assert len(pairs) >= 0.98 * found["onset_time"].size
    decay = np.array([each[3] for each in true])[pairs[:, 1]]
    assert np.median(np.abs(found["amplitude"][pairs[:, 0]] / amplitude - 1)) < within
    assert abs(np.median(found["amplitude"]) / amplitude - 1) < 0.03
    assert abs(np.median(found["decay_time"][pairs[:, 0]] / decay) - 1) < 0.06
    assert abs(np.median(found["rise_time"]) / 1.165 - 1) < 0.12
    assert np.median(np.abs(found["onset_time"][pairs[:, 0]] - np.array([e[0] for e in true])[pairs[:, 1]])) < 5e-4
    assert np.median(found["baseline"]) == pytest.approx(-60.0, abs=0.5)


@pytest.mark.parametrize("method", METHODS)
def test_events_that_overlap_are_told_apart(simulated, method):
    true = [(1.0, -20.0, 1.0, 8.0), (1.012, -15.0, 1.0, 8.0), (2.0, -15.0, 1.0, 8.0), (2.01, -30.0, 1.0, 8.0)]
    found = events(simulated(3.0, true, noise=0.5), RATE, method=method)
    assert found["onset_time"] == pytest.approx([each[0] for each in true], abs=1e-3)
    assert found["amplitude"] == pytest.approx([each[1] for each in true], abs=1.5)


@pytest.mark.parametrize(
    ("method", "decay"),
    [(method, decay) for method in METHODS for decay in (2.0, 4.0, 16.0, 25.0, 40.0, 60.0)]
    + [("deconvolution", 100.0)],
)
def test_a_template_of_other_kinetics_does_not_force_its_own(simulated, method, decay):
    true = [(1.0 + 0.5 * k, -40.0, 1.0, decay) for k in range(12)]
    found = events(simulated(8.0, true, noise=1.0), RATE, method=method)
    assert found["onset_time"] == pytest.approx([each[0] for each in true], abs=1e-3)
    assert np.median(found["decay_time"]) == pytest.approx(decay, rel=0.07)
    assert np.median(found["amplitude"]) == pytest.approx(-40.0, rel=0.03)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("polarity", ["inward", "outward"])
def test_noise_holds_no_events_also_where_it_grows(simulated, method, polarity):
    quiet, loud = simulated(60.0, noise=1.0, seed=1), simulated(60.0, noise=3.0, seed=2)
    t = np.arange(quiet.size) / RATE
    hum = np.sin(2 * np.pi * 50 * t).astype(np.float32)
    assert events(quiet + hum, RATE, method=method, polarity=polarity)["sweep"].size == 0
    joined = np.concatenate([quiet, loud])
    assert events(joined, RATE, method=method, polarity=polarity)["sweep"].size == 0


@pytest.mark.parametrize(
    ("amplitude", "decay"), [(-150.0, 8.0), (-60.0, 20.0), (-60.0, 40.0), (-60.0, 60.0), (-60.0, 100.0), (-200.0, 25.0)]
)
def test_large_events_throw_no_shadow_of_the_other_polarity(simulated, amplitude, decay):
    slower = decay / 8.0
    true = [(at, size, rise, decay * slower) for at, size, rise, decay in _poisson(2.0, 40.0, amplitude, seed=4)]
    current = simulated(40.0, true, noise=1.5)[np.newaxis]
    found = find_events(current, np.isfinite(current), Template(1.0, 8.0, RATE))
    assert found.of("outward")["sweep"].size == 0
    inward = found.of("inward")
    # Of what lasts 100 ms and comes twice a second, more overlaps.
    assert inward["sweep"].size == pytest.approx(len(true), rel=0.06 if decay < 100.0 else 0.15)
    assert np.median(inward["decay_time"]) == pytest.approx(np.median([each[3] for each in true]), rel=0.06)
    assert sum(found.left_out.values()) <= 0.03 * len(true)


@pytest.mark.parametrize("method", METHODS)
def test_fast_and_slow_events_side_by_side_are_both_found(simulated, method):
    fast = _poisson(1.0, 40.0, -60.0, seed=5)
    true = sorted(fast + [(at, -60.0, 1.0, 40.0) for at, *_ in _poisson(0.5, 40.0, -60.0, seed=6)])
    current = simulated(40.0, true, noise=1.5)
    assert len(set(_pairs(events(current, RATE, method=method), true)[:, 1])) >= 0.95 * len(true)
    assert events(current, RATE, method=method, polarity="outward")["sweep"].size == 0


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("amplitude", [-60.0, -20.0])
def test_the_fastest_synapses_are_no_action_currents(simulated, method, amplitude):
    true = [(at, amplitude, 0.2, 1.5) for at, *_ in _poisson(2.0, 30.0, amplitude, seed=7)]
    current = simulated(30.0, true, noise=1.5)[np.newaxis]
    found = find_events(current, np.isfinite(current), Template(1.0, 8.0, RATE), method)
    assert found.of("inward")["sweep"].size == pytest.approx(len(true), rel=0.05)
    assert found.left_out == {"inward": 0, "outward": 0}
    assert np.median(found.of("inward")["decay_time"]) == pytest.approx(1.5, rel=0.1)
    assert found.sides["inward"].template.decay < 3.0


@pytest.mark.parametrize("size", [12.0, 20.0, 100.0])
def test_steps_of_the_baseline_are_left_out_and_counted(simulated, size):
    rng = np.random.default_rng(5)
    true = _poisson(1.0, 60.0, -30.0, seed=8)
    current = simulated(60.0, true, noise=1.5)
    for at in rng.uniform(1.0, 59.0, 20):
        current[round(at * RATE) :] += size * rng.choice([-1.0, 1.0])
    found = find_events(current[np.newaxis], np.ones((1, current.size), bool), Template(1.0, 8.0, RATE))
    assert found.of("outward")["sweep"].size <= 3
    assert found.of("inward")["sweep"].size == pytest.approx(len(true), rel=0.1)
    # A step next to an event may be hidden by it; where a step's fit ends another one may seem to be.
    assert 16 <= sum(found.left_out.values()) <= 45
    assert "a step" in found.sides["inward"].left_out.words()


@pytest.mark.parametrize("open_s", [0.02, 0.05, 0.2])
def test_openings_of_a_single_channel_are_left_out_and_counted(simulated, open_s):
    rng = np.random.default_rng(5)
    current = simulated(60.0, noise=1.5)
    lengths = (rng.exponential([0.5, open_s], (300, 2)) * RATE).astype(int).ravel()
    is_open = np.repeat(np.arange(lengths.size) % 2, lengths)[: current.size]
    current = current[: is_open.size] - 8.0 * is_open
    found = find_events(current[np.newaxis], np.ones((1, current.size), bool), Template(1.0, 8.0, RATE))
    openings = int((np.diff(is_open) > 0).sum())
    assert found.left_out["inward"] > 0.5 * openings
    assert found.columns["sweep"].size < 0.2 * openings


def test_both_polarities_in_one_trace_are_kept_apart(simulated):
    true = [(1.0, -20.0, 1.0, 8.0), (1.5, 25.0, 1.0, 8.0), (2.0, -20.0, 1.0, 8.0)]
    current = simulated(3.0, true)
    assert events(current, RATE)["onset_time"] == pytest.approx([1.0, 2.0], abs=1e-3)
    outward = events(current, RATE, polarity="outward")
    assert outward["onset_time"] == pytest.approx([1.5], abs=1e-3)
    assert outward["event"].tolist() == [0]


@pytest.mark.parametrize("method", METHODS)
def test_action_currents_are_left_out_and_counted(simulated, method):
    true = [(1.0, -20.0, 1.0, 8.0), (3.0, -20.0, 1.0, 8.0)]
    current = simulated(4.0, true)[np.newaxis]
    t = np.arange(current.size) / RATE
    # One is above 1 nA, the other narrow.
    current = current - 2500.0 * np.exp(-(((t - 2.0) / 0.0008) ** 2)) - 300.0 * np.exp(-(((t - 2.5) / 0.0005) ** 2))
    found = find_events(current, np.isfinite(current), Template(1.0, 8.0, RATE), method)
    assert found.left_out == {"inward": 2, "outward": 0}
    assert found.columns["onset_time"] == pytest.approx([1.0, 3.0], abs=1e-3)


def test_what_is_not_searched_holds_no_events_and_makes_none(simulated):
    current = np.stack([simulated(3.0, [(1.0, -20.0, 1.0, 8.0), (2.0, -20.0, 1.0, 8.0)], seed=k) for k in range(2)])
    current[0, 9000:12000] = np.nan
    current[1, 25000:] = np.inf
    found = events(current, RATE)
    assert found["sweep"].tolist() == [0, 1, 1]
    assert found["onset_time"] == pytest.approx([2.0, 1.0, 2.0], abs=1e-3)


COLUMNS = (
    "sweep",
    "event",
    "onset_time",
    "peak_time",
    "amplitude",
    "baseline",
    "rise_time",
    "decay_time",
    "half_decay_time",
    "half_width",
    "detection_score",
)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "current",
    [
        np.zeros((1, 20000)),
        np.full((2, 20000), -1e30),
        np.zeros((3, 0)),
        np.zeros((0, 10)),
        np.zeros(1),
        np.full((2, 5000), np.nan),
        np.full((1, 5000), np.inf),
        np.tile([0.0, 1e6], 10000)[np.newaxis],
        np.linspace(0.0, -500.0, 30000)[np.newaxis],
    ],
)
def test_bad_traces_give_empty_columns(method, current):
    found = events(current, RATE, method=method)
    assert tuple(found) == COLUMNS
    assert {column.size for column in found.values()} == {0}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"polarity": "inwards"}, "the nearest is 'inward'"),
        ({"method": "templates"}, "the nearest is 'template'"),
        ({"threshold": 0.0}, "positive number of SD"),
        ({"decay": -1.0}, "decay is -1.0"),
    ],
)
def test_a_wrong_argument_is_named(wrong, named):
    with pytest.raises(ValueError, match=named):
        events(np.zeros((1, 1000)), RATE, **wrong)
    with pytest.raises(ValueError, match="n_sweeps"):
        events(np.zeros((1, 2, 3)), RATE)


@pytest.fixture(scope="module")
def sweeps(simulated):
    return np.stack([simulated(4.0, _poisson(3.0, 4.0, -20.0, seed=k), seed=k) for k in range(3)])


SETTINGS = settings(max_examples=8, deadline=None)


@SETTINGS
@given(factor=st.floats(0.1, 10.0), method=st.sampled_from(METHODS))
def test_scaling_the_current_scales_the_amplitudes(sweeps, factor, method):
    plain, scaled = events(sweeps, RATE, method=method), events(sweeps * factor, RATE, method=method)
    assert plain["sweep"].size > 20
    for name in ("onset_time", "decay_time", "rise_time"):
        np.testing.assert_allclose(scaled[name], plain[name], rtol=0.02, atol=2e-4)
    np.testing.assert_allclose(scaled["amplitude"], factor * plain["amplitude"], rtol=0.01)


@SETTINGS
@given(shift=st.integers(1, 3000), holding=st.floats(-500, 500), method=st.sampled_from(METHODS))
def test_later_and_at_another_holding_current_the_events_are_the_same(sweeps, shift, holding, method):
    plain = events(sweeps, RATE, method=method)
    level = np.full((3, shift), np.nan)
    later = events(np.hstack([level, sweeps + holding]), RATE, method=method)
    np.testing.assert_allclose(later["onset_time"], plain["onset_time"] + shift / RATE, atol=1e-4)
    np.testing.assert_allclose(later["amplitude"], plain["amplitude"], rtol=0.01)
    np.testing.assert_allclose(later["baseline"], plain["baseline"] + holding, atol=0.2)


@SETTINGS
@given(order=st.permutations(range(3)), method=st.sampled_from(METHODS))
def test_sweeps_in_another_order_hold_the_same_events(sweeps, order, method):
    plain, other = events(sweeps, RATE, method=method), events(sweeps[list(order)], RATE, method=method)
    back = np.array(order)[other["sweep"]]
    same = np.lexsort((other["onset_time"], back))
    np.testing.assert_array_equal(back[same], plain["sweep"])
    np.testing.assert_allclose(other["amplitude"][same], plain["amplitude"], rtol=1e-3)


@SETTINGS
@given(method=st.sampled_from(METHODS))
def test_upside_down_inward_is_outward(sweeps, method):
    plain = events(sweeps, RATE, method=method)
    flipped = events(-sweeps, RATE, method=method, polarity="outward")
    np.testing.assert_allclose(flipped["onset_time"], plain["onset_time"], atol=1e-5)
    np.testing.assert_allclose(flipped["amplitude"], -plain["amplitude"], rtol=1e-3)
