"""Files read with three readers, two of which know nothing of this project."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyabf
import pytest
from neo.rawio import AxonRawIO

from mnephys.errors import ProtocolError, StoreError
from mnephys.recording import Clamp, CommandSource
from mnephys.simulate.abf2_writer import abf2_bytes, write_abf2
from mnephys.simulate.protocol import Epoch, StepProtocol, step_family

HALF_STEP = 500.0 / 32768 / 2
SHAPES = {
    "plain": (step_family(-60.0, 30.0, n_sweeps=5), 20000.0),
    "test pulse": (step_family(-7.5, 2.5, n_sweeps=4, sampling_rate=10000.0, test_pulse=-10.0), 10000.0),
    "awkward": (
        StepProtocol((Epoch(13, 0.25, 0.5), Epoch(411, -3.5, 1.25), Epoch(7, 0.0)), 3, 997, step=1, holding=-2.5),
        50000.0,
    ),
    "one short sweep": (StepProtocol((Epoch(10, 100.0),), 1, 64, step=0), 20000.0),
}


@pytest.fixture(params=list(SHAPES))
def written(request, tmp_path):
    protocol, rate = SHAPES[request.param]
    rng = np.random.default_rng(5)
    response = rng.uniform(-120, 60, (protocol.n_sweeps, protocol.sweep_samples))
    path = tmp_path / "cell.abf"
    write_abf2(path, response, rate, protocol, sweep_interval=2.0)
    return path, response, rate, protocol


def test_pyabf_reads_what_was_written(written):
    path, response, rate, protocol = written
    abf = pyabf.ABF(path)
    assert (abf.sweepCount, abf.channelCount, abf.dataRate) == (protocol.n_sweeps, 1, rate)
    assert (abf.adcUnits, abf.adcNames, abf.dacUnits) == (["mV"], ["Vm"], ["pA"])
    assert abf.sweepIntervalSec == 2.0
    assert abf.abfFileComment == "simulated recording"
    assert abf.creator == "mnephys 0.1.0.0"
    assert abf.abfDateTime == datetime(2026, 1, 15, 10, 0)  # noqa: DTZ001 -- the format has no zone
    for sweep in abf.sweepList:
        abf.setSweep(sweep)
        assert np.abs(abf.sweepY - response[sweep]).max() <= HALF_STEP + 1e-4
        np.testing.assert_array_equal(abf.sweepC, protocol.command()[sweep])


def test_neo_reads_what_was_written(written):
    path, response, rate, protocol = written
    reader = AxonRawIO(str(path))
    reader.parse_header()
    assert reader.segment_count(0) == protocol.n_sweeps
    assert reader.get_signal_sampling_rate() == rate
    assert [(c["name"], c["units"]) for c in reader.header["signal_channels"]] == [("Vm", "mV")]
    commands, _, units = reader.read_raw_protocol()
    assert set(units) == {"pA"}
    for sweep in range(protocol.n_sweeps):
        raw = reader.get_analogsignal_chunk(0, sweep, stream_index=0)
        values = reader.rescale_signal_raw_to_float(raw, dtype="float64")[:, 0]
        assert np.abs(values - response[sweep]).max() <= HALF_STEP + 1e-9
        np.testing.assert_array_equal(commands[sweep][0], protocol.command()[sweep])
        assert reader.segment_t_start(0, sweep) == pytest.approx(2.0 * sweep)


def test_mnephys_reads_what_was_written(written):
    from mnephys.readers import read

    path, response, rate, protocol = written
    recording = read(path)
    assert recording.clamp is Clamp.CURRENT
    assert recording.sampling_rate == rate
    assert recording.command_source is CommandSource.EPOCH_TABLE
    assert recording.holding == protocol.holding
    assert recording.problems == ()
    assert np.abs(recording.response - response).max() <= HALF_STEP + 1e-4
    np.testing.assert_array_equal(recording.command, protocol.command().astype(np.float32))
    np.testing.assert_allclose(recording.sweep_start, 2.0 * np.arange(protocol.n_sweeps))


def test_a_recorded_command_is_a_second_channel(tmp_path):
    from mnephys.readers import read

    protocol, rate = SHAPES["plain"]
    rng = np.random.default_rng(6)
    response = rng.uniform(-80, 40, (5, protocol.sweep_samples))
    current = protocol.command() + rng.normal(0, 0.5, response.shape)
    path = tmp_path / "two.abf"
    write_abf2(path, response, rate, protocol, recorded_command=current)
    abf = pyabf.ABF(path)
    assert (abf.adcUnits, abf.adcNames) == (["mV", "pA"], ["Vm", "Im"])
    for sweep in abf.sweepList:
        abf.setSweep(sweep, channel=1)
        assert np.abs(abf.sweepY - current[sweep]).max() <= 200.0 / 32768 / 2 + 1e-4
        abf.setSweep(sweep, channel=0)
        assert np.abs(abf.sweepY - response[sweep]).max() <= HALF_STEP + 1e-4
        np.testing.assert_array_equal(abf.sweepC, protocol.command()[sweep])
    recording = read(path)
    assert recording.command_source is CommandSource.RECORDED
    assert np.abs(recording.command - current).max() <= 200.0 / 32768 / 2 + 1e-4
    assert np.abs(recording.response - response).max() <= HALF_STEP + 1e-4


def test_the_same_input_gives_the_same_bytes_and_another_input_another_identity():
    protocol, rate = SHAPES["plain"]
    response = np.full((5, protocol.sweep_samples), -60.0)
    one, two, other = (abf2_bytes(response + shift, rate, protocol) for shift in (0, 0, 1))
    assert one == two
    assert one[40:56] != other[40:56]


def test_values_that_cannot_be_digitised_are_refused():
    protocol, rate = SHAPES["plain"]
    response = np.full((5, protocol.sweep_samples), -60.0)
    for wrong in (501.0, np.nan, np.inf):
        bad = response.copy()
        bad[2, 100] = wrong
        with pytest.raises(ProtocolError, match="Vm leaves \\+-500 mV or is not finite"):
            abf2_bytes(bad, rate, protocol)
    with pytest.raises(ProtocolError, match="Im leaves"):
        abf2_bytes(response, rate, protocol, recorded_command=response * 1e4)


def test_arguments_that_contradict_each_other_are_refused():
    protocol, rate = SHAPES["plain"]
    response = np.full((5, protocol.sweep_samples), -60.0)
    with pytest.raises(ProtocolError, match="response has shape"):
        abf2_bytes(response[:, 1:], rate, protocol)
    with pytest.raises(ProtocolError, match="recorded_command has shape"):
        abf2_bytes(response, rate, protocol, recorded_command=response[1:])
    with pytest.raises(ProtocolError, match="sweep interval is 1"):
        abf2_bytes(response, rate, protocol, sweep_interval=1.0)
    with pytest.raises(ProtocolError, match="too many for the format"):
        abf2_bytes(response, rate, protocol, sweep_interval=1e5)
    for comment in ("", "two\0strings", "µ"):
        with pytest.raises(ProtocolError, match="cannot be stored"):
            abf2_bytes(response, rate, protocol, comment=comment)


def test_a_folder_that_is_missing_is_named_and_nothing_is_left_behind(tmp_path):
    protocol, rate = SHAPES["plain"]
    with pytest.raises(StoreError, match="missing"):
        write_abf2(tmp_path / "missing" / "a.abf", np.zeros((5, protocol.sweep_samples)), rate, protocol)
    assert list(tmp_path.iterdir()) == []
