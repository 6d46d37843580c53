"""Adaptation and regularity against elephant, eFEL and the published numbers of IPFX."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mnephys
from mnephys.measurement import Status
from mnephys.patch.family import find_family
from mnephys.patch.firing import step_firing
from mnephys.patch.intervals import adaptation_index, coefficient_of_variation, local_variation
from mnephys.patch.regularity import FEATURES, measure_regularity

INTERVALS = st.lists(st.floats(0.002, 1.0), min_size=3, max_size=60).map(np.array)


def _train(intervals, span=0.45):
    after = np.concatenate([[0.0], np.cumsum(intervals)])
    return list(0.02 + after * min(1.0, span / after[-1]))


def _rows(recording, rheobase):
    family = find_family(recording)
    return {row.feature: row for row in measure_regularity(family, step_firing(family), rheobase)}


@settings(deadline=None)  # the first call imports elephant
@given(INTERVALS)
def test_local_variation_and_cv_are_those_of_elephant(interval):
    from elephant.statistics import cv, lv

    assert local_variation(interval) == pytest.approx(float(lv(interval)), rel=1e-9, abs=1e-12)
    assert coefficient_of_variation(interval) == pytest.approx(float(cv(interval)), rel=1e-9, abs=1e-12)


@given(INTERVALS, st.floats(0.01, 100))
def test_they_know_no_unit_and_adaptation_changes_sign_when_time_runs_back(interval, factor):
    assert local_variation(factor * interval) == pytest.approx(local_variation(interval))
    assert adaptation_index(interval[::-1]) == pytest.approx(-adaptation_index(interval), abs=1e-12)
    assert local_variation(interval[::-1]) == pytest.approx(local_variation(interval))


def test_local_variation_of_a_clock_is_0_and_of_a_poisson_process_1():
    assert local_variation(np.full(50, 0.02)) == 0.0
    assert local_variation(np.random.default_rng(0).exponential(1.0, 100_000)) == pytest.approx(1.0, abs=0.02)


def test_slow_adaptation_counts_for_the_cv_and_not_for_the_local_variation(family_of):
    intervals = 0.02 * 1.15 ** np.arange(14)
    rows = _rows(family_of([0, 20, 40], spikes=[[], [0.2], _train(intervals)]), 20.0)
    assert rows["isi_cv"].value > 0.3
    assert rows["isi_lv"].value < 0.05


@pytest.mark.parametrize("n_aps", [5, 6, 10, 14, 15, 20, 26])
def test_the_index_named_after_efel_is_the_one_of_efel(family_of, n_aps):
    import efel

    train = _train(np.random.default_rng(n_aps).uniform(0.5, 1.5, n_aps - 1))
    recording = family_of([0, 20, 40], spikes=[[], [0.2], train])
    t = 1000.0 * np.arange(recording.n_samples) / recording.sampling_rate
    trace = {"T": t, "V": recording.response[2].astype(float), "stim_start": [200.0], "stim_end": [700.0]}
    efel.reset()
    efel.set_setting("interp_step", 0.05)
    efel.set_setting("strict_stiminterval", True)
    theirs = efel.get_feature_values([trace], ["adaptation_index", "peak_time"], raise_warnings=False)[0]
    efel.reset()
    assert len(theirs["peak_time"]) == n_aps
    ours = _rows(recording, 20.0)["adaptation_index_efel"]
    assert ours.value == pytest.approx(theirs["adaptation_index"][0], abs=1e-6)
    assert f"{n_aps} action potentials" in ours.reason


def test_the_peers_numbers_on_a_real_train(data):
    """Sweep 16 of the first step: eFEL 0.082 and IPFX 0.115 (adapt), 0.377 (CV) were measured with the peers."""
    recording = mnephys.read(data("patch/171116sh_0018.abf"))
    rows = _rows(recording, 150.0)
    assert "300 pA" in rows["isi_cv"].reason
    assert rows["adaptation_index_efel"].value == pytest.approx(0.082, abs=1e-3)
    assert rows["adaptation_index_ipfx"].value == pytest.approx(0.115, abs=1e-3)
    assert rows["isi_cv"].value == pytest.approx(0.377, abs=1e-3)


def test_too_few_action_potentials_give_statuses(family_of):
    rows = _rows(family_of([0, 20], spikes=[[], [0.1, 0.2, 0.3, 0.4]]), 20.0)
    assert set(rows) == set(FEATURES)
    assert {row.status for row in rows.values()} == {Status.TOO_FEW_EVENTS}
