"""The data model: a recording that exists is consistent."""

from __future__ import annotations

import copy
import math
import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnephys.errors import UnitsError
from mnephys.recording import Clamp, CommandSource, Provenance, SweepRecording

REST = np.full((2, 1000), -70.0)


def recorded(**changes):
    return SweepRecording(**{"response": REST, "sampling_rate": 20000.0, "clamp": Clamp.CURRENT} | changes)


@given(n_sweeps=st.integers(1, 5), n_samples=st.integers(1, 50), rate=st.floats(1.0, 1e6))
@settings(deadline=None)
def test_shape_and_rate_give_the_rest(n_sweeps, n_samples, rate):
    recording = SweepRecording(np.zeros((n_sweeps, n_samples)), rate, Clamp.VOLTAGE)
    assert (recording.n_sweeps, recording.n_samples) == (n_sweeps, n_samples)
    assert recording.duration == n_samples / rate
    assert list(recording.n_valid) == [n_samples] * n_sweeps
    assert list(recording.sweep_start) == [0.0] * n_sweeps
    assert recording.response.dtype == np.float32


def test_units_follow_the_clamp():
    current, voltage = recorded(), recorded(clamp=Clamp.VOLTAGE)
    assert (current.response_unit, current.command_unit) == ("mV", "pA")
    assert (voltage.response_unit, voltage.command_unit) == ("pA", "mV")


def test_one_sweep_may_be_flat():
    recording = recorded(response=REST[0], command=np.zeros(1000), command_source=CommandSource.RECORDED)
    assert recording.response.shape == recording.command.shape == (1, 1000)


def test_arrays_of_the_right_type_are_not_copied():
    response = REST.astype(np.float32)
    assert np.shares_memory(recorded(response=response).response, response)


@pytest.mark.parametrize("response", [np.zeros((0, 0)), np.zeros((0, 10)), np.zeros((2, 3, 4))])
def test_a_response_of_another_shape_is_refused(response):
    with pytest.raises(ValueError, match="response has shape"):
        recorded(response=response)


@pytest.mark.parametrize("rate", [0.0, -1.0, math.nan, math.inf, -math.inf])
def test_a_rate_that_is_not_positive_and_finite_is_refused(rate):
    with pytest.raises(ValueError, match="sampling_rate is"):
        recorded(sampling_rate=rate)


@pytest.mark.parametrize("shape", [(2, 999), (1, 1000), (3, 1000), (1000, 2)])
def test_a_command_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match="command has shape"):
        recorded(command=np.zeros(shape), command_source=CommandSource.RECORDED)


@pytest.mark.parametrize("source", CommandSource)
@pytest.mark.parametrize("given_command", [False, True])
def test_the_source_agrees_with_the_command(source, given_command):
    command = np.zeros(REST.shape) if given_command else None
    if given_command is (source not in {CommandSource.NONE, CommandSource.INFERRED}):
        assert recorded(command=command, command_source=source).command_source is source
    else:
        with pytest.raises(ValueError, match=f"command_source is '{source.value}', which contradicts command"):
            recorded(command=command, command_source=source)


@pytest.mark.parametrize("source", CommandSource)
def test_names_are_taken_for_clamp_and_source(source):
    command = None if source in {CommandSource.NONE, CommandSource.INFERRED} else np.zeros(REST.shape)
    recording = recorded(clamp="voltage clamp", command=command, command_source=source.value)
    assert recording.clamp is Clamp.VOLTAGE
    assert recording.command_source is source


@pytest.mark.parametrize(
    "changes",
    [
        {"clamp": "dynamic clamp"},
        {"command_source": "guessed"},
        {"command_source": "recorded"},
        {"command": np.zeros(REST.shape), "command_source": "none"},
    ],
)
def test_names_that_are_wrong_are_refused(changes):
    with pytest.raises(ValueError, match=r"clamp|guessed|contradicts"):
        recorded(**changes)


@pytest.mark.parametrize("counts", [[1000], [1000, 1000, 1000], [[1000, 1000]], [-1, 1000], [1000, 1001]])
def test_a_count_that_cannot_be_true_is_refused(counts):
    with pytest.raises(ValueError, match="n_valid"):
        recorded(n_valid=counts)


