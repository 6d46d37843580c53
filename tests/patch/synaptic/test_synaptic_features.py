"""What is searched, and what is said of it: a rate, a rate of 0, or why there is none."""

from __future__ import annotations

import numpy as np
import pytest

import mnephys
from mnephys.measurement import Status
from mnephys.patch.synaptic import FEATURES, analyse_synaptic, measure_synaptic
from mnephys.patch.synaptic.stretches import find_quiet
from mnephys.recording import Clamp, CommandSource, SweepRecording

RATE = 10000.0


def _recording(current, command=None, **more):
    if command is not None:
        more |= {"command": command, "command_source": CommandSource.RECORDED}
    return SweepRecording(current, RATE, Clamp.VOLTAGE, **more)


def _rows(recording):
    return {row.feature: row for row in measure_synaptic(recording)}


def _often(simulated, seconds, amplitude, decay=8.0, rise=1.0, **more):
    # About one per second, not like clockwork.
    at = np.arange(int(seconds) - 1) + np.random.default_rng(9).uniform(0.2, 0.8, int(seconds) - 1)
    return simulated(seconds, [(each, amplitude, rise, decay) for each in at], **more)


def test_every_feature_has_one_row_and_the_numbers_are_right(simulated):
    analysed = analyse_synaptic(_recording(_often(simulated, 20.0, -20.0)))
    rows = {row.feature: row for row in analysed.rows}
    assert list(rows) == list(FEATURES)
    assert len(analysed.rows) == len(FEATURES)
    assert rows["spsc_frequency"].value == pytest.approx(19 / 20, rel=0.01)
    assert rows["spsc_amplitude"].value == pytest.approx(-20.0, rel=0.03)
    assert rows["spsc_rise_time"].value == pytest.approx(1.165, rel=0.1)
    assert rows["spsc_decay_time"].value == pytest.approx(8.0, rel=0.06)
    assert rows["qc_spsc_noise"].value == pytest.approx(1.0, rel=0.05)
    assert "the smallest event that would be found" in rows["spsc_frequency"].reason
    assert rows["spsc_outward_frequency"].status is Status.TOO_FEW_EVENTS
    assert analysed.events["polarity"].tolist() == ["inward"] * 19
    assert {column.size for column in analysed.events.values()} == {19}


def test_outward_events_have_names_of_their_own(simulated):
    rows = _rows(_recording(_often(simulated, 40.0, 20.0)))
    assert rows["spsc_frequency"].value == 0.0
    assert rows["spsc_amplitude"].status is Status.TOO_FEW_EVENTS
    assert rows["spsc_outward_frequency"].value == pytest.approx(39 / 40, rel=0.01)
    assert rows["spsc_outward_amplitude"].value == pytest.approx(20.0, rel=0.03)


def test_no_event_is_a_rate_of_0_only_where_it_was_looked_for_long_enough(simulated):
    long, short = _rows(_recording(simulated(40.0))), _rows(_recording(simulated(20.0)))
    assert long["spsc_frequency"].value == 0.0
    assert "below 0.075 Hz (95 %)" in long["spsc_frequency"].reason
    assert short["spsc_frequency"].status is Status.TOO_FEW_EVENTS
    assert "below 0.15 Hz (95 %)" in short["spsc_frequency"].reason
    assert _rows(_recording(simulated(9.0)))["spsc_frequency"].status is Status.NOT_APPLICABLE


def test_noise_that_hides_10_pa_excludes(simulated):
    rows = _rows(_recording(simulated(40.0, noise=10.0)))
    for name in ("spsc_frequency", "spsc_outward_frequency", "spsc_decay_time"):
        assert rows[name].status is Status.EXCLUDED
        assert "SD of 10 pA" in rows[name].reason
    assert rows["qc_spsc_smallest_amplitude"].value > 10


def test_action_currents_are_counted(simulated):
    current = _often(simulated, 20.0, -20.0)
    current[[42000, 42001, 150000, 150001]] = -3000.0
    rows = _rows(_recording(current))
    assert rows["qc_spsc_left_out"].value == 2
    assert "Left out were 2 above 1 nA." in rows["spsc_frequency"].reason


