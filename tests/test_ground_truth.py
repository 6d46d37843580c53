"""Simulated cells, through a real file and the reader, against the truth of their fine integration."""

from __future__ import annotations

import json

import numpy as np
import pytest

import mnephys
from mnephys.simulate import simulate_cells

STAGES = ["immature", "intermediate", "mature", "blocking"]


@pytest.fixture(scope="module")
def noiseless(tmp_path_factory):
    return simulate_cells(STAGES, tmp_path_factory.mktemp("noiseless"), seed=11, noise=0.0)


@pytest.fixture(scope="module")
def noisy(tmp_path_factory):
    return simulate_cells(STAGES, tmp_path_factory.mktemp("noisy"), seed=12, noise=0.1)


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


def test_every_action_potential_equals_its_truth_at_20_khz(noiseless):
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


def test_counts_in_every_sweep_are_the_true_ones(noiseless):
    for path in noiseless:
        truth = _truth(path)
        table = mnephys.extract(mnephys.read(path), bias=0.0)
        for sweep in truth["sweeps"]:
            # What the truth itself calls doubtful may be counted or not.
            counted = table.get("spike_count", level="sweep", id=f"s{sweep['sweep']}").value
            assert abs(counted - sweep["action_potential_count"]) <= sweep["doubtful_count"]


def test_noise_of_a_tenth_of_a_millivolt_moves_no_typical_value_by_the_bounds(noisy):
    for path in noisy:
        rows = _pairs(path)
        if _truth(path)["stage"] == "immature":
            # A slow upstroke crosses 10 mV/ms flatly, so that noise moves its threshold further.
            continue
        threshold = [own["threshold_voltage"] - true["threshold_voltage"] for true, own in rows]
        width = [own["half_width"] / true["half_width"] - 1 for true, own in rows if true["half_width"]]
        assert abs(np.median(threshold)) < 0.5
        assert abs(np.nanmedian(width)) < 0.01


def test_passive_properties_equal_the_truth(noisy):
    for path in noisy:
        truth = _truth(path)["passive"]
        table = mnephys.extract(mnephys.read(path), bias=0.0)
        rest = table.get("resting_membrane_potential").value
        assert rest == pytest.approx(truth["resting_potential_mv"], abs=0.2)
        if truth["input_resistance_of_steps_mohm"] is None:
            continue  # the fine family holds no step small enough
        resistance = table.get("input_resistance").value
        assert resistance == pytest.approx(truth["input_resistance_of_steps_mohm"], rel=0.02)
        # Capacitance from one exponential is low by what the active conductances speed up.
        assert table.get("membrane_capacitance").value == pytest.approx(truth["capacitance_pf"], rel=0.12)


def test_rheobase_is_the_smallest_current_that_truly_fired(noisy):
    for path in noisy:
        truth = _truth(path)["rheobase_pa"]
        assert mnephys.extract(mnephys.read(path)).get("rheobase").value == pytest.approx(truth)
