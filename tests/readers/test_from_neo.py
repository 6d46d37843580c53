"""Neo objects in and out: round trips both ways, and neo's own reader against ours."""

from __future__ import annotations

import warnings
from dataclasses import fields

import neo
import numpy as np
import pytest

from mnephys.errors import FileUnitsError, ReadError
from mnephys.export.to_neo import to_neo
from mnephys.readers import read
from mnephys.readers.from_neo import from_neo
from mnephys.recording import Clamp, CommandSource, SweepRecording
from mnephys.units import to_quantity


def signal(values, unit, *, rate=20.0, rate_unit="kHz", start=0.0, **keywords):
    return neo.AnalogSignal(
        to_quantity(np.asarray(values), unit),
        sampling_rate=to_quantity(rate, rate_unit),
        t_start=to_quantity(start, "s"),
        **keywords,
    )


def segment(*signals, **annotations):
    made = neo.Segment(**annotations)
    made.analogsignals.extend(signals)
    return made


def assert_same(a, b):
    """Compare two recordings field by field."""
    for field in fields(SweepRecording):
        x, y = getattr(a, field.name), getattr(b, field.name)
        if isinstance(x, np.ndarray):
            assert x.dtype == y.dtype
            np.testing.assert_array_equal(x, y, err_msg=field.name)
        else:
            assert x == y, field.name


@pytest.fixture
def recording():
    """Two sweeps of different length with everything that a recording can hold."""
    generator = np.random.default_rng(0)
    response = generator.normal(-70, 1, (2, 500)).astype(np.float32)
    command = np.repeat(np.float32([[0, 50, 0, 0, 0], [0, 100, 0, 0, 0]]), 100, axis=1)
    response[1, 400:] = command[1, 400:] = np.nan
    return SweepRecording(
        response,
        20_000.0,
        Clamp.CURRENT,
        command=command,
        command_source=CommandSource.USER_LIST,
        n_valid=np.array([500, 400]),
        sweep_start=np.array([0.021, 5.021]),
        holding=-10.0,
        channel="IN 0",
        tags=((0.5, "TTX"), (3.0, "wash")),
        junction_potential=14.0,
        junction_potential_subtracted=False,
        problems=("A sentence.",),
        metadata={"protocol": "steps", "channels": [{"name": "IN 0"}], "runs": 1},
    )


def test_recording_to_neo_and_back(recording):
    assert_same(from_neo(to_neo(recording)), recording)


@pytest.mark.parametrize("name", ["171116sh_0018", "na_iv_abf2", "2020_03_02_0000", "130618-1-12", "190619B_0003"])
def test_real_recordings_to_neo_and_back(data, name):
    recording = read(data(f"patch/{name}.abf"))
    assert_same(from_neo(to_neo(recording)), recording)


def test_block_of_a_recording(recording):
    block = to_neo(recording)
    first, second = block.segments
    response, command = second.analogsignals
    assert response.shape == command.shape == (400, 1)
    assert (response.dtype, str(response.units.dimensionality)) == (np.float32, "mV")
    assert (str(command.units.dimensionality), command.name) == ("pA", "command")
    assert float(response.t_start) == 5.021
    assert float(response.sampling_rate) == 20_000
    assert (response.annotations["role"], command.annotations["command_source"]) == ("response", "user list")
    assert first.events[0].labels.tolist() == ["TTX", "wash"]
    assert block.annotations["mnephys"]["holding"] == -10.0
    no_command = SweepRecording(recording.response, 1e4, Clamp.VOLTAGE)
    assert [len(part.analogsignals) for part in to_neo(no_command).segments] == [1, 1]


