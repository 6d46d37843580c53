"""The rows of quality control: noise, stability, seal, missing samples, units, clipping, limits."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

import mnephys
from mnephys.maturity.conditions import Conditions
from mnephys.measurement import Feature, Status
from mnephys.patch.baselines import measure_baselines, middle
from mnephys.patch.family import find_family
from mnephys.patch.limits import QualityLimits
from mnephys.patch.quality import FEATURES, control_quality, judge_seal
from mnephys.recording import Clamp, SweepRecording

CURRENTS = [-40, -20, 0, 20, 40]
SECONDS = np.arange(20000) / 20000.0


def with_response(recording, response):
    return replace(recording, response=response)


@pytest.mark.parametrize("noise", [0.05, 0.5, 2.0])
def test_the_fast_noise_comes_back_whatever_the_drift_and_the_firing(family_of, noise):
    recording = family_of([0, 0, 20], spikes=[[-0.1], [], [-0.15, -0.05]], noise=noise)
    drifting = with_response(recording, recording.response + 5 * SECONDS)
    assert measure_baselines(find_family(drifting)).noise == pytest.approx(noise, rel=0.08)


@pytest.mark.parametrize(("frequency", "passes"), [(2.0, True), (4.0, True), (60.0, False), (500.0, False)])
def test_slow_noise_is_what_lies_below_ten_hertz(family_of, frequency, passes):
    recording = family_of([0, 20, 40], start=0.6, length=0.3)
    wave = 3.0 * np.sin(2 * np.pi * frequency * SECONDS + np.array([0.0, 1.0, 2.0])[:, np.newaxis])
    slow = measure_baselines(find_family(with_response(recording, recording.response + wave))).slow_noise
    if passes:
        assert slow == pytest.approx(3 / np.sqrt(2), rel=0.25)
    else:
        assert (slow < 0.15 * 3 / np.sqrt(2)).all()


def test_slow_noise_is_the_spread_of_means_of_fifty_milliseconds(family_of):
    recording = family_of([0, 20], start=0.6, length=0.3, noise=1.0)
    walk = np.cumsum(np.random.default_rng(2).normal(0, 0.05, recording.response.shape), axis=1)
    recording = with_response(recording, recording.response + walk)
    expected = [np.std([np.mean(v[i : i + 1000]) for i in range(0, 12000, 1000)], ddof=1) for v in recording.response]
    assert measure_baselines(find_family(recording)).slow_noise == pytest.approx(expected, rel=1e-4)


def test_action_potentials_before_the_step_are_no_slow_noise(family_of):
    recording = family_of([0, 20], start=0.6, length=0.3, noise=0.1, spikes=[[-0.3, -0.2], []])
    assert measure_baselines(find_family(recording)).slow_noise.max() < 0.1


def test_noise_that_cannot_be_measured_says_why(family_of):
    table = mnephys.extract(family_of(CURRENTS, start=0.08))
    row = table.get("qc_baseline_noise_slow", level="sweep", id="s1")
    assert (row.status, row.reason) == (Status.NOT_APPLICABLE, "less than 100 ms are quiet before the first step")
    assert table.get("qc_baseline_noise", level="sweep", id="s1").ok


def test_the_middle_is_one_of_the_values():
    assert middle(np.array([3.0, 1.0, 2.0])) == 2.0
    assert middle(np.array([1.0, 2.0])) == 1.0
    assert np.isnan(middle(np.array([np.nan])))


def prepulsed(family_of, resistances, *, rest=-65.0, current=-50.0):
    """A family with the same prepulse in every sweep, at whose input resistance the cell is made."""
    recording = family_of([0, 10, 20, 30], start=0.6, length=0.2, rest=rest)
    inside = (SECONDS >= 0.2) & (SECONDS < 0.4)
    pulse = np.where(inside, 1 - np.exp(-(SECONDS - 0.2) / 0.01), 0.0)
    moved = current / 1000.0 * np.asarray(resistances)[:, np.newaxis] * pulse
    return replace(recording, response=recording.response + moved, command=recording.command + current * inside)


def test_the_resistance_is_compared_at_the_step_that_sweeps_have_in_common(family_of):
    same = mnephys.extract(prepulsed(family_of, [200, 200, 200, 200]))
    assert same.get("qc_resistance_spread").value == pytest.approx(0.0, abs=0.5)
    assert same.get("qc_stability").text == "stable"
    changing = mnephys.extract(prepulsed(family_of, [200, 220, 240, 260]))
    assert changing.get("qc_resistance_spread").value == pytest.approx(100 * 60 / 230, rel=0.01)
    assert changing.get("qc_stability").text == "unstable"
    assert "over 4 sweeps at a step of -50 pA" in changing.get("qc_stability").reason
    assert changing.get("qc_recording").ok, "it is reported, and excludes nothing"


@pytest.mark.parametrize(
    ("resistances", "text"), [([200, 200, 200, 239], "stable"), ([200, 200, 200, 241], "unstable")]
)
def test_the_largest_spread_of_the_resistance_that_is_stable(family_of, resistances, text):
    assert mnephys.extract(prepulsed(family_of, resistances)).get("qc_stability").text == text


@pytest.mark.parametrize(("shift", "text"), [(4.9, "stable"), (5.1, "unstable")])
def test_the_largest_spread_of_the_baseline_that_is_stable(family_of, shift, text):
    recording = family_of(CURRENTS)
    moved = recording.response + shift * np.array([0, 0, 0, 0, 1])[:, np.newaxis]
    table = mnephys.extract(with_response(recording, moved))
    assert table.get("qc_stability").text == text
    assert table.get("qc_drift").value == pytest.approx(shift, abs=0.01)
    limits = replace(QualityLimits.read(), stability_baseline=shift - 0.1)
    assert mnephys.extract(with_response(recording, moved), quality=limits).get("qc_stability").text == "unstable"


def test_resistances_at_different_currents_are_not_compared(family_of):
    table = mnephys.extract(family_of(CURRENTS, sag=0.3))
    row = table.get("qc_resistance_spread")
    assert (row.status, row.reason) == (
        Status.NOT_APPLICABLE,
        "no two sweeps have a step in common that evokes nothing",
    )
    assert table.get("qc_stability").text == "stable"
    single = mnephys.extract(family_of([-20]))
    assert single.get("qc_stability").status is Status.TOO_FEW_EVENTS


def test_sweeps_that_are_excluded_do_not_count_for_stability(family_of):
    recording = prepulsed(family_of, [200, 200, 200, 400])
    recording = with_response(recording, recording.response + 30 * np.array([0, 0, 0, 1])[:, np.newaxis])
    table = mnephys.extract(recording)
    assert table.get("qc_stability").text == "stable"
    assert "3 sweeps" in table.get("qc_stability").reason


def test_of_what_is_no_cell_no_resistance_is_compared(family_of):
    table = mnephys.extract(prepulsed(family_of, [50, 50, 50, 50], rest=-5.0))
    assert "leak" in table.get("qc_recording").reason
    assert table.get("qc_resistance_spread").status is Status.NOT_APPLICABLE


def test_a_cell_that_changed_is_seen_in_a_real_recording(data):
    # The input resistance at the prepulse rises from 127 to 204 MOhm within 16 sweeps; the baseline tells nothing.
    table = mnephys.extract(mnephys.read(data("patch/18713001.abf")))
    assert table.get("qc_resistance_spread").value == pytest.approx(40, abs=2)
    assert table.get("qc_stability").text == "unstable"
    assert table.get("qc_drift").value < 2


RESISTANCE = Feature("input_resistance", "MOhm", ("cell",), "", "mnephys", (0, 1e6))


def test_the_seal_is_compared_with_the_input_resistance():
    row = judge_seal(RESISTANCE.measured(500.0), 4000.0)
    assert row.value == 8.0
    assert row.reason == "The seal has 4000 MOhm, the input resistance is 500 MOhm."
    assert judge_seal(RESISTANCE.measured(500.0), None).status is Status.NOT_APPLICABLE
    assert judge_seal(RESISTANCE.missing(Status.EXCLUDED, "no"), 4000.0).status is Status.NOT_APPLICABLE
    assert judge_seal(None, 4000.0).status is Status.NOT_APPLICABLE
    for seal in (499.0, 500.0):
        impossible = judge_seal(RESISTANCE.measured(500.0), seal)
        assert impossible.status is Status.BAD_INPUT
        assert "cannot be the smaller" in impossible.reason


def test_the_seal_travels_from_the_conditions(family_of):
    recording = family_of(CURRENTS)
    assert mnephys.extract(recording, seal=2000.0).get("qc_seal").value == pytest.approx(10.0, rel=0.02)
    assert "rseal_mohm" in mnephys.extract(recording).get("qc_seal").reason


def test_missing_samples_are_named_sweep_by_sweep_and_cost_no_sweep(family_of):
    recording = family_of(CURRENTS)
    response = recording.response.copy()
    response[1, 16000:] = np.nan
    response[2, 15000:15020] = np.inf
    response[3, 15000:15010] = np.nan
    response[3, 19000:] = np.nan
    table = mnephys.extract(replace(recording, response=response, n_valid=None))
    rows = {row.id: row for row in table.select("qc_aborted", level="sweep")}
    assert [row.text for row in rows.values()] == ["whole", "aborted", "gaps", "aborted", "whole"]
    assert rows["s0"].reason == ""
    assert rows["s1"].reason == "The sweep ends after 0.8 of 1 s."
    assert rows["s2"].reason == "The sweep lacks 20 samples before its end."
    assert rows["s3"].reason == "The sweep ends after 0.95 of 1 s and lacks 10 samples before its end."
    assert table.get("qc_aborted").value == 3
    assert table.get("qc_aborted").reason.startswith("s1 ends after 0.8 of 1 s, s2 lacks")
    assert all(row.ok for row in table.select("qc_sweep"))
    assert mnephys.extract(recording).get("qc_aborted").value == 0


def test_sweeps_without_a_sample_count_as_aborted_and_many_are_not_all_named(family_of):
    recording = family_of(list(range(9)))
    response = recording.response.copy()
    response[:7, 10000:] = np.nan
    response[8] = np.nan
    row = mnephys.extract(replace(recording, response=response, n_valid=None)).get("qc_aborted")
    assert row.value == 8
    assert row.reason.endswith("s4 ends after 0.5 of 1 s and 3 more.")


def test_the_unit_is_compared_with_the_magnitude(family_of):
    recording = family_of(CURRENTS)
    row = mnephys.extract(recording).get("qc_units")
    assert (row.text, row.reason) == ("plausible", "The response goes from -73.0 to -57.0 mV.")
    for factor, unit in ((1e-3, "V"), (1e3, "uV")):
        table = mnephys.extract(with_response(recording, recording.response * factor))
        assert table.get("qc_units").status is Status.EXCLUDED
        assert table.get("qc_units").reason.endswith(f"as if it were in {unit}")
        assert "wrong units" in table.get("qc_recording").reason
        assert not any(row.ok for row in table.select("qc_sweep"))


def test_clipping_has_a_row_of_its_own(family_of):
    recording = family_of(CURRENTS, spikes=[[], [], [], [0.15], [0.1, 0.2]])
    assert mnephys.extract(recording).get("qc_clipping").text == "none found"
    row = mnephys.extract(with_response(recording, np.minimum(recording.response, 0.0))).get("qc_clipping")
    assert row.text == "clipped"
    assert row.reason == "Cut off flat at the extreme of the recording and excluded: s3, s4."


@pytest.mark.parametrize("name", ["171116sh_0016", "171116sh_0018", "171116sh_0019", "18713001", "190619B_0003"])
def test_nothing_is_clipped_aborted_or_in_wrong_units_in_good_recordings(data, name):
    recording = mnephys.read(data(f"patch/{name}.abf"))
    table = mnephys.extract(recording)
    assert table.get("qc_clipping").text == "none found"
    assert table.get("qc_units").text == "plausible"
    assert table.get("qc_aborted").value == 0


@pytest.mark.parametrize("name", ["171116sh_0018", "171116sh_0019", "18713001", "190619B_0003", "File_axon_5"])
def test_one_real_action_potential_that_is_cut_off_is_seen(data, name):
    recording = mnephys.read(data(f"patch/{name}.abf"))
    sweep, at = np.unravel_index(recording.response.argmax(), recording.response.shape)
    rail = recording.response.max() - 5.0
    # All others stay below the limit that the highest of all hits.
    response = np.minimum(recording.response, rail - 3.0)
    around = slice(at - 60, at + 60)
    response[sweep, around] = np.minimum(recording.response[sweep, around], rail)
    row = mnephys.extract(with_response(recording, response)).get("qc_clipping")
    assert row.reason == f"Cut off flat at the extreme of the recording and excluded: s{sweep}."


def test_the_limits_travel_into_the_table(family_of):
    recording = family_of(CURRENTS)
    assert mnephys.extract(recording).get("qc_limits").text == "default"
    limits = replace(QualityLimits.read(), name="rig 2", baseline_shift=0.001, baseline_noise_slow=4.0)
    row = mnephys.extract(recording, quality=limits).get("qc_limits")
    assert row.text == "rig 2"
    assert row.reason == "baseline_shift 0.001 mV instead of 10 mV, baseline_noise_slow 4 mV instead of none."


@pytest.mark.parametrize("value", [np.nan, 0.0, -65.0])
@pytest.mark.parametrize("shape", [(1, 1), (3, 1), (2, 500)])
def test_constant_and_empty_traces_give_rows_and_no_warning(value, shape):
    response = np.full(shape, value)
    response[0, 0] = -65.0
    recording = SweepRecording(response, 20000.0, Clamp.CURRENT)
    table = mnephys.extract(recording)
    at_cell = {name for name, feature in FEATURES.items() if "cell" in feature.levels}
    assert at_cell <= {row.feature for row in table.select(level="cell")}
    assert all(row.reason for row in table if not row.ok)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("where", [np.s_[:], np.s_[0], np.s_[:, 100:200]])
def test_infinite_samples_count_as_missing(family_of, value, where):
    recording = family_of([-20, 0, 20])
    voltage = recording.response.copy()
    voltage[where] = value
    judged, rows = control_quality(find_family(replace(recording, response=voltage)))
    lost = {row.id for row in rows if row.feature == "qc_sweep" and row.reason == "nothing was recorded"}
    assert lost == {f"s{n}" for n, sweep in enumerate(voltage) if not np.isfinite(sweep).any()}
    assert int(judged.accepted.sum()) == 3 - len(lost)
    assert all(row.reason for row in rows if not row.ok)


def test_scores_take_limits_for_recordings_of_cells_only(family_of):
    recording = family_of(CURRENTS)
    drifting = with_response(recording, recording.response + np.arange(5)[:, np.newaxis])
    strict = replace(QualityLimits.read(), baseline_shift=0.5)
    table = mnephys.extract(drifting, quality=strict)
    assert sum(row.ok for row in table.select("qc_sweep")) == 1
    assert mnephys.score(drifting, quality=strict).criteria == mnephys.score(table).criteria
    with pytest.raises(TypeError, match="limits of quality"):
        mnephys.score(table, quality=strict)


def test_the_seal_of_the_conditions_reaches_the_table(family_of, monkeypatch):
    seen = []
    # By its name, the function of the same name is found.
    module = sys.modules["mnephys.pipeline.score"]
    measure = module.extract
    monkeypatch.setattr(module, "extract", lambda *a, **k: seen.append(measure(*a, **k)) or seen[-1])
    mnephys.score(family_of(CURRENTS), conditions=Conditions(rseal_mohm=2000.0))
    assert seen[0].get("qc_seal").value == pytest.approx(10.0, rel=0.02)
