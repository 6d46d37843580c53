"""Immediate and delayed firing: what steps of which length show, and what they do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import mnephys
from mnephys.measurement import Status
from mnephys.patch.onset import ONSETS

LONG = {"length": 5.0, "total": 5.5}
CHARGES = [-20, 0, 40, 80]
LATE = [2.0, 2.6, 3.1, 3.5, 3.85, 4.15]
EARLY = [0.03, 0.5, 1.0, 1.55, 2.1, 2.7]


def _row(recording, name):
    return mnephys.extract(recording).get(name)


def _trains(weak, strong=None):
    return [[], [], weak, weak if strong is None else strong]


def test_delayed_and_immediate_are_told_apart_on_steps_of_5_s(family_of):
    late = _row(family_of(CHARGES, spikes=_trains(LATE), **LONG), "firing_subtype")
    assert late.text == "delayed"
    assert "accelerating" in late.reason
    assert _row(family_of(CHARGES, spikes=_trains(EARLY), **LONG), "firing_subtype").text == "immediate"


def test_late_firing_that_does_not_accelerate_is_neither(family_of):
    row = _row(family_of(CHARGES, spikes=_trains([2.0, 2.3, 2.7, 3.2]), **LONG), "firing_subtype")
    assert row.status is Status.NOT_APPLICABLE
    assert "does not accelerate" in row.reason


def test_on_a_short_step_early_firing_tells_no_subtype_and_late_firing_does(family_of):
    early = _row(family_of(CHARGES, spikes=_trains([0.03, 0.1, 0.2]), length=1.0, total=1.5), "firing_subtype")
    assert early.status is Status.NOT_APPLICABLE
    assert "1 s" in early.reason
    assert "5 s" in early.reason
    late = _row(family_of(CHARGES, spikes=_trains([0.6, 0.8, 0.9]), length=1.0, total=1.5), "firing_subtype")
    assert late.text == "delayed"


def test_a_first_current_that_is_strong_already_tells_no_immediate_subtype(family_of):
    row = _row(family_of([40, 80], spikes=[EARLY, EARLY], **LONG), "firing_subtype")
    assert row.status is Status.NOT_APPLICABLE
    assert "smallest current tested" in row.reason


@pytest.mark.parametrize(("latency", "onset"), [(0.05, "immediate"), (0.09, "immediate"), (0.11, "delayed")])
def test_the_onset_is_delayed_beyond_five_membrane_time_constants(family_of, latency, onset):
    train = [latency + 0.001, 0.25, 0.35, 0.45]
    row = _row(family_of(CHARGES, spikes=_trains(train), tau=20.0), "firing_onset")
    assert row.text == onset
    assert "20 ms" in row.reason


def test_a_single_late_action_potential_is_no_delayed_firing(family_of):
    """Noise evokes one at any time: the onset is read at the smallest current with three."""
    row = _row(family_of(CHARGES, spikes=_trains([0.4], [0.02, 0.1, 0.2])), "firing_onset")
    assert row.text == "immediate"
    few = _row(family_of(CHARGES, spikes=_trains([0.4], [0.02, 0.1])), "firing_onset")
    assert few.status is Status.TOO_FEW_EVENTS


def test_without_a_time_constant_or_in_spontaneous_firing_the_onset_is_not_told(family_of):
    unknown = _row(family_of([0, 300, 400], spikes=[[], LATE[:3], LATE[:3]], **LONG), "firing_onset")
    assert unknown.status is Status.NOT_APPLICABLE
    assert "time constant" in unknown.reason
    own = [[-0.1], [], [0.3, 0.35, 0.4], [0.3, 0.35, 0.4]]
    busy = _row(family_of(CHARGES, spikes=own), "firing_onset")
    assert "spontaneously" in busy.reason


def test_the_subtype_is_no_criterion_of_maturity(family_of):
    """A fast motor neuron is none that is more mature: with and without the row the verdict is the same."""
    table = mnephys.extract(family_of(CHARGES, spikes=_trains(LATE), **LONG))
    assert table.get("firing_subtype").text in ONSETS
    rows = tuple(row for row in table.rows if row.feature not in {"firing_subtype", "firing_onset"})
    with_it, without = mnephys.score(table), mnephys.score(replace(table, rows=rows))
    assert with_it.stage == without.stage
    assert with_it.maturity_index == without.maturity_index
    assert not any(criterion.feature == "firing_subtype" for criterion in with_it.criteria)


def test_the_real_cells(data):
    """The first of the three with three action potentials fires them in the second half of a step of 1 s."""
    late = mnephys.extract(mnephys.read(data("patch/190619B_0003.abf")))
    assert late.get("firing_onset").text == "delayed"
    assert late.get("firing_subtype").status is Status.NOT_APPLICABLE
    for name in ("171116sh_0018", "171116sh_0019", "18713001", "File_axon_5"):
        assert mnephys.extract(mnephys.read(data(f"patch/{name}.abf"))).get("firing_onset").text == "immediate", name


def test_sweeps_in_any_order_have_one_onset(family_of):
    recording = family_of(CHARGES, spikes=_trains(LATE), **LONG)
    back = replace(recording, response=recording.response[::-1], command=recording.command[::-1])
    for name in ("firing_onset", "firing_subtype"):
        assert _row(back, name) == _row(recording, name)
    assert np.isfinite(mnephys.extract(back).get("first_spike_latency").value)
