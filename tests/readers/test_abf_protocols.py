"""Epoch tables, user lists and recorded commands: real files with their tables edited, against pyABF or arithmetic."""

from __future__ import annotations

import struct
import warnings

import numpy as np
import pyabf
import pytest
from readers.abf_bytes import pack, section, small_abf1

from mnephys.readers import read
from mnephys.readers.abf.command import user_values
from mnephys.recording import CommandSource

STEP, RAMP, PULSES, TRIANGLES, COSINES, BIPHASIC = 1, 2, 3, 4, 5, 7
ADC, DAC, EPOCHS, USER_LIST, STRINGS = 1, 2, 5, 6, 9


def with_epochs(raw, *epochs):
    """Return an ABF2 file with other epochs: kind, level, step, duration, step, period, width."""
    offset, size, count = section(raw, EPOCHS)
    off = (0, 0.0, 0.0, 0, 0, 0, 0)
    edits = [
        (offset + size * number + 4, "hffiiii", epochs[number] if number < len(epochs) else off)
        for number in range(count)
    ]
    return pack(raw, *edits)


def with_output(raw, *, keep=0, holding=0.0, source=1):
    """Return an ABF2 file whose first output has other settings."""
    offset, _, _ = section(raw, DAC)
    return pack(raw, (offset + 12, "f", holding), (offset + 40, "hhh", (1, source, keep)))


