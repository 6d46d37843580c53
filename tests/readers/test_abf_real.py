"""Every real ABF file: samples and commands against pyABF, and the facts that are known of each."""

from __future__ import annotations

import warnings

import numpy as np
import pyabf
import pytest

from mnephys.errors import FileUnitsError
from mnephys.readers import read, read_all
from mnephys.recording import Clamp, CommandSource

# name, clamp, sweeps, samples, rate, command source, holding
FILES = [
    ("130618-1-12", Clamp.VOLTAGE, 3, 50_000, 50_000, CommandSource.NONE, -60.0),
    ("171116sh_0011", Clamp.VOLTAGE, 20, 10_000, 20_000, CommandSource.EPOCH_TABLE, -70.0),
    ("171116sh_0012", Clamp.VOLTAGE, 7, 70_000, 20_000, CommandSource.EPOCH_TABLE, -70.0),
    ("171116sh_0013", Clamp.VOLTAGE, 13, 20_000, 20_000, CommandSource.EPOCH_TABLE, -70.0),
    ("171116sh_0016", Clamp.CURRENT, 11, 20_000, 20_000, CommandSource.EPOCH_TABLE, 0.0),
    ("171116sh_0018", Clamp.CURRENT, 17, 60_000, 20_000, CommandSource.EPOCH_TABLE, 0.0),
    ("171116sh_0019", Clamp.CURRENT, 22, 60_000, 20_000, CommandSource.EPOCH_TABLE, 0.0),
    ("171116sh_0020", Clamp.VOLTAGE, 7, 200_000, 20_000, CommandSource.EPOCH_TABLE, -50.0),
    ("18713001", Clamp.CURRENT, 30, 30_000, 20_000, CommandSource.EPOCH_TABLE, 0.0),
    ("190619B_0003", Clamp.CURRENT, 10, 30_640, 10_000, CommandSource.EPOCH_TABLE, 0.0),
    ("2020_03_02_0000", Clamp.CURRENT, 16, 20_000, 10_000, CommandSource.RECORDED, 0.0),
    ("File_axon_5", Clamp.CURRENT, 9, 20_000, 20_000, CommandSource.EPOCH_TABLE, 0.0),
    ("File_axon_6", Clamp.CURRENT, 32, 20_000, 20_000, CommandSource.RECORDED, 0.0),
    ("f1_saved", Clamp.VOLTAGE, 10, 50_000, 20_000, CommandSource.NONE, None),
    ("model_vc_step", Clamp.VOLTAGE, 20, 10_000, 20_000, CommandSource.EPOCH_TABLE, -70.0),
    ("na_iv_abf2", Clamp.VOLTAGE, 37, 516, 20_000, CommandSource.EPOCH_TABLE, -120.0),
    ("opto_aps_good_units", Clamp.CURRENT, 3, 400_000, 20_000, CommandSource.EPOCH_TABLE, 0.0),
]


