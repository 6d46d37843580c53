"""The plain references of adaptive bursts against what can be worked out by hand."""

from __future__ import annotations

import math

import pytest

from reference.plain_bursts import (
    chance_of_ranks,
    grow_burst,
    log_isi_bursts,
    log_isi_threshold,
    log_normal_tail,
    participation_bursts,
    peaks_of,
    poisson_surprise_bursts,
    rank_surprise_bursts,
    smoothed_histogram,
    surprise,
)


def from_isis(*isis):
    times = [0.0]
    for isi in isis:
        times.append(times[-1] + isi)
    return times


def test_bins_are_tenths_of_a_decade_from_1_ms_and_lend_to_their_neighbours():
    height = smoothed_histogram([0.0005, 0.01, 0.0125, 0.013, 0.1])
    # 10 and 12.5 ms are in bin 10, 13 ms in bin 11, 100 ms in bin 20; 343 / 512 is what a neighbour weighs.
    side = 343 / 512
    assert height[9:13] == pytest.approx([2 * side, 2 + side, 1 + 2 * side, side])
    assert height[19:22] == pytest.approx([side, 1, side])
    assert sum(height) == pytest.approx(4 * (1 + 2 * side))


def test_a_peak_is_a_local_maximum_that_takes_out_lower_ones_within_two_bins():
    assert peaks_of([9, 1, 0, 5, 0, 4, 0, 0, 4, 0, 4, 0, 0, 7]) == [3, 8, 13]
    # The third is lower than the second, which the first has taken out.
    assert peaks_of([0, 6, 0, 5, 0, 4, 0]) == [1, 5]
    assert peaks_of([0, 3, 3, 0, 2, 4, 4, 4, 1]) == [1, 6]


def test_the_threshold_is_the_first_of_the_lowest_bins():
    # Peaks in bins 10 and 30; bin 12 is the first without anything.
    assert log_isi_threshold([0.01, 1.0] * 5, 0.1, 0.7) == pytest.approx(10**1.2 / 1000)
    assert log_isi_threshold([0.01] * 5, 0.1, 0.7) == math.inf
    assert log_isi_threshold([1.0] * 5, 0.1, 0.7) is None


def test_bursts_below_the_threshold_of_a_train():
    assert log_isi_bursts(from_isis(*[0.01, 0.01, 1.0] * 5)) == [(3 * k, 3 * k + 2) for k in range(5)]
    assert log_isi_bursts(from_isis(*[0.01, 1.0] * 5)) == []


def test_surprise_is_the_poisson_tail():
    # Two more spikes in half a mean interval: 1 - e^-0.5 (1 + 0.5).
    assert surprise([0.0, 0.2, 0.5], 0, 2, 1.0) == pytest.approx(-math.log(1 - 1.5 * math.exp(-0.5)))
    assert surprise([0.0, 0.0], 0, 1, 1.0) == math.inf


def test_a_burst_grows_over_a_gap_and_sheds_a_slow_front():
    times = from_isis(0.4, 0.01, 0.01, 0.01, 0.01, 1.5, 0.01, 0.01, 9.0)
    first, last, value = grow_burst(times, 0, 1.0)
    assert (first, last) == (1, 5)
    assert value == pytest.approx(surprise(times, 1, 5, 1.0))


def test_the_search_goes_on_behind_a_burst():
    isis = [*[10.0] * 10, *[0.01] * 6, *[10.0] * 10, *[0.01] * 4, *[10.0] * 10]
    assert poisson_surprise_bursts(from_isis(*isis)) == [(10, 16), (26, 30)]
    assert poisson_surprise_bursts(from_isis(*isis), 30.0) == [(10, 16)]


def test_chances_of_ranks_counted_on_fingers():
    # Two dice: 2, 3 or 4 is 6 of 36; three of 10 sum to 3 in one way of 1,000; and all sums are certain.
    assert chance_of_ranks(4, 2, 6) == pytest.approx(6 / 36)
    assert chance_of_ranks(3, 3, 10) == pytest.approx(1 / 1000)
    assert chance_of_ranks(12, 2, 6) == 1
    assert chance_of_ranks(11, 2, 6) == pytest.approx(35 / 36)


def test_the_tail_of_the_normal_distribution_has_no_seam():
    assert log_normal_tail(0.0) == pytest.approx(math.log(0.5))
    assert log_normal_tail(-30.0) == pytest.approx(log_normal_tail(-29.999999), abs=1e-4)
    assert log_normal_tail(-40.0) == pytest.approx(-804.608, abs=1e-3)


def test_the_stretch_of_the_lowest_ranks_is_the_burst():
    isis = [*range(10, 20), 0.01, 0.02, 0.03, *range(20, 30)]
    assert rank_surprise_bursts(from_isis(*isis)) == [(10, 13)]
    assert rank_surprise_bursts([0.0]) == []


def test_groups_of_bursts_that_overlap():
    electrodes = [[(0.0, 1.0, 5)], [(0.9, 2.0, 6), (5.0, 6.0, 7)], [(1.5, 1.6, 8)], []]
    assert participation_bursts(electrodes, 0.25) == [(0.0, 2.0, 19, 3), (5.0, 6.0, 7, 1)]
    assert participation_bursts(electrodes, 0.75) == [(0.0, 2.0, 19, 3)]
    assert participation_bursts(electrodes, 0.76) == []
