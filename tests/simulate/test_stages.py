"""The presets fall into the published ranges of their stages, by plain measurement on noise-free traces."""

from __future__ import annotations

import numpy as np
import pytest

from mnephys.simulate.integration import FineTraces, integrate
from mnephys.simulate.protocol import step_family
from mnephys.simulate.stages import STAGES, stage_named, vary
from mnephys.simulate.truth import truth_document

RATE = 20000.0
SILENT_FROM = -10.0


def truths(cells, duration):
    """Measure (stage, neuron) pairs, all of them in one integration."""
    protocols = [
        step_family(stage.first_level, stage.level_increment, before=0.05, duration=duration, after=0.05)
        for stage, _ in cells
    ]
    command = np.stack([protocol.command() for protocol in protocols])
    traces = integrate([neuron for _, neuron in cells], command, RATE)
    for index, (protocol, (_, neuron)) in enumerate(zip(protocols, cells, strict=True)):
        own = FineTraces(traces.voltage[index : index + 1], traces.sampling_rate)
        yield truth_document(neuron, own, protocol, RATE) | {"duration": duration}


def first_ap(truth):
    return next(sweep["action_potentials"][0] for sweep in truth["sweeps"] if sweep["action_potential_count"])


def check_common(truth, rest, resistance, capacitance):
    passive = truth["passive"]
    assert rest[0] < passive["resting_potential_mv"] < rest[1]
    assert resistance[0] < passive["input_resistance_of_steps_mohm"] < resistance[1]
    assert resistance[0] < passive["input_resistance_hyperpolarising_mohm"] < resistance[1]
    assert capacitance[0] < passive["capacitance_pf"] < capacitance[1]
    hyperpolarised = [s for s in truth["sweeps"] if s["level_pa"] < 0]
    assert len(hyperpolarised) >= 2
    assert all(s["steady_state_mv"] > passive["resting_potential_mv"] - 20 for s in hyperpolarised)


def check_silent(truth):
    check_common(truth, (-45, -30), (1000, 4000), (5, 25))
    assert truth["rheobase_pa"] is None
    assert truth["sweeps"][-1]["steady_state_mv"] >= SILENT_FROM
    assert all(s["action_potential_count"] == s["doubtful_count"] == 0 for s in truth["sweeps"])


def check_immature(truth):
    check_common(truth, (-45, -35), (1000, 3400), (5, 25))
    assert max(s["action_potential_count"] for s in truth["sweeps"]) == 1
    assert 20 < first_ap(truth)["amplitude"] < 48
    assert first_ap(truth)["half_width"] > 4.3


def check_intermediate(truth):
    check_common(truth, (-54.5, -45.5), (550, 980), (26, 49))
    counts = [s["action_potential_count"] for s in truth["sweeps"]]
    assert 2 <= max(counts) <= 10 * truth["duration"]
    assert 50 < first_ap(truth)["amplitude"] < 65
    assert 2.6 < first_ap(truth)["half_width"] < 3.9


def check_mature(truth):
    check_common(truth, (-67, -61), (150, 400), (60, 101))
    ap = first_ap(truth)
    assert ap["amplitude"] > 65
    assert ap["peak_voltage"] > 10
    assert 1 < ap["half_width"] < 2
    twice = [s for s in truth["sweeps"] if s["level_pa"] >= 2 * truth["rheobase_pa"]]
    assert twice
    best = max(twice, key=lambda s: s["action_potential_count"])
    assert best["action_potential_count"] > 10 * truth["duration"] * 1.2
    times = [ap["peak_time"] for ap in best["action_potentials"]]
    intervals = np.diff(times)
    assert times[-1] > 0.05 + truth["duration"] - 1.5 * intervals[-1]
    assert intervals[-3:].mean() > 1.2 * intervals[0]


def check_blocking(truth):
    check_common(truth, (-67, -61), (150, 400), (60, 101))
    ap = first_ap(truth)
    assert ap["amplitude"] > 60
    assert ap["peak_voltage"] > 10
    assert 1 < ap["half_width"] < 2
    full = [sum(ap["amplitude"] > 25 for ap in s["action_potentials"]) for s in truth["sweeps"]]
    assert max(full) > 10 * truth["duration"]
    assert full[-1] < 0.3 * max(full)
    assert truth["sweeps"][-1]["steady_state_mv"] > -40


CHECKS = {
    "silent": check_silent,
    "immature": check_immature,
    "intermediate": check_intermediate,
    "mature": check_mature,
    "blocking": check_blocking,
}


def test_every_preset_is_checked():
    assert set(CHECKS) == set(STAGES)


def test_the_typical_cell_of_each_stage_lies_in_its_ranges():
    cells = [(stage, stage.neuron) for stage in STAGES.values()]
    for (stage, _), truth in zip(cells, truths(cells, 0.6), strict=True):
        CHECKS[stage.name](truth)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(STAGES))
def test_twenty_varied_cells_lie_in_the_ranges(name):
    cells = [(STAGES[name], neuron) for neuron in vary(STAGES[name], 20, np.random.default_rng(20260115))]
    for half in (cells[:10], cells[10:]):
        for truth in truths(half, 0.8):
            CHECKS[name](truth)


def test_variation_is_log_normal_seeded_and_limited():
    stage = STAGES["mature"]
    neurons = vary(stage, 2000, np.random.default_rng(7))
    log = np.log([[n.capacitance, n.leak, n.sodium] for n in neurons])
    centre = np.log([stage.neuron.capacitance, stage.neuron.leak, stage.neuron.sodium])
    np.testing.assert_allclose(log.mean(axis=0), centre, atol=0.01)
    np.testing.assert_allclose(log.std(axis=0), 0.1, atol=0.01)
    assert np.abs(log - centre).max() <= 0.2 + 1e-9
    assert np.abs(np.corrcoef(log.T) - np.eye(3)).max() < 0.1
    assert neurons[:3] == vary(stage, 3, np.random.default_rng(7))
    assert vary(stage, 1, np.random.default_rng(7), spread=0.0) == [stage.neuron]


def test_an_unknown_stage_names_the_known_ones():
    with pytest.raises(ValueError, match="'adult' is not known; known are silent, immature"):
        stage_named("adult")