def pyabf_command(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        abf = pyabf.ABF(str(path))
        commands = []
        for sweep in abf.sweepList:
            abf.setSweep(sweep)
            commands.append(abf.sweepC.copy())
    return np.array(commands)


TABLES = {
    "steps whose durations change": [(STEP, -50, 0, 1000, 50, 0, 0), (STEP, 100, 5, 5000, -100, 0, 0)],
    "ramps whose durations change": [(STEP, -50, 0, 1000, 50, 0, 0), (RAMP, 100, 5, 5000, 100, 0, 0)],
    "a ramp after a ramp": [(RAMP, 100, 5, 5000, 0, 0, 0), (RAMP, -20, 0, 3000, 0, 0, 0)],
    "pulses": [(STEP, -50, 0, 1000, 0, 0, 0), (PULSES, 100, 5, 10_000, 0, 1000, 200), (STEP, 20, 0, 500, 0, 0, 0)],
    "triangles": [(STEP, -50, 0, 1000, 0, 0, 0), (TRIANGLES, 100, 5, 10_000, 0, 1000, 200)],
    "biphasic pulses": [(STEP, -50, 0, 1000, 0, 0, 0), (BIPHASIC, 100, 5, 10_000, 0, 1000, 200)],
    "no epoch at all": [],
}


@pytest.mark.parametrize("keep", [0, 1])
@pytest.mark.parametrize("epochs", TABLES.values(), ids=TABLES)
def test_rebuilt_as_pyabf_does(raw, written, epochs, keep):
    path = written(with_output(with_epochs(raw("18713001.abf"), *epochs), keep=keep, holding=-10.0))
    recording = read(path)
    assert recording.command_source is CommandSource.EPOCH_TABLE
    assert recording.holding == -10
    assert recording.problems == ()
    # pyABF fails on a table without epochs.
    expected = pyabf_command(path) if epochs else np.full_like(recording.response, -10)
    np.testing.assert_allclose(recording.command, expected, rtol=0, atol=1e-4)


def test_cosines_have_their_period(raw, written):
    table = with_epochs(raw("18713001.abf"), (STEP, 10, 0, 1000, 0, 0, 0), (COSINES, 110, 0, 4000, 0, 1000, 0))
    start = 30_000 // 64 + 1000
    found = read(written(table)).command[3, start : start + 4000]
    expected = 10 + 100 * (1 - np.cos(2 * np.pi * np.arange(4000) / 1000)) / 2
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_the_last_pulse_of_a_train_may_be_cut(raw, written):
    table = with_epochs(raw("18713001.abf"), (PULSES, 100, 0, 1100, 0, 500, 200))
    start = 30_000 // 64
    found = read(written(table)).command[0, start : start + 1200]
    np.testing.assert_array_equal(np.flatnonzero(np.diff(found)) + 1, [200, 500, 700, 1000, 1100])


def test_a_ramp_begins_where_the_last_epoch_with_a_duration_ended(raw, written):
    table = with_epochs(
        raw("18713001.abf"), (STEP, 30, 0, 100, 0, 0, 0), (STEP, 99, 0, 0, 0, 0, 0), (RAMP, 60, 0, 100, 0, 0, 0)
    )
    start = 30_000 // 64 + 100
    np.testing.assert_allclose(
        read(written(table)).command[0, start : start + 100], np.linspace(30, 60, 100), atol=1e-4
    )


def test_epochs_that_outlast_the_sweep_are_cut_and_reported(raw, written):
    recording = read(written(with_epochs(raw("18713001.abf"), (STEP, 30, 0, 2_000_000_000, 2_000_000_000, 0, 0))))
    np.testing.assert_array_equal(recording.command[:, 30_000 // 64 :], 30)
    assert "longer than the sweep" in recording.problems[0]


@pytest.mark.parametrize(
    ("epochs", "settings", "reason"),
    [
        ([(6, 100, 0, 1000, 0, 0, 0)], {}, "unknown type 6"),
        ([(PULSES, 100, 0, 1000, 0, 0, 0)], {}, "without a period"),
        ([(STEP, float("nan"), 0, 1000, 0, 0, 0)], {}, "not finite"),
        ([(STEP, 100, 0, 1000, 0, 0, 0)], {"source": 2}, "stimulus file"),
        ([(STEP, 100, 0, 1000, 0, 0, 0)], {"source": 9}, "unknown number 9"),
        ([(STEP, 100, 0, 1000, 0, 0, 0)], {"holding": float("nan")}, "holding level"),
    ],
)
def test_what_cannot_be_rebuilt_is_missing_and_says_why(raw, written, epochs, settings, reason):
    recording = read(written(with_output(with_epochs(raw("18713001.abf"), *epochs), **settings)))
    assert recording.command is None
    assert recording.command_source is CommandSource.NONE
    assert reason in recording.problems[0]


def test_an_idle_output_says_only_its_holding_level(raw, written):
    content = raw("171116sh_0011.abf")
    recording = read(written(pack(content, (section(content, DAC)[0] + 40, "h", 0))))
    assert (recording.command, recording.holding, recording.problems) == (None, -70.0, ())


def test_outputs_that_take_turns(raw, written):
    content = raw("18713001.abf")
    recording = read(written(pack(content, (section(content, 0)[0] + 182, "h", 1))))
    level = recording.command[:, 20_000]
    np.testing.assert_array_equal(level, np.where(np.arange(30) % 2 == 0, np.arange(0, 300, 10), 0))
    assert "took turns" in recording.problems[0]


# --- user lists ---


def without_monitor(content):
    """Return the user-list file with its monitor in a unit that is no command."""
    return content.replace(b"I_Com\0pA\0", b"I_Com\0mV\0")


LISTED = [-200, -150, -100, -50, 0, 25, 50, 100, 150, 200, 250, 300, 350, 400, 500, 600]


def test_user_list_of_levels(raw, written):
    recording = read(written(without_monitor(raw("2020_03_02_0000.abf"))))
    assert recording.command_source is CommandSource.USER_LIST
    np.testing.assert_array_equal(recording.command[:, 4000], LISTED)
    np.testing.assert_array_equal(recording.command[:, 1000], 0)


def with_list(content, text, parameter, repeat=0):
    """Return the user-list file with another list, as long as the one that is there."""
    old = content[content.index(b"-200, -150") : content.index(b"500, 600,") + 9]
    offset, _, _ = section(content, USER_LIST)
    return pack(content.replace(old, text.encode().ljust(len(old))), (offset + 4, "hh", (parameter, repeat)))


@pytest.mark.parametrize(("repeat", "expected"), [(0, [10, 20, 30, 30, 30]), (1, [10, 20, 30, 10, 20])])
def test_short_user_list(raw, written, repeat, expected):
    recording = read(written(with_list(without_monitor(raw("2020_03_02_0000.abf")), "10, 20, 30", 62, repeat)))
    np.testing.assert_array_equal(recording.command[:5, 4000], expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5000, 1000, 2000", [5000, 1000, 2000, 2000]),  # the first is the one in the table, in samples
        ("500, 100, 200", [5000, 1000, 2000, 2000]),  # the first is the one in the table, in ms
        ("40, 50, 60", [40, 50, 60, 60]),  # neither: samples, as the format has it
        ("4.5, 5.5", [45, 55, 55, 55]),  # fractions can only be ms
    ],
)
def test_user_list_of_durations(raw, written, text, expected):
    recording = read(written(with_list(without_monitor(raw("2020_03_02_0000.abf")), text, 112)))
    assert recording.command_source is CommandSource.USER_LIST
    step = recording.command[:4] == np.arange(-200, 0, 50)[:, np.newaxis]
    np.testing.assert_array_equal(step.sum(axis=1), expected)


@pytest.mark.parametrize(
    ("text", "parameter", "reason"),
    [
        ("1, two, 3", 62, "no numbers"),
        ("", 62, "no numbers"),
        ("1, 2", 65, "epoch 4, which is off"),
        ("90000, 5", 112, "longer than the sweep"),
    ],
)
def test_user_list_that_cannot_be_used(raw, written, text, parameter, reason):
    recording = read(written(with_list(without_monitor(raw("2020_03_02_0000.abf")), text, parameter)))
    assert recording.command is None
    assert [problem for problem in recording.problems if reason in problem]


@pytest.mark.parametrize("parameter", [7, 9, 12, 300])
def test_user_list_that_leaves_the_waveform_alone(raw, written, parameter):
    recording = read(written(with_list(without_monitor(raw("2020_03_02_0000.abf")), "1, 2", parameter)))
    assert recording.command_source is CommandSource.EPOCH_TABLE
    np.testing.assert_array_equal(recording.command[:, 4000], np.arange(-200, 600, 50))


def test_user_list_of_abf1(raw, written):
    content = small_abf1(raw("190619B_0003.abf"))
    listed = pack(content, (3360, "h", 1), (3368, "h", 22), (3376, "20s", b"33, -44".ljust(20)))
    # Both epochs have 10000 samples; here they get 300.
    recording = read(written(pack(listed, (2508, "ii", (300, 300)))))
    assert recording.command_source is CommandSource.USER_LIST
    np.testing.assert_array_equal(recording.command[:, 400], [33, -44])


def test_train_of_abf1(raw, written):
    content = small_abf1(raw("190619B_0003.abf"))
    train = pack(
        content, (2308, "hh", (PULSES, 0)), (2348, "f", 50.0), (2508, "i", 400), (2136, "i", 100), (2216, "i", 25)
    )
    recording = read(written(train))
    start = 1000 // 64
    np.testing.assert_array_equal(recording.command[0, start : start + 400], np.tile([50.0] * 25 + [0.0] * 75, 4))


def test_table_of_files_before_version_1_6(raw, written):
    content = small_abf1(raw("190619B_0003.abf"))
    old = pack(content, (4, "f", 1.5), (2296, "hhhhhh", (0,) * 6), (1544, "hh", (200, 300)), (1564, "hh", (10, 0)))
    recording = read(written(old))
    assert recording.provenance.format_version == "1.50"
    start = 1000 // 64
    for sweep, (level, first) in enumerate([(-120, 200), (-60, 210)]):
        np.testing.assert_array_equal(
            np.flatnonzero(np.diff(recording.command[sweep])) + 1, [start + first, start + first + 300]
        )
        assert recording.command[sweep, start + first] == level


def test_user_values_are_numbers_only():
    assert user_values(" 1,2 ,,3,", 3, repeat=False).tolist() == [1, 2, 3]
    for text in ("", "a", "1;2", "nan", "inf, 1"):
        with pytest.raises(ValueError, match=r"."):
            user_values(text, 3, repeat=True)


# --- recorded commands ---


def scaled(content, factor):
    """Return the user-list file with another gain on its monitor."""
    offset, size, _ = section(content, ADC)
    (scale,) = struct.unpack_from("<f", content, offset + size + 40)
    return pack(content, (offset + size + 40, "f", scale / factor))


def test_recorded_command_of_another_scale_is_used_and_reported(raw, written):
    recording = read(written(scaled(raw("2020_03_02_0000.abf"), 0.05)))
    assert recording.command_source is CommandSource.RECORDED
    (sentence,) = [problem for problem in recording.problems if "I_Com" in problem]
    assert "is 0.0499 times the one of the user list" in sentence
    assert "29.92 pA where the user list says 600 pA (sweep 15)" in sentence


def test_recorded_command_of_another_level_is_used_and_reported(raw, written):
    content = raw("2020_03_02_0000.abf")
    recording = read(
        written(with_list(content, "-200, -150, -100, -50, 0, 25, 50, 100, 150, 200, 250, 300, 350, 400, 500, 550", 62))
    )
    assert recording.command_source is CommandSource.RECORDED
    (sentence,) = [problem for problem in recording.problems if "I_Com" in problem]
    assert "598.4 pA where the user list says 550 pA (sweep 15)" in sentence


def test_flat_monitor_is_not_the_command(raw, written):
    recording = read(written(scaled(raw("2020_03_02_0000.abf"), 1e-9)))
    # Scaled to nothing it still follows the list; only rounded to nothing is it flat.
    assert recording.command_source is CommandSource.RECORDED
    content = raw("2020_03_02_0000.abf")
    offset, _, count = section(content, 10)
    samples = np.frombuffer(content, "<i2", count, offset).copy()
    samples[1::2] = np.random.default_rng(0).normal(0, 20, count // 2)
    flat = read(written(content[:offset] + samples.tobytes() + content[offset + 2 * count :]))
    assert flat.command_source is CommandSource.USER_LIST
    np.testing.assert_array_equal(flat.command[:, 4000], LISTED)
    (sentence,) = [problem for problem in flat.problems if "I_Com" in problem]
    assert "does not carry the command" in sentence
    assert "600 pA" in sentence


def test_monitor_that_moves_while_the_table_rests(raw, written):
    content = with_list(raw("2020_03_02_0000.abf"), "0, 0", 62)
    recording = read(written(content))
    assert recording.command_source is CommandSource.RECORDED
    assert [problem for problem in recording.problems if "stays at 0 pA" in problem]


def test_voltage_clamp_takes_its_recorded_potential(raw, written):
    content = raw("2020_03_02_0000.abf")
    swapped = content.replace(b"Potential\0mV\0I_Com\0pA\0current\0pA\0", b"Potential\0pA\0I_Com\0mV\0current\0mV\0")
    assert swapped != content
    recording = read(written(swapped))
    assert (recording.clamp.value, recording.channel) == ("voltage clamp", "Potential")
    assert (recording.command_source, recording.command_unit) == (CommandSource.RECORDED, "mV")
    np.testing.assert_allclose(np.median(recording.command[:, 1500:6000], axis=1), LISTED, atol=4)


def test_response_behind_its_monitor(raw, written):
    content = raw("2020_03_02_0000.abf")
    swapped = content.replace(b"Potential\0mV\0I_Com\0pA\0current\0pA\0", b"Potential\0mV\0I_Com\0pA\0current\0mV\0")
    recording = read(written(swapped))
    # The output is a potential, so the current is the response although it comes second.
    assert (recording.clamp.value, recording.channel) == ("voltage clamp", "I_Com")


def test_another_headstage_is_not_the_command(raw, written):
    content = raw("File_axon_6.abf")
    offset, size, _ = section(content, ADC)
    # Telegraphs: a MultiClamp headstage in voltage clamp.
    paired = pack(
        content, (offset + size + 2, "hh", (1, 24)), (offset + size + 6, "f", 1.0), (offset + size + 18, "h", 0)
    )
    recording = read(written(paired))
    assert recording.command_source is CommandSource.EPOCH_TABLE
    assert recording.channel == "_Ipatch"
