"""One spike for each extreme, at the vertex of its parabola."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnephys.mea.detection.crossings import Crossings
from mnephys.mea.detection.spikes import extremes, vertices


def crossings(channel, sample, value):
    value = np.asarray(value, np.float32).reshape(-1)
    return Crossings(np.asarray(channel), np.asarray(sample), np.stack([0 * value, value, 0 * value], 1))


PLACES = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 40), st.integers(-4, 4)), max_size=40, unique_by=lambda p: p[:2]
)


@given(PLACES, st.integers(0, 12))
def test_spike_is_largest_within_the_dead_time_of_its_channel(places, dead_time):
    places = sorted(places)
    expected = []
    for channel, sample, value in places:
        rivals = [p for p in places if p[0] == channel and 0 < abs(p[1] - sample) <= dead_time]
        larger = any(abs(p[2]) > abs(value) or (abs(p[2]) == abs(value) and p[1] < sample) for p in rivals)
        expected.append(not larger)
    columns = np.array(places).reshape(-1, 3).T
    assert extremes(crossings(*columns), dead_time).tolist() == expected


@given(st.floats(-0.5, 0.5), st.floats(1, 50), st.floats(-100, 100), st.integers(0, 2**40))
def test_vertex_of_a_parabola_is_found(shift, bend, height, sample):
    three = height + bend * (np.array([-1.0, 0.0, 1.0]) - shift) ** 2
    place, value = vertices(Crossings(np.array([0]), np.array([sample]), three[np.newaxis].astype(np.float32)))
    assert place[0] - sample == pytest.approx(shift, abs=1e-3)
    assert value[0] == pytest.approx(height, abs=1e-3)


@pytest.mark.parametrize("three", [[1, 1, 1], [0, 1, 2], [3, 2, 0], [np.nan, -5, 1], [1, -5, np.inf], [-9, -5, -4]])
def test_where_no_vertex_is_near_the_sample_stays(three):
    place, value = vertices(Crossings(np.array([0]), np.array([7]), np.array([three], np.float32)))
    assert 6.5 <= place[0] <= 7.5
    assert np.isfinite(value[0])
