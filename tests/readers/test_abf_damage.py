"""Damaged ABF files: whatever is wrong with one, it is read as far as it is credible or refused in one line.

The default run takes samples; the long mode (``--long``) goes through every byte of the headers.
"""

from __future__ import annotations

import resource

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from readers.abf_bytes import pack, section, small_abf1

from mnephys.errors import ReadError, TruncatedFileError
from mnephys.recording import SweepRecording

# File header, table of sections, protocol, inputs, outputs, epochs: what na_iv_abf2.abf has before its samples.
HEADER = 5120
SIZES = (0, 1, 0xFFFFFFFF, 0x7FFFFFFF)

# Counts, offsets and sizes of ABF1 (all i4 or i2, written as u4 here, which damages the neighbour too).
ABF1_SIZES = (
    8,
    10,
    14,
    16,
    40,
    44,
    48,
    92,
    96,
    100,
    120,
    122,
    130,
    138,
    146,
    244,
    252,
    410,
    730,
    922,
    1050,
    2508,
    2588,
)


@pytest.fixture(params=["ABF1", "ABF2"])
def content(request, raw):
    return small_abf1(raw("190619B_0003.abf")) if request.param == "ABF1" else raw("na_iv_abf2.abf")


def test_truncated_at_every_block_and_in_the_header(content, survives):
    whole = survives(content)
    assert isinstance(whole, SweepRecording)
    for length in sorted({*range(4, len(content), 512), *range(4, 2600, 13), len(content) - 513}):
        found = survives(content[:length])
        if isinstance(found, SweepRecording):
            # Nothing but padding was lost.
            np.testing.assert_array_equal(found.response, whole.response)
            assert length > len(content) - 512
        else:
            assert isinstance(found, TruncatedFileError)


def test_sizes_counts_and_offsets_of_abf2(raw, survives):
    content = raw("na_iv_abf2.abf")
    protocol, adc, dac = (section(content, place)[0] for place in (0, 1, 2))
    fields = [12, 28, 30, *range(60, 364, 4), *range(protocol, protocol + 160, 4), *range(adc, adc + 84, 4)]
    fields += [
        *range(dac, dac + 60, 4),
        section(content, 15)[0],
        section(content, 15)[0] + 4,
        section(content, 5)[0] + 14,
    ]
    outcomes = [survives(pack(content, (at, "I", value))) for at in fields for value in (*SIZES, len(content) + 1)]
    refused = sum(isinstance(found, ReadError) for found in outcomes)
    assert 0.2 * len(outcomes) < refused < 0.8 * len(outcomes)


def test_sizes_counts_and_offsets_of_abf1(raw, survives):
    content = small_abf1(raw("190619B_0003.abf"))
    outcomes = [survives(pack(content, (at, "I", value))) for at in ABF1_SIZES for value in (*SIZES, len(content) + 1)]
    assert sum(isinstance(found, ReadError) for found in outcomes) > 0.5 * len(outcomes)


def test_old_abf1_without_a_table_of_sweeps(raw, survives):
    content = raw("130618-1-12.abf")
    for at in (8, 10, 16, 40, 44, 48, 92, 96, 100, 120, 122, 410, 730, 922):
        for value in (*SIZES, len(content) + 1):
            survives(pack(content, (at, "I", value)))


def flipped(content, at, bit):
    damaged = bytearray(content)
    damaged[at] ^= 1 << bit
    return bytes(damaged)


def test_single_bits(content, survives):
    generator = np.random.default_rng(1)
    # The fields that matter most lie in the first part of both headers.
    for end in (1300, HEADER):
        for at, bit in zip(generator.integers(4, end, 400), generator.integers(8, size=400), strict=True):
            survives(flipped(content, int(at), int(bit)))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(4, HEADER - 1), st.integers(0, 255)), min_size=1, max_size=60))
def test_many_bytes(content, survives, edits):
    damaged = bytearray(content)
    for at, value in edits:
        damaged[at] = value
    survives(bytes(damaged))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([b"ABF ", b"ABF2"]), st.binary(max_size=8192))
def test_noise_behind_a_signature(survives, signature, noise):
    assert isinstance(survives(signature + noise), ReadError)


def test_a_small_file_never_costs_much_memory(content, survives):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for at in range(60, 380, 2):
        survives(pack(content, (at, "I", 0x7FFFFFF)))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


@pytest.mark.slow
def test_every_bit_of_the_header(content, survives):
    for at in range(4, HEADER):
        for bit in range(8):
            survives(flipped(content, at, bit))


@pytest.mark.slow
def test_every_word_of_the_header(content, survives):
    for at in range(4, HEADER, 2):
        for value in (*SIZES, len(content) + 1):
            survives(pack(content, (at, "I", value)))


@pytest.mark.slow
def test_every_length_of_the_header(content, survives):
    for length in range(4, HEADER + 600):
        assert isinstance(survives(content[:length]), TruncatedFileError)
