"""Sweeps, channels, tags and units of ABF files: real files, edited where no real one shows the case."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from readers.abf_bytes import SMALL_ABF1_SAMPLES, pack, section, small_abf1

from mnephys.errors import CorruptHeaderError, FileUnitsError, ReadError, TruncatedFileError, UnsupportedFormatError
from mnephys.readers import read
from mnephys.recording import Clamp, CommandSource

PROTOCOL, ADC, DAC, STRINGS, DATA, TAGS, SWEEPS = 0, 1, 2, 9, 10, 11, 15
GAP_FREE, EVENTS, HIGH_SPEED = 3, 1, 4


def with_mode(content, mode):
    return pack(content, (section(content, PROTOCOL)[0], "h", mode))


def with_table(content, *sweeps):
    """Return an ABF2 file whose sweeps have these starts and lengths."""
    offset, _, _ = section(content, SWEEPS)
    edited = pack(content, *((offset + 8 * number, "ii", sweep) for number, sweep in enumerate(sweeps)))
    return pack(edited, (76 + 16 * SWEEPS + 8, "q", len(sweeps)), (12, "I", len(sweeps)))


def test_variable_length_sweeps(raw, written):
    content = raw("na_iv_abf2.abf")
    whole = read(written(content)).response.ravel()
    lengths = [5000, 92, 14000]
    table = [(0, 5000), (10_000, 92), (20_000, 14_000)]
    recording = read(written(with_table(with_mode(content, EVENTS), *table)))
    assert recording.response.shape == (3, 14_000)
    assert recording.n_valid.tolist() == lengths
    for sweep, (start, n) in enumerate(zip(np.cumsum([0, *lengths]), lengths, strict=False)):
        np.testing.assert_array_equal(recording.response[sweep, :n], whole[start : start + n])
        assert np.isnan(recording.response[sweep, n:]).all()
    np.testing.assert_allclose(recording.sweep_start, [0, 0.125, 0.25])
    assert recording.command is None


def test_variable_lengths_counted_in_time_units(raw, written):
    # 12.5 us per tick: some programs store ticks times that.
    table = [(0, 62_500), (10_000, 1150), (20_000, 175_000)]
    recording = read(written(with_table(with_mode(raw("na_iv_abf2.abf"), EVENTS), *table)))
    assert recording.n_valid.tolist() == [5000, 92, 14_000]


def test_gap_free_is_one_sweep(raw, written):
    content = raw("na_iv_abf2.abf")
    recording = read(written(with_mode(content, GAP_FREE)))
    assert recording.response.shape == (1, 37 * 516)
    assert recording.command_source is CommandSource.NONE
    assert recording.holding == -120
    assert recording.problems == ("The recording was paused 36 times; it is read as one sweep.",)
    np.testing.assert_array_equal(recording.response.ravel(), read(written(content)).response.ravel())
    # What the outputs were once set up for does not matter then.
    leftover = with_mode(content, GAP_FREE).replace(b"Cmd 0\0mV\0", b"Cmd 0\0pA\0")
    assert read(written(leftover)).clamp is Clamp.VOLTAGE
    # Without a table of sweeps, and with the number of sweeps 0, as such files are written.
    bare = pack(with_mode(content, GAP_FREE), (76 + 16 * SWEEPS, "IIq", (0, 0, 0)), (12, "I", 0))
    bare = bare[: section(content, SWEEPS)[0]]
    assert read(written(bare)).response.shape == (1, 37 * 516)
    assert read(written(bare)).problems == ()


def test_bytes_that_belong_to_nothing(raw, written):
    for content in (raw("130618-1-12.abf"), raw("na_iv_abf2.abf"), small_abf1(raw("190619B_0003.abf"))):
        whole = read(written(content))
        # Less than a block is padding.
        assert read(written(content + bytes(10))).problems == whole.problems
        assert any("belong to nothing" in problem for problem in read(written(content + bytes(512))).problems)
    # In the middle of the samples, where they shift what is behind them.
    content = raw("130618-1-12.abf")
    shifted = read(written(content[:100_000] + bytes(512) + content[100_000:]))
    said = "The last 512 bytes of the file belong to nothing that its header places: bytes may have been put in."
    assert shifted.problems == (said,)


def test_parts_that_are_not_read_may_stand_behind_the_samples(raw, written):
    content = raw("130618-1-12.abf")
    blocks = -(-len(content) // 512)
    behind = content.ljust(blocks * 512, b"\0") + bytes(2048)
    for place in (52, 60, 72, 80):
        assert read(written(pack(behind, (place, "i", blocks)))).problems == ()


def test_a_channel_that_the_header_does_not_count(raw, written):
    content = raw("File_axon_6.abf")
    assert read(written(content)).problems == ()
    forged = pack(content, (76 + 16 * ADC + 8, "q", 1))
    said = "The ADC section holds more than the 1 entries that the header counts: one may be missing."
    assert said in read(written(forged)).problems


def test_sweeps_of_another_length_than_the_header_states(raw, written):
    content = raw("130618-1-12.abf")
    for count in (-1, 0, 1, 5):
        recording = read(written(pack(content, (16, "i", count))))
        n = max(count, 1)
        assert recording.n_sweeps == n
        said = f"The header states {n} sweeps of 50000 samples, but 150000 samples in all; they were cut into {n}."
        assert recording.problems == (said,)


def test_samples_that_are_ignored(raw, written):
    content = small_abf1(raw("190619B_0003.abf"))
    whole = read(written(content)).response.ravel()
    recording = read(written(pack(content, (14, "h", 2))))
    np.testing.assert_array_equal(recording.response.ravel()[:-1], whole[1:])
    assert "The first 2 samples were left out, as the header says." in recording.problems


def test_a_first_channel_without_a_unit(raw, written):
    content = small_abf1(raw("190619B_0003.abf"))
    recording = read(written(pack(content, (602, "8s", b""))))
    assert [problem for problem in recording.problems if problem.endswith("has no unit and was left out.")]


def test_sweeps_without_a_table(raw, written):
    content = pack(raw("na_iv_abf2.abf"), (76 + 16 * SWEEPS, "IIq", (0, 0, 0)))
    recording = read(written(content))
    assert recording.response.shape == (37, 516)
    np.testing.assert_allclose(recording.sweep_start, np.arange(37) * 5.0)
    with pytest.raises(CorruptHeaderError, match="36 sweeps, which 19092 samples cannot be divided into"):
        read(written(pack(content, (12, "I", 36))))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([(0, 516)] * 36, None),
        ([(0, 516), (1, 0)], "sweep 1 has 0 samples"),
        ([(0, -516), (1, 516)], "sweep 0 has -516 samples"),
        ([(0, 19_092), (1, 516)], "sweeps hold 19608 samples, its data section 19092"),
        ([(0, 516), (1, 517)], "sweeps hold 1033 samples, its data section 19092"),
    ],
)
def test_table_that_does_not_fit_the_samples(raw, written, table, message):
    content = with_table(raw("na_iv_abf2.abf"), *table)
    if message is None:
        assert "516 samples after the last sweep were left out." in read(written(content)).problems
        return
    with pytest.raises(CorruptHeaderError, match=message):
        read(written(content))


def test_sweep_lengths_that_would_need_terabytes(raw, written):
    content = raw("na_iv_abf2.abf")
    offset, _, _ = section(content, DATA)
    n = 4_200_000
    lengths = [1] * 99 + [n - 99]
    big = content[:offset] + bytes(2 * n)
    start = len(big)
    big += struct.pack(f"<{2 * len(lengths)}i", *(value for i, n in enumerate(lengths) for value in (i * n, n)))
    big += bytes(-len(big) % 512)
    start += -start % 512
    table = struct.pack(f"<{2 * len(lengths)}i", *(value for i, n in enumerate(lengths) for value in (i, n)))
    big = big[:start].ljust(start, b"\0") + table
    big = pack(
        with_mode(big, EVENTS),
        (76 + 16 * DATA + 8, "q", n),
        (76 + 16 * SWEEPS, "IIq", (start // 512, 8, len(lengths))),
    )
    with pytest.raises(UnsupportedFormatError, match="differ too much for one array"):
        read(written(big))


def test_start_times_that_do_not_increase_are_replaced(raw, written):
    content = raw("na_iv_abf2.abf")
    offset, _, _ = section(content, SWEEPS)
    recording = read(written(pack(content, (offset + 80, "i", -5))))
    np.testing.assert_allclose(recording.sweep_start, np.arange(37) * 5.0)
    assert "do not increase" in recording.problems[0]


def test_small_abf1(raw, written):
    content = raw("190619B_0003.abf")
    whole, small = read(written(content)), read(written(small_abf1(content)))
    np.testing.assert_array_equal(small.response, whole.response[:2, :SMALL_ABF1_SAMPLES])
    np.testing.assert_allclose(small.sweep_start, [0, 62.5])
    assert small.metadata["started"] == whole.metadata["started"]


def test_abf1_channels_out_of_order(raw, written):
    content = small_abf1(raw("190619B_0003.abf"))
    repeated = read(written(pack(content, (410, "hh", (0, 0)))))
    assert [problem for problem in repeated.problems if "taken as numbered" in problem]
    swapped = read(written(pack(content, (410, "hh", (2, 0)))))
    assert swapped.channel == "IN 2"
    with pytest.raises(CorruptHeaderError, match="inputs"):
        read(written(pack(content, (410, "hh", (0, 16)))))


def test_tags_of_abf2(raw, written):
    content = raw("na_iv_abf2.abf")
    content += bytes(-len(content) % 512)
    tags = b"".join(
        struct.pack("<i56shh", time, text.encode("latin-1").ljust(56), 1, 0)
        for time, text in [(80_000, "wash in 10 \N{MICRO SIGN}M"), (160_000, "wash\nout")]
    )
    tagged = pack(content + tags, (76 + 16 * TAGS, "IIq", (len(content) // 512, 64, 2)))
    assert read(written(tagged)).tags == ((1.0, "wash in 10 \N{MICRO SIGN}M"), (2.0, "wash\nout"))


def test_tags_of_abf1(raw, written):
    content = small_abf1(raw("190619B_0003.abf"))
    tag = struct.pack("<i56shh", 80_000, b"drug".ljust(56), 1, 0)
    tagged = pack(content + tag, (44, "ii", (len(content) // 512, 1)))
    assert read(written(tagged)).tags == ((1.0, "drug"),)


def test_too_many_tags(raw, written):
    content = raw("na_iv_abf2.abf")
    with pytest.raises(CorruptHeaderError, match="4294967295 entries in the tag section"):
        read(written(pack(content, (76 + 16 * TAGS, "IIq", (1, 64, 0xFFFFFFFF)))))
    with pytest.raises(CorruptHeaderError, match="-1 tags"):
        read(written(pack(small_abf1(raw("190619B_0003.abf")), (44, "ii", (1, -1)))))


@pytest.mark.parametrize("interval", [float("nan"), float("inf"), 0.0, -50.0, 2.4, 10_001.0, 1e-30])
def test_sampling_rates_that_cannot_be(raw, written, interval):
    for content, offset in ((raw("na_iv_abf2.abf"), 514), (small_abf1(raw("190619B_0003.abf")), 122)):
        with pytest.raises(CorruptHeaderError, match="sampling interval"):
            read(written(pack(content, (offset, "f", interval))))


def test_sampling_rate_keeps_no_rounding_of_its_interval(raw, written):
    assert read(written(pack(raw("na_iv_abf2.abf"), (514, "f", 100 / 3)))).sampling_rate == 30_000


@pytest.mark.parametrize("offset", [40, 48, 28])
@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf"), 1e-30])
def test_gains_that_cannot_be(raw, written, offset, value):
    content = raw("na_iv_abf2.abf")
    with pytest.raises(CorruptHeaderError, match="channel 'IN 0'"):
        read(written(pack(content, (section(content, ADC)[0] + offset, "f", value))))


def test_garbage_telegraph_flag_leaves_the_gain_alone(raw, written):
    content = raw("na_iv_abf2.abf")
    offset, _, _ = section(content, ADC)
    plain = read(written(pack(content, (offset + 2, "h", 0)))).response
    np.testing.assert_array_equal(read(written(pack(content, (offset + 2, "h", -636)))).response, plain)
    np.testing.assert_allclose(read(written(content)).response, plain / 0.5)


def test_float_samples(raw, written):
    content = raw("na_iv_abf2.abf")
    offset, _, count = section(content, DATA)
    values = read(written(content)).response.ravel()
    tail = content[offset + 2 * count :]
    body = content[:offset] + values.astype("<f4").tobytes()
    body += bytes(-len(body) % 512)
    table, _, n = section(content, SWEEPS)
    floats = pack(
        body + content[table : table + 8 * n] + tail[:0],
        (30, "H", 1),
        (76 + 16 * DATA + 4, "I", 4),
        (76 + 16 * SWEEPS, "I", len(body) // 512),
    )
    np.testing.assert_array_equal(read(written(floats)).response.ravel(), values)
    with pytest.raises(CorruptHeaderError, match="not finite"):
        read(written(pack(floats, (offset + 400, "f", float("nan")))))


def test_modes_that_cannot_be_read(raw, written):
    with pytest.raises(UnsupportedFormatError, match="high-speed oscilloscope"):
        read(written(with_mode(raw("na_iv_abf2.abf"), HIGH_SPEED)))
    with pytest.raises(CorruptHeaderError, match="mode 0"):
        read(written(with_mode(raw("na_iv_abf2.abf"), 0)))
    content = small_abf1(raw("190619B_0003.abf"))
    with pytest.raises(UnsupportedFormatError, match="changes its sampling interval"):
        read(written(pack(content, (126, "f", 100.0))))
    with pytest.raises(UnsupportedFormatError, match="old format"):
        read(written(pack(content, (38, "h", 1))))


def test_samples_inside_the_header(raw, written):
    content = raw("na_iv_abf2.abf")
    with pytest.raises(CorruptHeaderError, match="places the strings section inside the samples"):
        read(written(pack(content, (76 + 16 * DATA, "I", section(content, STRINGS)[0] // 512))))
    with pytest.raises(CorruptHeaderError, match="inside itself"):
        read(written(pack(small_abf1(raw("190619B_0003.abf")), (40, "i", 3))))


def test_bytes_of_a_cut_file_are_named(raw, written):
    content = raw("na_iv_abf2.abf")
    with pytest.raises(TruncatedFileError, match=r"ends after 30000 bytes.*the file was cut: copy it again"):
        read(written(content[:30_000]))


def test_unused_sections_do_not_matter(raw, written):
    recording = read(written(pack(raw("na_iv_abf2.abf"), (76 + 16 * 14, "IIq", (5000, 10, 10)))))
    assert recording.n_sweeps == 37
    assert "Section 14" in recording.problems[0]


# --- units ---


def with_unit(content, old, new):
    """Return an ABF2 file with another unit on its first channel, of the same length in bytes."""
    name = old.encode() + b"\0Cmd 0\0"
    assert content.count(name) == 1
    assert len(new) == len(old)
    return content.replace(name, new.encode("latin-1") + b"\0Cmd 0\0")


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ("xA", "unknown unit 'xA'"),
        ("pX", "unknown unit 'pX'"),
        ("mm", "unknown unit 'mm'"),
        ("  ", "not volts or amperes"),
        ("% ", "not volts or amperes"),
        # Known with white space around it, but then the values are tens of thousands of amperes.
        ("A ", "reaches"),
    ],
)
def test_units_that_cannot_be_are_named(raw, written, new, message):
    with pytest.raises(FileUnitsError, match=message):
        read(written(with_unit(raw("na_iv_abf2.abf"), "pA", new)))


def test_micro_sign_and_prefixes(raw, written):
    content = raw("171116sh_0018.abf")
    micro = read(written(with_unit(content, "mV", "\N{MICRO SIGN}V")))
    np.testing.assert_allclose(micro.response, read(written(content)).response / 1000, rtol=1e-6)
    assert micro.clamp is Clamp.CURRENT


def test_outputs_in_nanoampere_become_picoampere(raw, written):
    content = raw("18713001.abf")
    offset, size, _ = section(content, DAC)
    (nano,) = struct.unpack_from("<i", content, offset + size + 28)
    recording = read(written(pack(content, (offset + 28, "i", nano), (offset + 12, "f", 0.5))))
    assert recording.holding == 500
    assert recording.command[29, 20_000] == 290_000


@pytest.mark.parametrize(("factor", "outcome"), [(5.0, "problem"), (50.0, "refused")])
def test_magnitude_against_unit(raw, written, factor, outcome):
    content = raw("171116sh_0018.abf")
    offset = section(content, ADC)[0] + 40
    (scale,) = struct.unpack_from("<f", content, offset)
    path = written(pack(content, (offset, "f", scale / factor)))
    if outcome == "refused":
        with pytest.raises(FileUnitsError, match=r"channel 'IN 0' reaches .* mV with its unit 'mV'"):
            read(path)
    else:
        assert "check its unit (mV)" in read(path).problems[0]


def test_response_and_command_both_in_volts(raw, written):
    content = raw("171116sh_0018.abf")
    both = content.replace(b"Cmd 0\0pA\0", b"Cmd 0\0mV\0")
    assert both != content
    with pytest.raises(FileUnitsError, match="'mV' and its command"):
        read(written(both))


def test_second_cell_needs_its_own_units(data):
    # The second headstage of this file is in mV, and so is its output.
    with pytest.raises(FileUnitsError, match=r"'IN 2'.*'Cmd 1'"):
        read(data("patch/190619B_0003.abf"), channel="IN 2")


def test_auxiliary_channel_of_unknown_unit_is_left_out(raw, written):
    content = raw("2020_03_02_0000.abf").replace(b"I_Com\0pA\0", b"I_Com\0lx\0")
    recording = read(written(content))
    assert recording.command_source is CommandSource.USER_LIST
    assert [problem for problem in recording.problems if "unknown unit 'lx'" in problem]
    with pytest.raises(FileUnitsError, match="unknown unit 'lx'"):
        read(written(content), channel="I_Com")


def test_light_source_in_volts_is_no_command(raw, written):
    content = raw("2020_03_02_0000.abf").replace(b"current\0pA\0", b"current\0V \0")
    recording = read(written(content))
    assert recording.clamp is Clamp.CURRENT
    assert (recording.command_source, recording.holding) == (CommandSource.RECORDED, None)


def test_errors_are_read_errors(raw, written):
    with pytest.raises(ReadError):
        read(written(raw("na_iv_abf2.abf")[:100]))
