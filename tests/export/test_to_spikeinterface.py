"""Plates handed to SpikeInterface, asked through its own interface."""

from __future__ import annotations

import pickle
import sys

import numpy as np
import pytest
from signals import RATE, plate
from spikeinterface.core import aggregate_channels

import mnephys
from mnephys.errors import MissingPackageError


def test_traces_names_and_places():
    given = plate()
    traces, _ = mnephys.to_spikeinterface(given, pitch=100.0)
    assert (traces.get_num_segments(), traces.get_num_frames(), traces.get_sampling_frequency()) == (1, 3000, RATE)
    assert traces.channel_ids.tolist() == ["A1_11", "A1_12", "B2_21", "D6_44"]
    assert traces.get_property("well").tolist() == ["A1", "A1", "B2", "D6"]
    assert given.signal.most == 0
    got = traces.get_traces(start_frame=10, end_frame=13, channel_ids=["D6_44", "A1_12"], return_in_uV=True)
    np.testing.assert_array_equal(got, given.signal.values[10:13][:, [3, 1]])
    # Neighbours of a well lie 100 um apart, two wells at least 20 mm, and each well is a group of its own.
    places = traces.get_channel_locations()
    assert np.linalg.norm(places[0] - places[1]) == 100.0
    assert min(np.linalg.norm(places[0] - places[i]) for i in (2, 3)) > 19_000
    # As one looks at a plate: B2 lies to the right of A1 and below it, D6 farther in both.
    right, up = (places[2] - places[0]) // 1000
    assert (right, up) == (20, -20)
    assert (places[3] - places[2] > [0, -np.inf]).all()
    assert places[3][1] < places[2][1]
    assert len(set(traces.get_property("group")[:2])) == 1
    assert len(set(traces.get_property("group"))) == 3


def test_stated_places_are_kept():
    given = plate()
    given.electrodes["x"], given.electrodes["y"] = np.arange(384) * 7.0, 3.0
    traces, _ = mnephys.to_spikeinterface(given)
    places = traces.get_channel_locations()
    np.testing.assert_allclose(places[1] - places[0], [7.0, 0.0])


def test_spikes_in_frames():
    _, sorting = mnephys.to_spikeinterface(plate())
    # The one at -0.01 s is before the first frame.
    assert sorting.get_unit_spike_train("A1_11").tolist() == [250, 500, 2500]
    assert sorting.get_unit_spike_train("B2_21").tolist() == [250]
    assert sorting.get_num_units() == 384


def test_spikes_alone_lie_on_a_grid_of_a_microsecond():
    traces, sorting = mnephys.to_spikeinterface(plate(signal=False))
    assert traces is None
    assert sorting.get_unit_spike_train("B2_21").tolist() == [30_000]
    traces, sorting = mnephys.to_spikeinterface(plate(trains=False))
    assert sorting is None
    assert traces is not None


def test_a_gap_makes_two_segments():
    traces, sorting = mnephys.to_spikeinterface(plate(gap=True))
    assert [traces.get_num_frames(i) for i in range(2)] == [1000, 2000]
    assert [traces.get_start_time(i) for i in range(2)] == [0.0, 5.0]
    first = traces.get_traces(segment_index=1, end_frame=1).ravel()
    assert first.tolist() == pytest.approx([1000.0, 1000.1, 1000.2, 1000.3])
    assert sorting.get_unit_spike_train("A1_11", segment_index=1).tolist() == [500]


def test_its_tools_work_on_it():
    given = plate()
    traces, _ = mnephys.to_spikeinterface(given)
    np.testing.assert_array_equal(traces.frame_slice(100, 200).get_traces(), given.signal.values[100:200])
    assert aggregate_channels(list(traces.split_by("well").values())).get_num_channels() == 4
    again = pickle.loads(pickle.dumps(traces))  # noqa: S301 -- of our own, as its workers do
    np.testing.assert_array_equal(again.get_traces(end_frame=5), traces.get_traces(end_frame=5))


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "spikeinterface.core", None)
    with pytest.raises(MissingPackageError, match="pip install spikeinterface"):
        mnephys.to_spikeinterface(plate())