def test_current_clamp_and_short_or_slow_recordings_say_why():
    clamp = SweepRecording(np.zeros((1, 20000)), RATE, Clamp.CURRENT)
    slow = SweepRecording(np.zeros((1, 20000)), 500.0, Clamp.VOLTAGE)
    for recording, named in (
        (clamp, "under voltage clamp"),
        (slow, "500 Hz is too low"),
        (_recording(np.zeros((3, 2500))), "0.25 s at most, 0.3 s are needed"),
    ):
        rows = measure_synaptic(recording)
        assert [row.feature for row in rows] == list(FEATURES)
        assert {row.status for row in rows} == {Status.NOT_APPLICABLE}
        assert named in rows[0].reason
        assert rows[0].reason.endswith(".")


@pytest.mark.parametrize("value", [0.0, -70.0, np.inf, 1e30])
def test_bad_currents_give_statuses(value):
    response = np.full((2, 200000), value)
    response[0, :5] = 0.0
    rows = _rows(_recording(response, n_valid=np.array([200000, 200000])))
    # A current without any noise is no silent cell.
    expected = Status.NOT_APPLICABLE if value == np.inf else Status.BAD_INPUT
    assert rows["spsc_frequency"].status is expected
    assert rows["spsc_outward_decay_time"].status is expected


def test_each_polarity_is_looked_for_at_its_own_potential(simulated):
    inward, outward = _often(simulated, 15.0, -20.0), _often(simulated, 15.0, 20.0, seed=1, holding=30.0)
    command = np.repeat([[-70.0], [0.0]], inward.size, axis=1)
    rows = _rows(_recording(np.stack([inward, outward]), command))
    assert rows["spsc_frequency"].value == pytest.approx(14 / 15, rel=0.01)
    assert "the command was -70 mV" in rows["spsc_frequency"].reason
    assert rows["spsc_outward_frequency"].value == pytest.approx(14 / 15, rel=0.01)
    assert "the command was 0 mV" in rows["spsc_outward_frequency"].reason


def test_ttx_is_named_where_a_comment_does(simulated):
    current = _often(simulated, 12.0, -20.0)
    assert "Whether TTX was there is not known" in _rows(_recording(current))["spsc_frequency"].reason
    tagged = _recording(current, tags=((1.0, "1 uM TTX in"),))
    assert "A comment names TTX." in _rows(tagged)["spsc_frequency"].reason


def test_steps_are_left_out_with_what_follows_them_and_ramps_altogether():
    command = np.full((2, 50000), -70.0)
    command[:, 12000:14000] = -80.0
    command[1, 40000:45000] = np.linspace(-70, 0, 5000)
    command[1, 45000:] = 0.0
    response = np.zeros((2, 50000))
    response[0, 48000:] = np.nan
    quiet = find_quiet(_recording(response, command))
    mask = quiet.mask(np.where(np.isfinite(response), 0.0, np.nan), np.ones(quiet.start.size, dtype=bool))
    # The first sample of the ramp is still at the level before it.
    edges = [np.flatnonzero(np.diff(row.astype(int), prepend=0, append=0)).tolist() for row in mask]
    assert edges == [[0, 11980, 15000, 48000], [0, 11980, 15000, 39981, 45999, 50000]]
    assert quiet.level.tolist() == [-70.0] * 4 + [0.0]


def test_a_step_of_0_mv_in_one_sweep_does_not_cut_it():
    command = np.full((3, 20000), -70.0)
    command[1, 8000:12000], command[2, 8000:12000] = -80.0, -90.0
    quiet = find_quiet(_recording(np.zeros((3, 20000)), command))
    # 0.298 s of the steps themselves are too short.
    assert quiet.start.tolist() == [0, 20000, 33000, 40000, 53000]
    assert quiet.stop.tolist() == [20000, 27980, 40000, 47980, 60000]
    assert quiet.longest == pytest.approx(2.0)


def test_a_command_that_is_not_known_is_said_to_be_taken_as_constant(simulated):
    rows = _rows(_recording(_often(simulated, 12.0, -20.0)))
    assert "The command is not known and was taken as constant." in rows["spsc_frequency"].reason