def peer(path, channel=0):
    """Return response and command of all sweeps according to pyABF."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        abf = pyabf.ABF(str(path))
        response, command = [], []
        for sweep in abf.sweepList:
            abf.setSweep(sweep, channel)
            response.append(abf.sweepY.copy())
            command.append(abf.sweepC.copy())
    return np.array(response), np.array(command)


@pytest.mark.parametrize(("name", "clamp", "n_sweeps", "n_samples", "rate", "source", "holding"), FILES)
def test_samples_and_rebuilt_commands_are_those_of_pyabf(data, name, clamp, n_sweeps, n_samples, rate, source, holding):
    path = data(f"patch/{name}.abf")
    recording = read(path)
    response, command = peer(path)
    assert (recording.clamp, recording.command_source, recording.holding) == (clamp, source, holding)
    assert recording.response.shape == (n_sweeps, n_samples) == response.shape
    assert recording.sampling_rate == rate
    np.testing.assert_array_equal(recording.response, response)
    np.testing.assert_array_equal(recording.n_valid, n_samples)
    assert np.all(np.diff(recording.sweep_start) >= recording.duration * 0.999)
    if source is CommandSource.EPOCH_TABLE:
        np.testing.assert_allclose(recording.command, command, rtol=0, atol=1e-5)


def edges(command, rate):
    """Return the times in s at which a command changes."""
    return np.round((np.flatnonzero(np.diff(command)) + 1) / rate, 3).tolist()


def test_two_steps_per_sweep(data):
    recording = read(data("patch/171116sh_0018.abf"))
    assert edges(recording.command[16], 20_000) == [0.147, 0.647, 1.147, 1.647, 2.147]
    levels = recording.command[:, [int(0.4 * 20_000), int(1.9 * 20_000)]]
    np.testing.assert_array_equal(levels, np.repeat(np.arange(-100, 301, 25)[:, np.newaxis], 2, axis=1))
    np.testing.assert_array_equal(recording.command[:, int(1.4 * 20_000)], -100)


def test_prepulse_and_steps(data):
    recording = read(data("patch/18713001.abf"))
    assert edges(recording.command[29], 20_000) == [0.023, 0.323, 0.823, 1.323]
    np.testing.assert_array_equal(recording.command[:, 20_000], np.arange(0, 300, 10))
    np.testing.assert_allclose(recording.sweep_start[:3], [0.021, 20.021, 40.021])


def test_abf1_with_two_cells(data):
    recording = read(data("patch/190619B_0003.abf"))
    assert recording.channel == "IN 0"
    assert recording.provenance.format_version == "1.83"
    assert edges(recording.command[0], 10_000) == [1.048, 2.048]
    np.testing.assert_array_equal(recording.command[:, 15_000], np.arange(-120, 421, 60))


def test_recorded_command_of_a_user_list(data):
    recording = read(data("patch/2020_03_02_0000.abf"))
    listed = [-200, -150, -100, -50, 0, 25, 50, 100, 150, 200, 250, 300, 350, 400, 500, 600]
    steps = np.median(recording.command[:, 1500:6000], axis=1)
    np.testing.assert_allclose(steps, listed, atol=4)
    # The noise of the monitor is kept, and the bridge artefact is reported but read.
    assert 2 < recording.command[:, :1000].std() < 10
    assert [problem for problem in recording.problems if "300.3 mV" in problem]
    assert not [problem for problem in recording.problems if "I_Com" in problem]


def test_recorded_pulses_in_nanoampere(data):
    recording = read(data("patch/File_axon_6.abf"))
    pulse = recording.command > 1000
    assert np.median(recording.command[pulse]) == pytest.approx(2000, rel=0.02)
    np.testing.assert_allclose(pulse.sum(axis=1) / 20_000, 0.002, atol=0.0001)
    assert recording.problems == ()


def test_ramps_are_ramps(data):
    recording = read(data("patch/171116sh_0016.abf"))
    rise = np.diff(recording.command[:, 400:19_500], axis=1)
    assert np.all(rise[1:] > 0)
    np.testing.assert_allclose(recording.command[:, 19_611], np.arange(11) * 10, atol=0.01)
    # This protocol holds the last level until the next sweep.
    np.testing.assert_array_equal(recording.command[1:, 0], np.arange(10) * 10)


def test_contradictory_units_are_refused_and_never_relabelled(data):
    with pytest.raises(FileUnitsError, match=r"'IN 0'.*'pA'.*'Cmd 0'.*'pA'"):
        read(data("patch/opto_aps_bad_units.abf"))
    good = read(data("patch/opto_aps_good_units.abf"))
    assert good.response_unit == "mV"
    # Its only output is digital: the current stays at zero.
    assert not good.command.any()


def test_provenance_and_metadata(data):
    path = data("patch/171116sh_0018.abf")
    recording = read(path)
    origin = recording.provenance
    assert (origin.path, origin.size, origin.format, origin.format_version) == (str(path), 2_047_488, "ABF", "2.6.0.0")
    assert len(origin.sha256) == 64
    assert origin.reader == "mnephys.readers.abf.reading"
    assert origin.mnephys_version
    assert recording.metadata["started"].startswith("2017-11-16T")
    assert recording.metadata["protocol"].endswith("0113 steps dual -100 to 300 step 25.pro")
    assert recording.metadata["comment"] == "SWHLab5[0113]"
    assert recording.metadata["channels"] == [{"name": "IN 0", "unit": "mV"}]
    assert recording.metadata["outputs"][0] == {"name": "Cmd 0", "unit": "pA", "holding": 0.0, "in_use": True}


def test_start_time_is_that_of_pyabf(data):
    for name in ("171116sh_0018", "190619B_0003", "2020_03_02_0000", "File_axon_5"):
        path = data(f"patch/{name}.abf")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = pyabf.ABF(str(path), loadData=False).abfDateTimeString
        assert read(path).metadata["started"] == expected


def test_read_all_gives_the_one_recording(data):
    path = data("patch/File_axon_5.abf")
    (recording,) = read_all(path)
    np.testing.assert_array_equal(recording.response, read(path).response)


def test_channel_by_name_and_index(data):
    path = data("patch/2020_03_02_0000.abf")
    by_name = read(path, channel="I_Com")
    assert by_name.clamp is Clamp.VOLTAGE
    assert by_name.provenance.parameters == {"channel": "I_Com"}
    np.testing.assert_array_equal(by_name.response, read(path, channel=1).response)
    np.testing.assert_array_equal(by_name.response, peer(path, 1)[0])
