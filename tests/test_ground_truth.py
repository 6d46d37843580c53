"""Simulated cells against the truth of their fine integration: through a real file, and through an amplifier."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from reference import rig

import mnephys
from mnephys.simulate import simulate_cells

FILE_STAGES = ["immature", "intermediate", "mature", "blocking"]
STAGES = ["nascent", *FILE_STAGES]
NOISE = 0.1


@pytest.fixture(scope="module")
def noiseless(tmp_path_factory):
    return simulate_cells(FILE_STAGES, tmp_path_factory.mktemp("noiseless"), seed=11, noise=0.0)


@pytest.fixture(scope="module")
def cells():
    """One of each stage, integrated at 1.1 MHz."""
    return rig.simulate(STAGES, length=0.12)


@pytest.fixture(scope="module")
def noisy_errors(cells):
    """Errors of every action potential by rate and stage: threshold (mV), peak (mV), half-width (%)."""
    return {rate: {cell.name: _errors(cell, rate, NOISE) for cell in cells} for rate in rig.RATES}


def _errors(cell, rate, noise):
    voltage = rig.recorded(cell, rate, noise, seed=round(rate))
    aps = mnephys.patch.action_potentials(voltage, rate, cell.start, cell.stop)
    errors, true = rig.errors(cell, aps, rig.delay(rate))
    regenerative = sum(ap.amplitude >= rig.REGENERATIVE for sweep in cell.truth for ap in sweep)
    assert len(errors) == true, (cell.name, rate, "every action potential is found")
    assert aps["sweep"].size <= regenerative, (cell.name, rate, "nothing else is")
    return errors


def _truth(path):
    return json.loads(path.with_suffix(".truth.json").read_text())


def _pairs(path):
    """Pair measured with true action potentials that begin in the step and not at its very edge."""
    truth = _truth(path)
    table = mnephys.extract(mnephys.read(path), bias=0.0)
    aps = {name: np.asarray(column) for name, column in table.spikes.items()}
    rows = []
    for sweep in truth["sweeps"]:
        for true in sweep["action_potentials"]:
            near = (aps["sweep"] == sweep["sweep"]) & (np.abs(aps["peak_time"] - true["peak_time"]) < 1e-3)
            if not near.any():
                # Only what is left of action potentials in depolarisation block may be passed over.
                assert truth["stage"] == "blocking", (path.stem, sweep["sweep"], true)
                assert true["max_upstroke"] < 10, (path.stem, sweep["sweep"], true)
                continue
            assert near.sum() == 1
            if not true["threshold_at_break"]:
                rows.append((true, {name: column[near][0] for name, column in aps.items()}))
    return rows


def test_every_action_potential_of_a_file_equals_its_truth_at_20_khz(noiseless):
    """Within 0.5 mV, 0.2 mV and 1 %, every single action potential."""
    rows = [row for path in noiseless for row in _pairs(path)]
    assert len(rows) > 200
    threshold = [abs(own["threshold_voltage"] - true["threshold_voltage"]) for true, own in rows]
    peak = [abs(own["peak_voltage"] - true["peak_voltage"]) for true, own in rows]
    width = [abs(own["half_width"] / true["half_width"] - 1) for true, own in rows if true["half_width"]]
    assert max(threshold) < 0.5
    assert max(peak) < 0.2
    assert np.nanmax(width) < 0.01
    assert np.isfinite(width).mean() > 0.95


def test_counts_in_every_sweep_of_a_file_are_the_true_ones(noiseless):
    for path in noiseless:
        truth = _truth(path)
        table = mnephys.extract(mnephys.read(path), bias=0.0)
        for sweep in truth["sweeps"]:
            # What the truth itself calls doubtful may be counted or not.
            counted = table.get("spike_count", level="sweep", id=f"s{sweep['sweep']}").value
            assert abs(counted - sweep["action_potential_count"]) <= sweep["doubtful_count"]


def test_the_simulated_stages_are_what_the_bounds_are_about(cells):
    """The slowest never reaches the 10 mV/ms of the threshold, the fastest passes 150 mV/ms."""
    upstroke = {c.name: [ap.max_upstroke for n in range(15) for ap in c.counted(n)] for c in cells}
    assert max(upstroke["nascent"]) < 10 < min(upstroke["immature"]) < 20
    assert max(upstroke["mature"]) > 150
    assert sum(map(len, upstroke.values())) > 120


@pytest.mark.parametrize("rate", rig.RATES)
def test_without_noise_every_action_potential_is_exact(cells, rate):
    errors = np.concatenate([_errors(cell, rate, 0.0) for cell in cells])
    worst = np.abs(errors).max(axis=0)
    # At 10 kHz the highest sample is up to 0.05 ms from the peak, and the amplifier passes only 4 kHz.
    assert (worst < (0.5, 0.2 if rate > 10e3 else 0.3, 1.0)).all(), worst


@pytest.mark.parametrize("stage", STAGES)
def test_with_noise_the_typical_action_potential_is_exact_at_20_khz(noisy_errors, stage):
    threshold, peak, width = np.abs(np.median(noisy_errors[20e3][stage], axis=0))
    assert threshold < 0.5
    assert peak < 0.2
    assert width < 1.0


def test_with_noise_nineteen_of_twenty_thresholds_and_widths_are_exact_at_20_khz(noisy_errors):
    threshold, _, width = np.percentile(np.abs(np.concatenate([*noisy_errors[20e3].values()])), 95, axis=0)
    assert threshold < 0.5
    assert width < 1.0


@pytest.mark.parametrize("rate", [10e3, 50e3])
@pytest.mark.parametrize("stage", STAGES)
def test_with_noise_threshold_and_width_hold_at_other_rates(noisy_errors, stage, rate):
    """The peak is the highest sample: of more samples on a slow peak the noise finds a higher one."""
    threshold, _, width = np.abs(np.median(noisy_errors[rate][stage], axis=0))
    assert threshold < 0.5
    assert width < 1.0


def test_a_faster_sampling_does_not_move_the_threshold_of_slow_action_potentials(noisy_errors):
    """Walking back over an unsmoothed slope stops at the first dip: 33 mV too high at 50 kHz."""
    for stage in ("nascent", "immature"):
        slow, fast = (np.median(noisy_errors[rate][stage][:, 0]) for rate in (10e3, 50e3))
        assert abs(fast - slow) < 0.5


@pytest.mark.parametrize("rate", rig.RATES)
@pytest.mark.parametrize("stage", STAGES)
def test_rest_capacitance_and_rheobase_of_active_cells(cells, stage, rate):
    (cell,) = (c for c in cells if c.name == stage)
    rest, _, tau, capacitance, rheobase = rig.cell_errors(cell, rate, NOISE, seed=3)
    assert abs(rest) < 0.1
    assert abs(capacitance) < 2.0
    assert rheobase == 0.0
    # Steps of 20 mV close channels at once: the conductance is not quite that at rest.
    assert -7.0 < tau < 1.0


@pytest.mark.parametrize("stage", STAGES)
def test_the_exponential_of_active_cells_is_that_of_a_general_optimiser(cells, stage):
    (cell,) = (c for c in cells if c.name == stage)
    table = mnephys.extract(rig.recording(cell, rig.recorded(cell, 20e3, NOISE, 3), 20e3), bias=0.0)
    found = table.get("membrane_time_constant_exponential").value
    assert found == pytest.approx(rig.fitted_tau(cell, found), rel=0.02)


def test_the_time_constant_of_active_cells_nears_that_at_rest_as_steps_get_small(cells):
    chosen = {cell.name: (cell.neuron, cell.levels[:1] * 0.2) for cell in cells}
    small = rig.integrated(chosen, 0.2)
    for cell, large in zip(small, cells, strict=True):
        _, _, tau, capacitance, _ = rig.cell_errors(cell, 20e3, 0.0, seed=0)
        assert abs(tau) < 3.0
        assert abs(tau) < abs(rig.cell_errors(large, 20e3, 0.0, seed=0)[2])
        assert abs(capacitance) < 1.0


def test_resistance_and_rheobase_of_active_cells_in_files(noiseless):
    rng = np.random.default_rng(5)
    for path in noiseless:
        truth, recording = _truth(path), mnephys.read(path)
        voltage = recording.response + rng.normal(0, NOISE, recording.response.shape)
        table = mnephys.extract(replace(recording, response=voltage), bias=0.0)
        true = truth["passive"]
        rest = table.get("resting_membrane_potential").value
        assert rest == pytest.approx(true["resting_potential_mv"], abs=0.1)
        assert table.get("rheobase").value == pytest.approx(truth["rheobase_pa"])
        if true["input_resistance_of_steps_mohm"] is None:
            continue  # the fine family holds no step small enough
        resistance = table.get("input_resistance").value
        assert resistance == pytest.approx(true["input_resistance_of_steps_mohm"], rel=0.02)
        assert table.get("membrane_capacitance").value == pytest.approx(true["capacitance_pf"], rel=0.02)


@pytest.mark.parametrize("rate", rig.RATES)
@pytest.mark.parametrize("stage", FILE_STAGES)
def test_resistance_time_constant_and_capacitance_of_a_passive_membrane(stage, rate):
    cell = rig.passive(stage, length=0.4)
    rest, resistance, tau, capacitance, _ = rig.cell_errors(cell, rate, NOISE, seed=4)
    assert abs(rest) < 0.1
    assert abs(resistance) < 2.0
    assert abs(tau) < 2.0
    assert abs(capacitance) < 2.0
    assert cell.time_constant == pytest.approx(cell.neuron.capacitance / cell.neuron.leak)