def test_the_real_recording_with_spontaneous_events(data):
    recording = mnephys.read(data("patch/171116sh_0020.abf"))
    analysed = analyse_synaptic(recording)
    rows = {row.feature: row for row in analysed.rows}
    assert rows["spsc_frequency"].value == pytest.approx(8.5, rel=0.1)
    assert rows["spsc_amplitude"].value == pytest.approx(-13.0, rel=0.1)
    assert rows["spsc_decay_time"].value == pytest.approx(6.6, rel=0.15)
    # The test pulse lies between 0.156 and 0.356 s.
    assert analysed.events["onset_time"].min() > 0.45
    # All that the eye sees in sweep 2 from 4.05 to 4.45 s and from 5.6 to 5.9 s; the times are the detector's own.
    events = {name: column[analysed.events["polarity"] == "inward"] for name, column in analysed.events.items()}
    second = events["peak_time"][events["sweep"] == 2]
    assert second[(second > 4.05) & (second < 4.45)] == pytest.approx([4.0965, 4.197, 4.211, 4.312, 4.398], abs=2e-3)
    assert second[(second > 5.6) & (second < 5.9)] == pytest.approx([5.650, 5.834], abs=2e-3)


def test_real_recordings_that_are_too_short_say_so(data):
    rows = measure_synaptic(mnephys.read(data("patch/171116sh_0011.abf")))
    assert {row.status for row in rows} == {Status.NOT_APPLICABLE}
    assert "0.3 s are needed" in rows[0].reason


@pytest.mark.parametrize("decay", [40.0, 2.0])
def test_a_template_of_other_kinetics_is_named(simulated, decay):
    rows = _rows(_recording(_often(simulated, 40.0, -60.0, decay=decay)))
    assert rows["spsc_frequency"].value == pytest.approx(39 / 40, rel=0.03)
    assert rows["spsc_decay_time"].value == pytest.approx(decay, rel=0.06)
    assert rows["spsc_outward_frequency"].value == 0.0
    assert "the template had time constants of" in rows["spsc_frequency"].reason
    assert "the template had" not in _rows(_recording(_often(simulated, 20.0, -60.0)))["spsc_frequency"].reason


def test_there_is_no_rate_where_more_was_left_out_than_kept(simulated):
    current = _often(simulated, 40.0, -20.0)
    for at in np.random.default_rng(4).uniform(1.0, 39.0, 45):
        current[round(at * RATE) : round(at * RATE) + 4] -= 3000.0
    rows = _rows(_recording(current))
    for name in ("spsc_frequency", "spsc_amplitude"):
        assert rows[name].status is Status.EXCLUDED
        assert "More events were left out than kept: 45 and" in rows[name].reason
    assert rows["spsc_outward_frequency"].value == 0.0


def _pulsed(current, every, command=None):
    """Add the response of a cell to pulses of -5 mV and 50 ms: charging of 20 pF through 10 MOhm, 1 GOhm beside it."""
    t = np.arange(current.size) / RATE
    for at in np.arange(0.5, current.size / RATE - 0.1, every):
        for edge, sign in ((at, -1.0), (at + 0.05, 1.0)):
            after = t - edge
            current += sign * np.where(after >= 0, 500.0 * np.exp(-np.maximum(after, 0.0) / 0.0002) + 5.0, 0.0)
        if command is not None:
            command[(t >= at) & (t < at + 0.05)] -= 5.0
    return current


@pytest.mark.parametrize("every", [1.0, 2.0])
@pytest.mark.parametrize("amplitude", [0.0, -20.0])
def test_pulses_whose_command_is_not_known_are_no_synaptic_currents(simulated, every, amplitude):
    analysed = analyse_synaptic(_recording(_pulsed(_often(simulated, 40.0, amplitude, noise=3.0), every)))
    rows = {row.feature: row for row in analysed.rows}
    for name in ("spsc_frequency", "spsc_outward_frequency"):
        assert rows[name].status is Status.EXCLUDED
        assert f"Events come every {every:g} s: test pulses or stimuli" in rows[name].reason
    assert analysed.events["polarity"].size == 0


@pytest.mark.parametrize("noise", [1.0, 3.0])
@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_pulses_whose_command_is_known_leave_enough_to_search(simulated, rate, noise):
    command = np.full((1, 400000), -70.0)
    current = _pulsed(_often(simulated, 40.0, -20.0 * rate, noise=noise), 1.0, command[0])
    rows = _rows(_recording(current[np.newaxis], command))
    assert rows["spsc_frequency"].value == pytest.approx(39 / 40 * rate, rel=0.15)
    assert rows["spsc_outward_frequency"].value == 0.0
    # An event that the pulse cuts off may look like a step.
    assert rows["qc_spsc_left_out"].value <= 1