@pytest.mark.parametrize("start", [[0.0], [0.0, 1.0, 2.0], 0.0])
def test_every_sweep_needs_a_start(start):
    with pytest.raises(ValueError, match="sweep_start"):
        recorded(sweep_start=start)


def test_short_sweeps_keep_their_count():
    response = REST.copy()
    response[1, 600:] = np.nan
    recording = recorded(response=response, n_valid=[1000, 600], sweep_start=[0.0, 0.5])
    assert list(recording.n_valid) == [1000, 600]
    assert recording.duration == 0.05


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_recording_may_hold_no_number_at_all(value):
    assert recorded(response=np.full((2, 1000), value)).n_valid.tolist() == [0, 0]
    assert recorded(n_valid=[0, 0]).n_valid.tolist() == [0, 0]


@pytest.mark.parametrize(("empty", "n_sweeps"), [([], 1), ([[]], 1), (np.zeros((3, 0)), 3)])
def test_sweeps_without_a_sample_hold_one_that_is_missing(empty, n_sweeps):
    recording = recorded(response=empty, command=empty, command_source=CommandSource.RECORDED)
    assert recording.response.shape == recording.command.shape == (n_sweeps, 1)
    assert np.isnan(recording.response).all()
    assert recording.n_valid.tolist() == [0] * n_sweeps


@pytest.mark.parametrize("start", [[0.0, math.nan], [math.inf, 1.0]])
def test_a_start_that_is_not_finite_is_refused(start):
    with pytest.raises(ValueError, match="sweep_start"):
        recorded(sweep_start=start)


def test_the_other_clamp_is_refused_by_name():
    recorded().require(Clamp.CURRENT)
    with pytest.raises(UnitsError, match=r"^recording: is current clamp, needs voltage clamp$"):
        recorded().require(Clamp.VOLTAGE)
    with pytest.raises(UnitsError, match=r"^day 3/cell\.abf: is voltage clamp"):
        recorded(clamp=Clamp.VOLTAGE, provenance=Provenance(path="day 3/cell.abf")).require(Clamp.CURRENT)


def test_a_recording_does_not_change():
    with pytest.raises(AttributeError):
        recorded().sampling_rate = 1.0


def test_a_changed_copy_is_checked_again():
    assert replace(recorded(), holding=-20.0).holding == -20.0
    with pytest.raises(ValueError, match="n_valid"):
        replace(recorded(), response=REST[:, :500])


def test_recordings_can_be_compared_and_kept_in_sets():
    one, other = recorded(), recorded()
    assert one == one  # noqa: PLR0124 -- comparing must not raise
    assert one != other
    assert len({one, other}) == 2


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda item: pickle.loads(pickle.dumps(item))])  # noqa: S301 -- our own
def test_a_recording_passes_between_processes(again):
    recording = recorded(
        command=np.zeros(REST.shape),
        command_source=CommandSource.EPOCH_TABLE,
        tags=((0.5, "drug in"),),
        metadata={"protocol": "steps"},
        provenance=Provenance("cell.abf", "0" * 64, 1234, "ABF", "2.6.0.0", "abf", "0.1.0", {"channel": 0}),
    )
    other = again(recording)
    assert repr(other) == repr(recording)
    assert other.provenance == recording.provenance
    np.testing.assert_array_equal(other.response, recording.response)
    np.testing.assert_array_equal(other.command, recording.command)
    assert (other.tags, dict(other.metadata)) == (recording.tags, dict(recording.metadata))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "current clamp, 2 sweeps x 0.05 s @ 20 kHz, response mV, command none"),
        ({"response": REST[:1], "sampling_rate": 12500.0}, "1 sweep x 0.08 s @ 12.5 kHz"),
        ({"clamp": Clamp.VOLTAGE, "command_source": CommandSource.INFERRED}, "response pA, command inferred"),
    ],
)
def test_a_recording_says_what_it_is(changes, text):
    assert text in repr(recorded(**changes))
