"""Responses against what was put in, and a status wherever the tags do not say enough."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnephys.measurement import Status
from mnephys.patch.agonists import FEATURES, measure_agonists
from mnephys.recording import Clamp, CommandSource, SweepRecording

RESPONSE = (20.0, -120.0, 1.0, 3.0)


@pytest.mark.parametrize("agonist", ["glutamate", "kainate", "GABA", "glycine"])
def test_amplitude_time_duration_and_recovery_come_back(applied, measured, agonist):
    rows = measured(applied(60, [RESPONSE], [(19.5, f"{agonist} 100 uM")]))
    name = agonist.lower()
    assert rows[f"{name}_current"].value == pytest.approx(-120, rel=0.02)
    assert rows[f"{name}_time_to_peak"].value == pytest.approx(1.5, abs=0.1)
    # A ramp to the peak and an exponential after it.
    assert rows[f"{name}_duration"].value == pytest.approx(0.5 + 3.0, rel=0.05)
    assert rows[f"{name}_recovery"].value == pytest.approx(1.0, abs=0.02)
    assert rows[f"{name}_current"].reason.startswith(f"'{agonist} 100 uM'")
    assert sum(row.ok for row in rows.values()) == 4


def test_a_lasting_response_has_not_recovered(applied, measured):
    rows = measured(applied(60, [(20.0, 80.0, 0.5, 1e9)], [(20.0, "glycine")]))
    assert rows["glycine_current"].value == pytest.approx(80, rel=0.05)
    assert rows["glycine_recovery"].value == pytest.approx(0.0, abs=0.03)


def test_the_area_is_the_charge(applied, measured):
    rows = measured(applied(60, [RESPONSE], [(20.0, "glutamate")], noise=0.01))
    current, duration = rows["glutamate_current"], rows["glutamate_duration"]
    assert current.value * duration.value == pytest.approx(-120 * 3.5, rel=0.01)
    assert "area -420 pC" in current.reason


def test_a_depolarisation_is_measured_under_its_action_potentials(applied, measured):
    recording = applied(60, [(20.0, 15.0, 2.0, 5.0)], [(20.0, "kainate")], clamp=Clamp.CURRENT, noise=0.3)
    rng = np.random.default_rng(1)
    voltage = recording.response.copy()
    for at in rng.uniform(0, 59.9, 300):
        first = int(at * recording.sampling_rate)
        voltage[0, first : first + 6] += 70.0
    rows = measured(replace(recording, response=voltage))
    assert rows["kainate_potential"].value == pytest.approx(15, abs=0.7)
    assert "kainate_current" not in rows


def test_no_response_is_an_amplitude_within_the_noise_and_nothing_else(applied, measured):
    rows = measured(applied(60, [], [(20.0, "GABA")]))
    assert rows["gaba_current"].ok
    assert abs(rows["gaba_current"].value) < 5
    assert "no response above the noise" in rows["gaba_current"].reason
    for name in ("gaba_time_to_peak", "gaba_duration", "gaba_recovery"):
        assert rows[name].status is Status.TOO_FEW_EVENTS


def test_events_of_the_baseline_are_no_response(applied, measured):
    events = [(t, -60.0, 0.05, 0.1) for t in np.arange(0.5, 59, 1.7)]
    rows = measured(applied(60, events, [(30.0, "glycine")]))
    assert "no response above the noise" in rows["glycine_current"].reason


@pytest.mark.parametrize("drift", [3.0, -3.0])
def test_a_drift_is_no_response(applied, measured, drift):
    row = measured(applied(60, [], [(20.0, "GABA")], drift=drift))["gaba_current"]
    assert row.status is Status.BAD_INPUT
    assert "the baseline drifts by" in row.reason


def test_a_response_larger_than_the_drift_is_measured(applied, measured):
    row = measured(applied(60, [RESPONSE], [(20.0, "GABA")], drift=-0.5))["gaba_current"]
    assert row.value == pytest.approx(-120, abs=4)


def test_several_applications_give_the_median(applied, measured):
    responses = [(20.0, -100.0, 0.5, 1.0), (70.0, -140.0, 0.5, 1.0), (120.0, -90.0, 0.5, 1.0)]
    tags = [(t, "glutamate") for t, *_ in responses]
    row = measured(applied(170, responses, tags))["glutamate_current"]
    assert row.value == pytest.approx(-100, rel=0.03)
    assert "median of 3 of 3 applications" in row.reason


def test_two_agonists_each_have_their_own(applied, measured):
    rows = measured(
        applied(
            120, [(20.0, -100.0, 0.5, 2.0), (80.0, 60.0, 0.5, 2.0)], [(20, "glutamate"), (50, "wash"), (80, "GABA")]
        )
    )
    assert rows["glutamate_current"].value == pytest.approx(-100, rel=0.03)
    assert rows["gaba_current"].value == pytest.approx(60, rel=0.05)


@pytest.mark.parametrize(
    ("tags", "status", "said"),
    [
        ([], Status.NOT_APPLICABLE, "no tag names glutamate"),
        ([(20, "wash")], Status.NOT_APPLICABLE, "no tag names glutamate"),
        ([(20, "glutamate + GABA")], Status.BAD_INPUT, "does not say that glutamate alone was applied"),
        ([(20, "before glutamate")], Status.BAD_INPUT, "does not say that glutamate alone was applied"),
        ([(20, "glutamate"), (21, "GABA")], Status.BAD_INPUT, "'GABA' is 1 s after it, 2 s are needed"),
        ([(15, "GABA"), (20, "glutamate")], Status.BAD_INPUT, "the tag 'GABA' 5 s before it lies in its baseline"),
        ([(19.5, "note"), (20, "glutamate")], Status.BAD_INPUT, "the tag 'note' 0.5 s before it"),
        ([(0.4, "glutamate")], Status.NOT_APPLICABLE, "s of baseline before it, 1 s are needed"),
        ([(59, "glutamate")], Status.NOT_APPLICABLE, "the recording ends 1 s after it"),
        ([(500, "glutamate")], Status.BAD_INPUT, "lies outside the recording"),
        ([(-5, "glutamate")], Status.BAD_INPUT, "lies outside the recording"),
    ],
)
def test_tags_that_do_not_say_enough(applied, measured, tags, status, said):
    rows = measured(applied(60, [RESPONSE], tags))
    for name in ("current", "time_to_peak", "duration", "recovery"):
        row = rows[f"glutamate_{name}"]
        assert row.status is status
        assert said in row.reason


def test_a_wash_ends_no_window_and_shortens_a_baseline(applied, measured):
    rows = measured(applied(60, [RESPONSE], [(15, "wash"), (20, "glutamate"), (20.5, "off")]))
    assert rows["glutamate_current"].value == pytest.approx(-120, rel=0.02)


def test_what_comes_after_the_next_application_is_not_looked_at(applied, measured):
    rows = measured(applied(60, [RESPONSE, (30.0, -500.0, 0.5, 2.0)], [(20, "glutamate"), (30, "KCl")]))
    assert rows["glutamate_current"].value == pytest.approx(-120, rel=0.03)


def test_test_pulses_are_left_out(applied, measured):
    recording = applied(60, [RESPONSE], [(20.0, "glutamate")])
    current, command = recording.response.copy(), np.full(recording.response.shape, -70.0, dtype=np.float32)
    for first in range(0, 60 * 2000, 4000):
        command[0, first : first + 100] = -80.0
        current[0, first : first + 100] -= 900.0
    rows = measured(replace(recording, response=current, command=command, command_source=CommandSource.RECORDED))
    assert rows["glutamate_current"].value == pytest.approx(-120, rel=0.02)
    noisy = command + np.random.default_rng(0).normal(0, 1, command.shape).astype(np.float32)
    rows = measured(replace(recording, response=current, command=noisy, command_source=CommandSource.RECORDED))
    assert rows["glutamate_current"].value == pytest.approx(-120, rel=0.02)


def test_sweeps_that_follow_one_another_are_one_recording(applied):
    whole = applied(60, [RESPONSE], [(20.0, "glutamate")])
    sweeps = whole.response.reshape(6, -1)
    start = np.arange(6) * 10.0
    cut = SweepRecording(sweeps, whole.sampling_rate, whole.clamp, sweep_start=start, tags=whole.tags)
    assert measure_agonists(cut) == measure_agonists(whole)
    back = SweepRecording(sweeps[::-1], whole.sampling_rate, whole.clamp, sweep_start=start[::-1], tags=whole.tags)
    assert measure_agonists(back) == measure_agonists(whole)


def test_sweeps_without_times_of_their_own_cannot_place_a_tag(applied, measured):
    whole = applied(60, [RESPONSE], [(20.0, "glutamate")])
    row = measured(replace(whole, response=whole.response.reshape(6, -1), n_valid=None, sweep_start=None))[
        "glutamate_current"
    ]
    assert row.status is Status.BAD_INPUT
    assert "when each sweep began is not known" in row.reason


def test_gaps_between_sweeps_are_said(applied, measured):
    whole = applied(60, [RESPONSE], [(150.0, "glutamate")])
    start = np.arange(60) * 5.0
    sparse = SweepRecording(whole.response.reshape(60, -1), 2000.0, whole.clamp, sweep_start=start, tags=whole.tags)
    row = measured(sparse)["glutamate_current"]
    assert row.status is Status.NOT_APPLICABLE
    assert "only 20% of the 30 s after it can be used" in row.reason


@given(st.floats(0.05, 20), st.floats(-500, 500), st.booleans())
@settings(max_examples=20, deadline=None)
def test_scale_and_shift(applied, measured, factor, shift, flip):
    recording = applied(50, [RESPONSE], [(20.0, "glutamate")])
    scale = -factor if flip else factor
    plain = measured(recording)
    other = measured(replace(recording, response=recording.response * np.float32(scale) + np.float32(shift)))
    assert other["glutamate_current"].value == pytest.approx(scale * plain["glutamate_current"].value, rel=1e-3)
    for name in ("time_to_peak", "duration", "recovery"):
        expected = pytest.approx(plain[f"glutamate_{name}"].value, rel=1e-2, abs=1e-2)
        assert other[f"glutamate_{name}"].value == expected


@given(st.integers(0, 100))
@settings(max_examples=10, deadline=None)
def test_time_shifts_with_its_tag(applied, measured, seconds):
    recording = applied(50, [RESPONSE], [(20.0, "glutamate")])
    later = replace(recording, sweep_start=np.array([float(seconds)]), tags=((20.0 + seconds, "glutamate"),))
    one, other = measured(recording), measured(later)
    for name in ("current", "time_to_peak", "duration", "recovery"):
        assert other[f"glutamate_{name}"].value == pytest.approx(one[f"glutamate_{name}"].value, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("clamp", list(Clamp))
@pytest.mark.parametrize("value", [0.0, -70.0, math.nan, math.inf, -math.inf, 3e38])
@pytest.mark.parametrize("shape", [(1, 1), (1, 60000), (3, 2), (2, 30000)])
def test_any_trace_gives_statuses_and_no_warning(clamp, value, shape):
    response = np.full(shape, value, dtype=np.float32)
    n_valid = np.full(shape[0], shape[1])
    tags = ((15.0, "glutamate"), (25.0, "TTX"), (0.0, "GABA"), (1e300, "glycine"), (-1e300, "kainate"))
    start = np.arange(shape[0]) * shape[1] / 1000.0
    recording = SweepRecording(response, 1000.0, clamp, n_valid=n_valid, sweep_start=start, tags=tags)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = measure_agonists(recording)
    assert {row.feature for row in rows} <= FEATURES.keys()
    assert all(row.ok or row.reason for row in rows)
    if shape == (1, 60000) and abs(value) < 100:
        assert next(row for row in rows if row.feature.startswith("glutamate_")).value == 0.0


def test_every_feature_belongs_to_one_clamp_or_to_both(applied):
    names = [{row.feature for row in measure_agonists(applied(5, clamp=clamp))} for clamp in Clamp]
    assert names[0] | names[1] == FEATURES.keys()
    assert {row.unit for clamp in Clamp for row in measure_agonists(applied(5, clamp=clamp))} == {
        feature.unit for feature in FEATURES.values()
    }
