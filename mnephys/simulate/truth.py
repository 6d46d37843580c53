"""The truth of one simulated recording as a document, to be kept beside the recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from mnephys.simulate.ground_truth import (
    ActionPotential,
    Floats,
    action_potentials,
    passive_properties,
    steady_state_resistance,
)
from mnephys.simulate.integration import FineTraces
from mnephys.simulate.neuron import Neuron
from mnephys.simulate.protocol import StepProtocol

__all__ = ["MIN_AMPLITUDE", "truth_document"]

MIN_AMPLITUDE = 10.0
"""Height above threshold in mV from which a regenerative rise counts as an action potential."""

_DOUBTFUL = (5.0, 20.0)
_STEADY = 0.1
_DIGITS = 6


def truth_document(neuron: Neuron, traces: FineTraces, protocol: StepProtocol, sampling_rate: float) -> dict[str, Any]:
    """Measure what is true of one cell's sweeps and put it into plain values, ready for JSON.

    Units are in the names of the keys, except that action potentials carry the column names of the
    project: times in s, voltages in mV, half-width in ms, upstroke in mV/ms. A rise is *doubtful*
    where another careful definition could count it differently: 5 to 20 mV high, or begun by the
    jump of the current itself; a count should agree within the number of doubtful rises. The input
    resistance of the steps is that of all steps without a regenerative rise and within 20 mV of rest;
    that of the hyperpolarising ones among them, 0 pA included, stands beside it.

    Parameters
    ----------
    neuron : Neuron
        The cell.
    traces : FineTraces
        Its sweeps: `n_cells` is 1.
    protocol : StepProtocol
        What was injected.
    sampling_rate : float
        Of the protocol, in Hz.

    Returns
    -------
    dict
        `neuron`, `passive`, `step`, `rheobase_pa` (None where no sweep fires) and `sweeps`, one entry each.

    Examples
    --------
    >>> from mnephys.simulate.integration import integrate
    >>> from mnephys.simulate.protocol import step_family
    >>> cell = Neuron(capacitance=50.0, leak=2.0, leak_reversal=-65.0)
    >>> protocol = step_family(-20.0, 10.0, n_sweeps=2, before=0.02, duration=0.2, after=0.02)
    >>> traces = integrate([cell], protocol.command()[None], 20000.0)
    >>> truth = truth_document(cell, traces, protocol, 20000.0)
    >>> round(truth["passive"]["input_resistance_of_steps_mohm"]), truth["rheobase_pa"]
    (498, None)
    """
    per_sample = round(traces.sampling_rate / sampling_rate)
    voltage = traces.voltage[0]
    first, last = (sample * per_sample for sample in protocol.step_samples)
    steady = voltage[:, max(first, last - round(_STEADY * traces.sampling_rate)) : last].mean(axis=1)
    breaks = [sample * per_sample for sample in protocol.changes()]
    step = (first / traces.sampling_rate, last / traces.sampling_rate)
    sweeps = [
        _sweep(trace, traces.sampling_rate, breaks, step) | {"level_pa": level, "steady_state_mv": value}
        for trace, level, value in zip(voltage, protocol.levels.tolist(), steady.tolist(), strict=True)
    ]
    passive = passive_properties(neuron)
    rest, levels = passive.resting_potential, protocol.levels
    quiet = np.array([sweep["regenerative_count"] == 0 for sweep in sweeps])
    down = quiet & (levels <= 0)
    firing = [sweep["level_pa"] for sweep in sweeps if sweep["action_potential_count"]]
    document = {
        "neuron": asdict(neuron),
        "passive": {
            "resting_potential_mv": rest,
            "input_resistance_small_signal_mohm": passive.input_resistance,
            "input_resistance_of_steps_mohm": steady_state_resistance(rest, steady[quiet], levels[quiet]),
            "input_resistance_hyperpolarising_mohm": steady_state_resistance(rest, steady[down], levels[down]),
            "capacitance_pf": passive.capacitance,
        },
        "step": {"start_s": step[0], "stop_s": step[1], "sampling_rate_hz": sampling_rate},
        "rheobase_pa": min(firing) if firing else None,
        "sweeps": [{"sweep": number} | sweep for number, sweep in enumerate(sweeps)],
    }
    rounded: dict[str, Any] = _rounded(document)
    return rounded


def _sweep(voltage: Floats, rate: float, breaks: list[int], step: tuple[float, float]) -> dict[str, Any]:
    """Describe the action potentials of one sweep; those outside the step are counted apart."""
    rises = action_potentials(voltage, rate, breaks=breaks)
    inside = [rise for rise in rises if step[0] <= rise.threshold_time < step[1]]
    full = [rise for rise in rises if rise.amplitude >= MIN_AMPLITUDE and not rise.threshold_at_break]
    counted = [rise for rise in full if rise in inside]
    return {
        "action_potential_count": len(counted),
        "outside_step_count": len(full) - len(counted),
        "regenerative_count": len(inside),
        "doubtful_count": sum(_doubtful(rise) for rise in inside),
        "action_potentials": [asdict(rise) for rise in counted],
    }


def _doubtful(rise: ActionPotential) -> bool:
    """Whether another careful definition could decide differently."""
    return rise.threshold_at_break or _DOUBTFUL[0] <= rise.amplitude < _DOUBTFUL[1]


def _rounded(value: Any) -> Any:
    """Round every number of a nested document, so that it stays readable."""
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return round(value, _DIGITS) if isinstance(value, float | np.floating) else value
