"""Gates, resting potential and integration against independent calculations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from mnephys.simulate.integration import integrate, substeps
from mnephys.simulate.kinetics import GATES, Kinetics, steady_states, time_constants
from mnephys.simulate.neuron import Neuron, resting_potential, steady_state_current
from mnephys.simulate.stages import STAGES

RATE = 20000.0


def test_sodium_and_potassium_rates_are_the_published_ones():
    shift, voltage = -56.0, -41.3
    v = voltage - shift
    opening = {
        "m": 0.32 * (13 - v) / (math.exp((13 - v) / 4) - 1),
        "h": 0.128 * math.exp((17 - v) / 18),
        "n": 0.032 * (15 - v) / (math.exp((15 - v) / 5) - 1),
    }
    closing = {
        "m": 0.28 * (v - 40) / (math.exp((v - 40) / 5) - 1),
        "h": 4 / (1 + math.exp((40 - v) / 5)),
        "n": 0.5 * math.exp((10 - v) / 40),
    }
    kinetics = Kinetics(shift=shift, rate=0.5)
    for index, gate in enumerate("mhn"):
        total = opening[gate] + closing[gate]
        assert steady_states(voltage, kinetics)[index] == pytest.approx(opening[gate] / total, rel=1e-12)
        assert time_constants(voltage, kinetics)[index] == pytest.approx(1 / (0.5 * total), rel=1e-12)


def test_gates_are_probabilities_and_have_no_gap_at_the_poles_of_the_rates():
    voltage = np.linspace(-250, 250, 500001)
    states, taus = steady_states(voltage, Kinetics()), time_constants(voltage, Kinetics())
    assert states.shape == (len(GATES), voltage.size)
    assert states.min() >= 0
    assert states.max() <= 1
    assert np.abs(np.diff(states)).max() < 1e-3
    assert np.isfinite(taus).all()
    assert taus.min() > 0


def test_rest_is_a_root_of_the_steady_state_current():
    for stage in STAGES.values():
        rest = resting_potential(stage.neuron)
        root = brentq(lambda v, n=stage.neuron: float(steady_state_current(n, v)), rest - 3, rest + 3, xtol=1e-10)
        assert rest == pytest.approx(root, abs=1e-6)
        slope = steady_state_current(stage.neuron, rest + 0.1) - steady_state_current(stage.neuron, rest - 0.1)
        assert slope > 0


def test_a_neuron_without_rest_says_so():
    with pytest.raises(ValueError, match="no resting potential between -120 and 0 mV"):
        resting_potential(Neuron(20.0, 1.0, 20.0))


@pytest.mark.parametrize("wrong", [{"capacitance": 0.0}, {"leak": -1.0}, {"sodium": -1.0}, {"ahp": math.nan}])
def test_impossible_neurons_are_refused(wrong):
    with pytest.raises(ValueError, match=r"positive|negative"):
        Neuron(**({"capacitance": 20.0, "leak": 1.0, "leak_reversal": -60.0} | wrong))


def test_a_passive_cell_charges_as_the_analytic_solution():
    cells = [Neuron(c, g, e) for c, g, e in ((15.0, 0.5, -40.0), (80.0, 4.0, -65.0), (35.0, 1.2, -50.0))]
    levels = np.array([-30.0, 10.0, 55.0])
    current = np.zeros((3, 3, 6000))
    current[:, :, 1000:5000] = levels[:, None]
    traces = integrate(cells, current, RATE)
    time = np.arange(traces.voltage.shape[-1]) / traces.sampling_rate * 1000
    for voltage, cell in zip(traces.voltage, cells, strict=True):
        tau, steps = cell.capacitance / cell.leak, levels[:, None] / cell.leak
        on = steps * -np.expm1(-np.clip(time - 50, 0, None) / tau)
        off = steps * -np.expm1(-np.clip(time - 250, 0, None) / tau)
        assert np.abs(voltage - (cell.leak_reversal + on - off)).max() < 1e-9


def right_hand_side(_t, state, neuron, injected):
    """The membrane equation once more, for a solver that knows nothing of tables or staggered steps."""
    v, gates = state[0], state[1:]
    m, h, n, p, z, q = gates
    ionic = (
        neuron.leak * (v - neuron.leak_reversal)
        + neuron.sodium * m**3 * h * (v - neuron.sodium_reversal)
        + (neuron.potassium * n**4 + neuron.m_current * p + neuron.ahp * z) * (v - neuron.potassium_reversal)
        + neuron.h_current * q * (v - neuron.h_reversal)
    )
    relaxation = (steady_states(v, neuron.kinetics) - gates) / time_constants(v, neuron.kinetics)
    return np.concatenate([[(injected - ionic) / neuron.capacitance], relaxation])


@pytest.mark.parametrize(("name", "injected"), [("mature", 120.0), ("intermediate", 50.0)])
def test_action_potentials_agree_with_an_adaptive_solver(name, injected):
    neuron = STAGES[name].neuron
    rest = resting_potential(neuron)
    start = np.concatenate([[rest], steady_states(rest, neuron.kinetics)])
    exact = solve_ivp(
        right_hand_side, (0, 60), start, "LSODA", args=(neuron, injected), rtol=1e-9, atol=1e-9, max_step=0.5,
        dense_output=True,
    )  # fmt: skip
    traces = integrate([neuron], np.full((1, 1, 1200), injected), RATE)
    time = np.arange(6000) / traces.sampling_rate * 1000
    reference, voltage = exact.sol(time)[0], traces.voltage[0, 0]
    assert reference.max() > 20
    assert voltage.max() == pytest.approx(reference.max(), abs=0.02)
    assert abs(int(voltage.argmax()) - int(reference.argmax())) <= 1
    quiet = np.abs(np.gradient(reference)) < 0.02
    assert np.abs(voltage - reference)[quiet].max() < 0.1


def test_cells_and_sweeps_do_not_disturb_each_other():
    neurons = [STAGES["immature"].neuron, STAGES["mature"].neuron]
    current = np.zeros((2, 3, 1000))
    current[:, :, 200:] = np.array([[-5.0, 10.0, 20.0], [-20.0, 100.0, 300.0]])[:, :, None]
    together = integrate(neurons, current, RATE).voltage
    for cell in range(2):
        for sweep in range(3):
            alone = integrate([neurons[cell]], current[cell : cell + 1, sweep : sweep + 1], RATE).voltage
            np.testing.assert_allclose(together[cell, sweep], alone[0, 0], rtol=0, atol=1e-9)


def test_a_cell_left_alone_stays_at_rest():
    neurons = [stage.neuron for stage in STAGES.values()]
    voltage = integrate(neurons, np.zeros((len(neurons), 1, 10000)), RATE).voltage
    assert np.abs(voltage - voltage[..., :1]).max() < 0.01


@pytest.mark.parametrize("current", [np.zeros((1, 100)), np.zeros((2, 1, 100)), np.zeros((1, 1, 0))])
def test_currents_of_the_wrong_shape_are_refused(current):
    with pytest.raises(ValueError, match="needs"):
        integrate([Neuron(20.0, 1.0, -60.0)], current, RATE)


def test_a_current_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="not finite"):
        integrate([Neuron(20.0, 1.0, -60.0)], np.full((1, 1, 10), np.nan), RATE)


@pytest.mark.parametrize("rate", [4000.0, 10000.0, 20000.0, 25000.0, 50000.0, 100000.0])
def test_steps_are_odd_in_number_and_short_enough(rate):
    count = substeps(rate)
    assert count % 2 == 1
    assert 1 / (rate * count) <= 1e-5 + 1e-12


def test_a_sampling_rate_of_zero_is_refused():
    with pytest.raises(ValueError, match="positive"):
        substeps(0.0)
