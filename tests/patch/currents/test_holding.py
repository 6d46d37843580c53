"""The time before the first step: noise of known size behind filters, drift, and what of it excludes a sweep."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import mnephys
from mnephys.measurement import Status
from mnephys.patch.currents import measure_currents
from mnephys.patch.currents.family import find_currents
from mnephys.patch.currents.features import FEATURES
from mnephys.patch.currents.holding import Holding, measure_before_steps
from mnephys.patch.currents.quality import _after_edges
from mnephys.patch.currents.stability import judge_stability, measure_holding
from mnephys.patch.limits import QualityLimits
from mnephys.recording import Clamp, CommandSource, SweepRecording

LIMITS = QualityLimits.read()
FILTERS = [(20000.0, 1.0), (20000.0, 2.9), (20000.0, 5.0), (20000.0, 9.0), (50000.0, 2.0), (50000.0, 10.0)]


def with_response(recording, response):
    return SweepRecording(
        response, recording.sampling_rate, Clamp.VOLTAGE, recording.command, CommandSource.EPOCH_TABLE
    )


def edge_of(recording):
    return int(np.argmax(np.diff(recording.command[0]) != 0)) + 1


def about_its_line(piece):
    time = np.arange(piece.size)
    left = piece - np.polyval(np.polyfit(time, piece, 1), time)
    return np.sqrt((left**2).sum() / (piece.size - 2))


@pytest.mark.parametrize(("rate", "corner"), FILTERS)
def test_fast_noise_is_as_large_behind_every_filter(membrane, rate, corner):
    recording = membrane(rate=rate, corner=corner, before=120.0, noise=7.0, sweeps=60)
    noise = measure_before_steps(find_currents(recording)).noise
    assert np.mean(noise) == pytest.approx(7.0, rel=0.04 if corner < 2.0 else 0.025)
    changes = np.diff(recording.response[:, : round(0.119 * rate)].astype(float), axis=1).std() / np.sqrt(2.0)
    # What the change from sample to sample would say shows that the filter makes a difference.
    assert changes < 0.98 * 7.0


@pytest.mark.parametrize("rate", [10000.0, 20000.0])
def test_fast_noise_is_what_a_line_through_every_piece_leaves(membrane, rate):
    recording = membrane(rate=rate, corner=3.0, before=150.0, sweeps=3)
    piece, last = round(0.03 * rate), edge_of(recording) - 1
    expected = [
        np.median([about_its_line(row[last - (n + 1) * piece : last - n * piece].astype(float)) for n in range(3)])
        for row in recording.response
    ]
    noise = measure_before_steps(find_currents(recording)).noise
    assert noise == pytest.approx(expected, rel=1e-6)


def test_drift_and_a_synaptic_current_are_no_fast_noise(membrane):
    recording = membrane(before=120.0, noise=5.0, sweeps=10)
    response = recording.response.astype(float)
    response += np.linspace(0.0, 2000.0, response.shape[1])
    response[:, 1900:2000] -= 60.0 * np.exp(-np.arange(100) / 40.0)
    noise = measure_before_steps(find_currents(with_response(recording, response))).noise
    assert np.mean(noise) == pytest.approx(5.0, rel=0.06)


def test_slow_noise_is_that_of_the_means_of_blocks(membrane):
    recording = membrane(before=620.0, sweeps=4, noise=3.0)
    time = np.arange(recording.n_samples) / recording.sampling_rate
    response = recording.response + 40.0 * np.sin(2.0 * np.pi * 2.0 * time)
    at = edge_of(recording)
    whole = response[:, at - 12 * 1000 : at].astype(float).reshape(4, 12, 1000).mean(axis=2)
    holding = measure_before_steps(find_currents(with_response(recording, response)))
    assert holding.slow_noise == pytest.approx(whole.std(axis=1, ddof=1), rel=1e-4)
    assert np.all(holding.slow_noise > 20.0)
    assert np.mean(holding.noise) == pytest.approx(3.0, rel=0.1)


@pytest.mark.parametrize(("before", "known"), [(0.3, False), (2.0, True), (60.0, True)])
def test_a_short_time_has_no_noise_and_says_so(membrane, before, known):
    rows, _ = measure_currents(membrane(before=before, sweeps=2))
    fast, slow = ([row for row in rows if row.feature == f"qc_current_noise{kind}"] for kind in ("", "_slow"))
    assert [row.ok for row in fast] == [known] * 2
    assert known or {row.reason for row in fast} == {"fewer than 9 usable samples before the first step"}
    assert {(row.status, row.reason) for row in slow} == {
        (Status.NOT_APPLICABLE, "less than 100 ms before the first step")
    }


def test_gaps_in_the_time_before_are_left_out(membrane):
    recording = membrane(before=120.0, noise=5.0, sweeps=10)
    response = recording.response.copy()
    response[:, 500:900] = np.nan
    response[3, :2000] = np.inf
    noise = measure_before_steps(find_currents(with_response(recording, response))).noise
    assert np.mean(noise) == pytest.approx(5.0, rel=0.06)


def test_the_limits_of_voltage_clamp_decide(membrane):
    recording = membrane(before=320.0, noise=5.0, sweeps=5)
    response = recording.response.astype(float)
    response[1] += np.random.default_rng(0).normal(0, 15, response.shape[1])
    response[2] += 60.0
    response[3, :4000] += 80.0
    recording = with_response(recording, response)
    usual = mnephys.extract(recording)
    assert all(row.ok for row in usual.select("qc_sweep"))
    assert usual.get("qc_limits").text == "default"
    strict = replace(LIMITS.voltage_clamp, noise=10.0, noise_slow=20.0, holding_shift=50.0)
    table = mnephys.extract(recording, quality=replace(LIMITS, name="rig 2", voltage_clamp=strict))
    reasons = {row.id: row.reason for row in table.select("qc_sweep") if not row.ok}
    assert list(reasons) == ["s1", "s2", "s3"]
    assert reasons["s1"] == "fast noise of 16 pA before the steps"
    assert "the holding current is +60 pA off the median" in reasons["s2"]
    assert reasons["s3"].startswith("slow noise of ")
    named = table.get("qc_limits")
    assert (named.text, named.reason.split(", ")[0]) == ("rig 2", "voltage_clamp.holding_shift 50 pA instead of 200 pA")
    assert table.get("qc_recording").reason == "3 of 5 sweeps excluded"


@pytest.mark.parametrize(("run", "text"), [(0.0, "stable"), (30.0, "unstable")])
def test_a_holding_current_that_runs_away_is_unstable(membrane, cells, run, text):
    recording = membrane(sweeps=6, noise=1.0)
    rows = cells(with_response(recording, recording.response + run * np.arange(6)[:, np.newaxis]))
    assert rows["qc_holding_drift"].value == pytest.approx(5.0 * run, abs=1.0)
    assert rows["qc_holding_drift"].reason == "At -70 mV, over 6 sweeps."
    assert rows["qc_stability"].text == text
    wide = replace(LIMITS.voltage_clamp, stability_holding=200.0)
    again = cells(with_response(recording, recording.response + run * np.arange(6)[:, np.newaxis]), limits=wide)
    assert again["qc_stability"].text == "stable"


def test_a_series_resistance_that_rises_is_unstable(membrane, cells):
    recording = membrane(np.linspace(10.0, 14.0, 15), 300.0, 40.0, sweeps=15)
    row = cells(recording)["qc_stability"]
    assert row.text == "unstable"
    assert "the series resistance changed by +3" in row.reason
    wide = replace(LIMITS.voltage_clamp, stability_series=0.5)
    assert cells(recording, limits=wide)["qc_stability"].text == "stable"


def test_one_sweep_is_neither_stable_nor_unstable(membrane, cells):
    rows = cells(membrane(sweeps=1))
    assert rows["qc_holding_drift"].status is rows["qc_stability"].status is Status.TOO_FEW_EVENTS


def test_what_may_be_a_seal_is_the_limits_to_say(membrane, cells):
    recording = membrane(10.0, 2000.0, 12.0, sweeps=20, length=100.0)
    assert "may be a seal" not in cells(recording)["membrane_test_resistance"].reason
    wide = replace(LIMITS.voltage_clamp, seal_capacitance=20.0)
    assert "less than 20 pF this may be a seal" in cells(recording, limits=wide)["membrane_test_resistance"].reason
    larger = replace(wide, seal_resistance=5000.0)
    assert "may be a seal" not in cells(recording, limits=larger)["membrane_test_resistance"].reason


def test_a_stated_seal_is_compared_with_the_membrane_test(membrane):
    recording = membrane(15.0, 300.0, 40.0, sweeps=20)
    assert mnephys.extract(recording, seal=3000.0).get("qc_seal").value == pytest.approx(10.0, rel=0.03)
    assert "nobody stated" in mnephys.extract(recording).get("qc_seal").reason


@pytest.mark.parametrize(("name", "value"), [("clipping_runs", 1e6), ("clipping_samples", 1e6)])
def test_what_counts_as_clipped_is_the_limits_to_say(channels, name, value):
    recording = channels()
    cut = with_response(recording, np.maximum(recording.response, -700.0))
    rows = {row.feature: row for row in measure_currents(cut)[0]}
    assert rows["qc_clipping"].text == "clipped"
    loose = replace(LIMITS.voltage_clamp, **{name: value})
    rows = {row.feature: row for row in measure_currents(cut, limits=loose)[0]}
    assert rows["qc_clipping"].text == "none found"


def held(potential, current):
    empty = np.full(len(potential), np.nan)
    return Holding(np.array(current, dtype=float), np.array(potential, dtype=float), empty, empty)


def test_a_command_that_jitters_is_one_potential():
    holding = held([-70.24, -70.26, -70.24, -70.26, -69.9, np.nan], [-50, -450, -50, -450, -50, -50])
    assert holding.group.tolist() == [0, 0, 0, 0, 0, -1]
    assert holding.shift[:5].tolist() == [0.0, -400.0, 0.0, -400.0, 0.0]
    assert np.isnan(holding.shift[5])
    assert held([-60.0, -70.0, -60.6, -70.0], [1, 2, 3, 4]).group.tolist() == [2, 0, 1, 0]


def test_fewer_than_three_sweeps_have_no_shift_and_say_so(membrane):
    rows = [row for row in measure_currents(membrane(sweeps=2))[0] if row.feature == "qc_holding_shift"]
    assert {(row.status, row.reason) for row in rows} == {
        (Status.NOT_APPLICABLE, "fewer than three sweeps at this potential")
    }
    assert len(rows) == 2


def test_the_current_is_that_of_the_most_frequent_potential(membrane):
    family = find_currents(membrane(sweeps=5))
    holding = held([-90.0, -70.02, -69.9, -70.06, -60.0], [-900, -50, -52, -54, -10])
    current, drift = measure_holding(family, holding)
    assert (current.value, current.reason) == (-52.0, "At -70 mV, median over 3 sweeps.")
    assert drift.value == 4.0
    unused = family.with_accepted(np.zeros(5, dtype=bool))
    assert {row.reason for row in measure_holding(unused, holding)} == {"No sweep holds a usable baseline."}


def test_a_verdict_names_the_half_that_it_rests_on():
    drift, change = FEATURES["qc_holding_drift"], FEATURES["qc_series_resistance_change"]
    lost = [feature.missing(Status.NOT_APPLICABLE, "no") for feature in (drift, change)]
    limits = LIMITS.voltage_clamp
    assert judge_stability(drift.measured(1.0), change.measured(1.0), limits).text == "stable"
    assert judge_stability(drift.measured(1.0), lost[1], limits).text == "holding current stable"
    assert judge_stability(lost[0], change.measured(1.0), limits).text == "series resistance stable"
    assert judge_stability(lost[0], change.measured(-30.0), limits).text == "unstable"
    assert judge_stability(*lost, limits).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize(("transient", "marked"), [(0.0, 0), (0.5, 10), (1000.0, 1200)])
def test_charging_is_marked_no_further_than_its_step(membrane, transient, marked):
    family = find_currents(membrane(sweeps=3, before=10.0, length=60.0))
    _, soon = _after_edges(family, replace(LIMITS.voltage_clamp, clipping_transient=transient))
    # Two edges: one in front of the step and one behind it.
    assert soon.sum(axis=1).tolist() == [2 * marked] * 3
    assert not soon[:, :200].any()
