"""Plates as neo objects, and through the rules that neo has for its own readers."""

from __future__ import annotations

import numpy as np
import pytest
from neo.test.rawiotest import rawio_compliance
from signals import RATE, plate

import mnephys
from mnephys.export.plate_rawio import PlateIO, PlateRawIO

RULES = (
    "header_is_total",
    "check_signal_stream_buffer_hierachy",
    "count_element",
    "read_analogsignals",
    "read_spike_times",
    "read_spike_waveforms",
    "read_events",
    "has_annotations",
)


@pytest.mark.parametrize(
    "kind", [{}, {"signal": False}, {"trains": False}, {"gap": True}], ids=["both", "spikes", "signal", "gap"]
)
@pytest.mark.parametrize("rule", RULES)
def test_it_keeps_the_rules_of_neo(kind, rule):
    reader = PlateRawIO(plate(**kind))
    reader.parse_header()
    getattr(rawio_compliance, rule)(reader)


def test_a_plate_becomes_a_block_with_its_signal_in_the_file():
    recording = plate()
    block = mnephys.to_neo(recording)
    (segment,) = block.segments
    assert recording.signal.most == 0
    proxy = segment.analogsignals[0]
    assert (proxy.shape, str(proxy.units.dimensionality), float(proxy.sampling_rate)) == ((3000, 4), "uV", RATE)
    second = proxy.t_start.units
    part = proxy.load(time_slice=(0.1 * second, 0.12 * second))
    np.testing.assert_array_equal(part.magnitude, recording.signal.values[1250:1500])
    assert recording.signal.most == 250
    assert part.array_annotations["well"].tolist() == ["A1", "A1", "B2", "D6"]
    trains = {train.name: train for train in segment.spiketrains}
    assert len(trains) == 384
    np.testing.assert_allclose(trains["A1_11"].times.rescale("s").magnitude, [-0.01, 0.02, 0.04, 0.2], atol=1e-12)
    assert float(trains["A1_11"].t_start) == -0.01
    assert trains["B2_21"].annotations["well"] == "B2"
    assert trains["D6_44"].size == 0
    assert [
        (float(t), str(label)) for t, label in zip(segment.events[0].times, segment.events[0].labels, strict=True)
    ] == [(0.05, "dose")]


def test_a_gap_makes_two_segments():
    block = mnephys.to_neo(plate(gap=True))
    first, second = block.segments
    assert [segment.analogsignals[0].shape for segment in block.segments] == [(1000, 4), (2000, 4)]
    assert [float(segment.analogsignals[0].t_start) for segment in block.segments] == [0.0, 5.0]
    assert [first.spiketrains[0].size, second.spiketrains[0].size] == [3, 1]
    assert [first.events[0].labels.tolist(), second.events[0].labels.tolist()] == [["dose"], ["wash"]]
    np.testing.assert_allclose(second.analogsignals[0].load().magnitude[0], [1000.0, 1000.1, 1000.2, 1000.3], rtol=1e-6)


def test_all_of_it_in_memory_where_that_is_asked_for():
    segment = PlateIO(plate()).read_segment()
    assert segment.analogsignals[0].magnitude.dtype == np.float32
    assert segment.analogsignals[0].shape == (3000, 4)