def test_block_to_recording_and_back():
    block = neo.Block(name="cell 7", description="a cell", file_origin="cell07.abf", line="39b")
    for sweep in range(2):
        part = segment(
            signal(np.arange(100.0)[:, np.newaxis], "mV", start=sweep, name="Vm", gain=2),
            signal(np.full((100, 1), 0.05), "nA", start=sweep, name="Im"),
            sweep=sweep,
        )
        block.segments.append(part)
    back = to_neo(from_neo(block))
    assert (back.name, back.description, back.file_origin) == ("cell 7", "a cell", "cell07.abf")
    assert back.annotations["line"] == "39b"
    for before, after in zip(block.segments, back.segments, strict=True):
        assert after.annotations["sweep"] == before.annotations["sweep"]
        assert after.analogsignals[0].annotations["gain"] == 2
        assert after.analogsignals[0].name == "Vm"
        assert float(after.analogsignals[0].t_start) == float(before.analogsignals[0].t_start)
        for old, new in zip(before.analogsignals, after.analogsignals, strict=True):
            np.testing.assert_allclose(new.magnitude, old.rescale(new.units).magnitude, rtol=1e-6)


@pytest.mark.parametrize("name", ["171116sh_0018", "na_iv_abf2", "File_axon_5"])
def test_what_neo_reads_is_what_we_read(data, name):
    path = data(f"patch/{name}.abf")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        block = neo.io.AxonIO(str(path)).read_block()
    ours, theirs = read(path), from_neo(block)
    np.testing.assert_allclose(theirs.response, ours.response, rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(theirs.sweep_start, ours.sweep_start)
    assert (theirs.clamp, theirs.sampling_rate, theirs.channel) == (ours.clamp, ours.sampling_rate, ours.channel)
    assert theirs.provenance.path == str(path)
    assert theirs.metadata["started"][:19] == ours.metadata["started"][:19]
    assert "abf_version" in theirs.metadata["neo"]["block"]


def test_recorded_command_in_neo(data):
    path = data("patch/File_axon_6.abf")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        block = neo.io.AxonIO(str(path)).read_block()
    ours, theirs = read(path), from_neo(block)
    assert theirs.command_source is CommandSource.RECORDED
    np.testing.assert_allclose(theirs.command, ours.command, rtol=1e-4, atol=0.1)


def test_units_become_internal_ones():
    recording = from_neo(
        segment(signal([[-0.07]] * 5, "V", rate=10_000.0, rate_unit="Hz"), signal([[0.2]] * 5, "nA", rate=10.0))
    )
    assert recording.clamp is Clamp.CURRENT
    np.testing.assert_allclose(recording.response, -70)
    np.testing.assert_allclose(recording.command, 200)
    assert recording.response.dtype == np.float32
    assert recording.sampling_rate == 10_000


def test_one_signal_segments_and_lists():
    voltage = [signal(np.full((5, 1), -70.0 - sweep), "mV", start=sweep) for sweep in range(3)]
    current = [signal(np.full((5, 1), 10.0 * sweep), "pA", start=sweep) for sweep in range(3)]
    assert from_neo(voltage[0]).response.shape == (1, 5)
    together = from_neo(voltage)
    np.testing.assert_array_equal(together.response[:, 0], [-70, -71, -72])
    assert together.command is None
    paired = from_neo([*voltage, *current])
    np.testing.assert_array_equal(paired.command[:, 0], [0, 10, 20])
    as_segments = from_neo([segment(v, c) for v, c in zip(voltage, current, strict=True)])
    np.testing.assert_array_equal(as_segments.command, paired.command)
    np.testing.assert_array_equal(as_segments.sweep_start, [0, 1, 2])
    assert from_neo(segment(voltage[0], current[0])).command_source is CommandSource.RECORDED


def test_choice_of_the_response():
    both = segment(signal(np.full((5, 2), -70.0), "mV", name="V"), signal(np.full((5, 1), 30.0), "pA", name="I"))
    assert from_neo(both).clamp is Clamp.CURRENT
    assert from_neo(both, clamp="voltage clamp").channel == "I"
    assert from_neo(both, channel="I").clamp is Clamp.VOLTAGE
    assert from_neo(both, channel=2).clamp is Clamp.VOLTAGE
    assert from_neo(both, channel="I").command[0, 0] == -70
    for wrong in ("W", 3, -1):
        with pytest.raises(ReadError, match="has no channel"):
            from_neo(both, channel=wrong)
    only = segment(signal(np.full((5, 1), -70.0), "mV"))
    with pytest.raises(ReadError, match="holds no current for voltage clamp"):
        from_neo(only, clamp=Clamp.VOLTAGE)


def test_overrides():
    recording = from_neo(signal(np.full((5, 1), -70.0), "mV"), holding=-20.0, junction_potential=14.0)
    assert (recording.holding, recording.junction_potential) == (-20.0, 14.0)
    with pytest.raises(TypeError):
        from_neo(signal(np.full((5, 1), -70.0), "mV"), no_such_field=1)


def test_sweeps_of_different_length():
    recording = from_neo([signal(np.full((n, 1), -70.0), "mV") for n in (5, 3)])
    assert recording.n_valid.tolist() == [5, 3]
    assert np.isnan(recording.response[1, 3:]).all()


@pytest.mark.parametrize(("unit", "clamp"), [("mV", Clamp.CURRENT), ("pA", Clamp.VOLTAGE)])
def test_a_signal_without_a_number_is_read_as_it_is_and_one_without_a_sample_is_refused(unit, clamp):
    recording = from_neo(signal(np.full(100, np.nan), unit))
    assert recording.clamp is clamp
    assert recording.problems == ()
    assert np.isnan(recording.response).all()
    with pytest.raises(ReadError, match="no signal that is a voltage or a current"):
        from_neo(signal(np.zeros((0, 1)), unit))


def test_events_become_tags():
    part = segment(signal(np.full((5, 1), -70.0), "mV"))
    part.events.append(neo.Event(times=to_quantity([1500.0], "ms"), labels=np.array(["TTX"])))
    assert from_neo([part, part]).tags == ((1.5, "TTX"),)


def test_other_signals_are_left_out():
    heat = signal(np.full((5, 1), 37.0), "degC")
    recording = from_neo(segment(heat, signal(np.full((5, 1), -70.0), "mV", name="Vm")))
    assert (recording.channel, recording.command) == ("Vm", None)
    slow = signal(np.full((3, 1), 5.0), "pA", rate=1.0)
    assert from_neo(segment(signal(np.full((5, 1), -70.0), "mV"), slow)).command is None


@pytest.mark.parametrize("source", [[], neo.Block(), neo.Segment(), 5, "cell.abf", [1, 2], None])
def test_what_is_no_recording(source):
    with pytest.raises(ReadError):
        from_neo(source)


def test_contradictions_are_refused():
    with pytest.raises(ReadError, match="sampling rates"):
        from_neo([segment(signal([[1.0]] * 5, "mV", rate=rate)) for rate in (10.0, 20.0)])
    with pytest.raises(ReadError, match="current and voltage"):
        from_neo([segment(signal([[1.0]] * 5, unit)) for unit in ("mV", "pA")])
    with pytest.raises(FileUnitsError, match="reaches -7e\\+04 mV"):
        from_neo(signal([[-70.0]] * 5, "V"))


def test_commands_of_only_some_sweeps_are_left_out():
    voltage = signal([[-70.0]] * 5, "mV")
    recording = from_neo([segment(voltage, signal([[1.0]] * 5, "pA")), segment(voltage)])
    assert recording.command is None
    assert "left out" in recording.problems[0]


def test_metadata_that_neo_does_not_take_becomes_text(recording):
    odd = SweepRecording(recording.response, 1e4, Clamp.CURRENT, metadata={"kind": Clamp, 3: {1, 2}})
    written = to_neo(odd).annotations["mnephys"]["metadata"]
    assert set(written) == {"kind", "3"}
