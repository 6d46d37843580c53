"""The plain reference against small trains worked out by hand."""

from __future__ import annotations

import math

import pytest

from reference.plain_mea import (
    electrode_metrics,
    isi_bursts,
    max_interval_bursts,
    network_bursts,
    sttc,
    well_metrics,
)

RATE = 12500  # Hz; 100 ms are 1250 samples, 50 ms are 625
HOUR = 3600 * RATE
# Where a recording may begin, in samples: the rounding errors of spike times put ISIs on either side of a limit.
SHIFTS = [0, 7, 1877, 4526964, HOUR + 1, HOUR + 2, HOUR + 7, 24 * HOUR + 3, 24 * HOUR + 4]

DEFINITIONS = {
    "active_min_rate": 5.0,
    "burst_max_isi": 0.1,
    "burst_min_spikes": 5,
    "network_burst_max_isi": 0.1,
    "network_burst_min_spikes": 10,
    "network_burst_min_electrodes": 0.25,
    "sttc_window": 0.05,
}


def at_samples(*samples):
    return [sample / RATE for sample in samples]


def from_isis(*isis, first=0.0):
    times = [first]
    for isi in isis:
        times.append(times[-1] + isi)
    return times


def evenly(first, isi, count):
    return [first + isi * i for i in range(count)]


# Bursts by ISI threshold.


@pytest.mark.parametrize("times", [[], [1.0], [1.0, 1.05], [1.0, 1.05, 1.1, 1.15]])
def test_no_burst_of_fewer_spikes_than_asked_for(times):
    assert isi_bursts(times, 0.1, 5) == []


def test_a_burst_of_exactly_the_spikes_asked_for():
    # 0 .05 .10 .15 .20: five spikes, four ISIs of 50 ms.
    assert isi_bursts(evenly(0.0, 0.05, 5), 0.1, 5) == [(0, 4)]


def test_the_ends_of_a_train_end_a_burst():
    # Three spikes from 0 s on, a lone spike, four spikes up to the end.
    times = [0.0, 0.05, 0.10, 1.0, 2.0, 2.05, 2.10, 2.15]
    assert isi_bursts(times, 0.1, 3) == [(0, 2), (4, 7)]
    assert isi_bursts(times, 0.1, 4) == [(4, 7)]


def test_one_long_isi_splits_a_burst():
    # ISIs in ms: 50 50 101 50 50.
    times = from_isis(0.05, 0.05, 0.101, 0.05, 0.05)
    assert isi_bursts(times, 0.1, 3) == [(0, 2), (3, 5)]
    assert isi_bursts(times, 0.101, 3) == [(0, 5)]


def test_a_whole_train_can_be_one_burst():
    assert isi_bursts(evenly(3.0, 0.01, 100), 0.1, 5) == [(0, 99)]


@pytest.mark.parametrize("first", SHIFTS)
def test_an_isi_on_the_limit_belongs_to_the_burst_wherever_the_recording_is(first):
    # 1250 samples are 100 ms, and their difference in s is anywhere around 0.1; 1251 samples are 100.08 ms.
    on_limit = at_samples(*(first + 1250 * i for i in range(5)))
    above = at_samples(*(first + 1251 * i for i in range(5)))
    assert isi_bursts(on_limit, 0.1, 5) == [(0, 4)]
    assert isi_bursts(above, 0.1, 5) == []


@pytest.mark.parametrize(("samples", "limit"), [(625, 0.05), (1250, 0.1), (3750, 0.3)])
def test_the_shifts_put_equal_isis_on_both_sides_of_the_limit(samples, limit):
    isis = [(first + samples) / RATE - first / RATE for first in SHIFTS]
    assert min(isis) < limit < max(isis)


def test_a_pair_is_the_smallest_burst():
    # Only the ISI between 1.00 and 1.05 is short; the spikes at 0 and at 2 have none.
    assert isi_bursts([0.0, 1.0, 1.05, 2.0], 0.1, 2) == [(1, 2)]
    assert isi_bursts([0.0, 1.0, 1.05, 2.0], 0.1, 1) == [(1, 2)]


def test_spikes_at_the_same_time_have_an_isi_of_zero():
    assert isi_bursts([1.0, 1.0, 1.0], 0.1, 3) == [(0, 2)]


# Bursts by maximum interval; start 100 ms, end 250 ms, interval 300 ms, duration 50 ms, 3 spikes.


def max_interval(times, **changes):
    parameters = {
        "max_start_isi": 0.1,
        "max_end_isi": 0.25,
        "min_interval": 0.3,
        "min_duration": 0.05,
        "min_spikes": 3,
    } | changes
    return max_interval_bursts(times, **parameters)


@pytest.mark.parametrize("times", [[], [1.0], [1.0, 1.05]])
def test_no_max_interval_burst_of_fewer_spikes(times):
    assert max_interval(times) == []


def test_a_max_interval_burst_begins_with_a_short_isi_only():
    # ISIs in ms: 200 200 90 200 240 260. The first at most 100 is the third, between spikes 2 and 3; the burst goes on
    # through 200 and 240 to spike 5 and ends before 260.
    assert max_interval(from_isis(0.2, 0.2, 0.09, 0.2, 0.24, 0.26)) == [(2, 5)]


def test_no_max_interval_burst_without_a_short_isi():
    assert max_interval(from_isis(0.2, 0.2, 0.2, 0.2)) == []


def test_a_max_interval_burst_at_both_edges():
    # ISIs in ms: 50 50 900 50 50.
    assert max_interval(from_isis(0.05, 0.05, 0.9, 0.05, 0.05)) == [(0, 2), (3, 5)]


@pytest.mark.parametrize("first", SHIFTS)
def test_both_max_interval_limits_belong_to_the_burst(first):
    # ISIs in samples: 1250 (100 ms) and 3125 (250 ms), then 1251 and 3126.
    assert max_interval(at_samples(first, first + 1250, first + 4375)) == [(0, 2)]
    assert max_interval(at_samples(first, first + 1251, first + 4376)) == []
    assert max_interval(at_samples(first, first + 1250, first + 4376)) == []


def test_close_bursts_become_one_with_the_spikes_between():
    # 0 .05 .10, a lone spike at .36 (ISI 260), then .62 .67 .72. Gap between the bursts, .10 to .62: 520 ms.
    times = [0.0, 0.05, 0.10, 0.36, 0.62, 0.67, 0.72]
    assert max_interval(times) == [(0, 2), (4, 6)]
    assert max_interval(times, min_interval=0.53) == [(0, 6)]


@pytest.mark.parametrize("first", SHIFTS)
def test_a_gap_of_exactly_the_minimum_is_not_closer(first):
    # Gap of 3750 samples = 300 ms between spikes 2 and 3; 3749 samples are 299.92 ms.
    far = at_samples(*(first + sample for sample in (0, 100, 700, 4450, 4550, 5150)))
    near = at_samples(*(first + sample for sample in (0, 100, 700, 4449, 4549, 5149)))
    assert max_interval(far) == [(0, 2), (3, 5)]
    assert max_interval(near) == [(0, 5)]


def test_merging_goes_on_over_several_bursts():
    # Pairs 50 ms apart with gaps of 260 ms: none has 3 spikes, all together have 6.
    times = from_isis(0.05, 0.26, 0.05, 0.26, 0.05)
    assert max_interval(times) == [(0, 5)]
    assert max_interval(times, min_interval=0.26) == []


def test_short_bursts_are_dropped_after_merging():
    # Two bursts of 40 ms: too short alone; merged over a gap of 270 ms they last 350 ms.
    times = [0.0, 0.02, 0.04, 0.31, 0.33, 0.35]
    assert max_interval(times) == [(0, 5)]
    assert max_interval(times, min_interval=0.0) == []


@pytest.mark.parametrize("first", SHIFTS)
def test_a_burst_of_exactly_the_minimum_duration_stays(first):
    # 625 samples = 50 ms.
    assert max_interval(at_samples(first, first + 300, first + 625)) == [(0, 2)]
    assert max_interval(at_samples(first, first + 300, first + 624)) == []


# Network bursts.


def test_a_network_burst_of_electrodes_none_of_which_bursts():
    # Ten spikes at 1.00, 1.09, ... 1.81, in turn on two of four electrodes: each alone has ISIs of 180 ms.
    merged = evenly(1.0, 0.09, 10)
    trains = [merged[0::2], [], merged[1::2], []]
    assert isi_bursts(trains[0], 0.1, 2) == []
    assert network_bursts(trains, 0.1, 10, 0.25) == [(pytest.approx(1.0), pytest.approx(1.81), 10, 2)]


def test_a_network_burst_needs_its_spikes():
    merged = evenly(1.0, 0.09, 9)
    assert network_bursts([merged[0::2], merged[1::2]], 0.1, 10, 0.25) == []


@pytest.mark.parametrize(("size", "share", "firing", "found"), [
    (8, 0.25, 1, False),
    (8, 0.25, 2, True),
    (16, 0.35, 5, False),  # 5.6 electrodes
    (16, 0.35, 6, True),
    (20, 0.35, 6, False),
    (20, 0.35, 7, True),  # 7 electrodes
    (100, 0.07, 7, True),  # 0.07 * 100 is a little more than 7 in binary
    (3, 1.0, 2, False),
    (3, 1.0, 3, True),
])  # fmt: skip
def test_participation_is_a_share_of_all_electrodes_of_the_well(size, share, firing, found):
    # `firing` electrodes fire 10 spikes each, 1 ms apart from one another; the others are silent.
    trains = [evenly(1.0 + 0.001 * n, 0.05, 10) if n < firing else [] for n in range(size)]
    bursts = network_bursts(trains, 0.1, 10, share)
    assert [burst[2:] for burst in bursts] == ([(10 * firing, firing)] if found else [])


def test_one_spike_is_participation():
    # Electrode 0 bursts alone at 1 s; at 5 s electrode 1 adds a single spike, on the edge of the burst.
    trains = [evenly(1.0, 0.01, 10) + evenly(5.0, 0.01, 10), [5.15], [], []]
    (burst,) = network_bursts(trains, 0.1, 10, 0.5)
    assert burst == (pytest.approx(5.0), pytest.approx(5.15), 11, 2)


def test_ties_on_the_grid_join_network_bursts():
    # Spikes of two electrodes in turn, 1250 samples = 100 ms apart; with 1251 samples nothing is left.
    joined = at_samples(*(HOUR + 1250 * i for i in range(10)))
    apart = at_samples(*(HOUR + 1251 * i for i in range(10)))
    assert [burst[2:] for burst in network_bursts([joined[0::2], joined[1::2]], 0.1, 10, 1.0)] == [(10, 2)]
    assert network_bursts([apart[0::2], apart[1::2]], 0.1, 10, 1.0) == []


def test_spikes_at_the_same_time_on_several_electrodes_all_count():
    assert network_bursts([[2.0], [2.0], [2.0]], 0.1, 3, 1.0) == [(2.0, 2.0, 3, 3)]


@pytest.mark.parametrize("trains", [[[]], [[], [], []], [[1.0], [], []]])
def test_silent_wells_have_no_network_burst(trains):
    assert network_bursts(trains, 0.1, 2, 0.0) == []


# Spike time tiling coefficient; a window of 50 ms, 100 ms tiles.


@pytest.mark.parametrize(("a", "b"), [([], []), ([], [1.0]), ([1.0], [])])
def test_sttc_of_an_empty_train_is_undefined(a, b):
    assert math.isnan(sttc(a, b, 0.05, 0.0, 10.0))


def test_sttc_of_a_train_with_itself_is_one():
    assert sttc([1.0, 2.0, 5.5], [1.0, 2.0, 5.5], 0.05, 0.0, 10.0) == pytest.approx(1.0)


def test_sttc_of_trains_that_never_meet():
    # Tiles of 100 ms in 10 s: T = 0.01 for each; P = 0. (0 - 0.01) / (1 - 0) for both halves.
    assert sttc([2.0], [7.0], 0.05, 0.0, 10.0) == pytest.approx(-0.01, abs=1e-6)


def test_sttc_of_trains_that_meet_halfway():
    # a = 2, 6; b = 2. P_a = 1/2, T_b = 0.01: (0.5 - 0.01) / (1 - 0.005) = 98/199.
    # P_b = 1, T_a = 0.02: (1 - 0.02) / (1 - 0.02) = 1. Mean: 297/398.
    assert sttc([2.0, 6.0], [2.0], 0.05, 0.0, 10.0) == pytest.approx(297 / 398, abs=1e-5)
    assert sttc([2.0], [2.0, 6.0], 0.05, 0.0, 10.0) == pytest.approx(297 / 398, abs=1e-5)


def test_overlapping_tiles_count_once_and_edges_cut_them():
    # a = 0, 0.08: tiles [-0.05, 0.05] and [0.03, 0.13], clipped and joined [0, 0.13]: T_a = 0.13 of 1 s.
    # b = 0.98: tile [0.93, 1.03], clipped [0.93, 1]: T_b = 0.07. They never meet: mean of -0.13 and -0.07.
    assert sttc([0.0, 0.08], [0.98], 0.05, 0.0, 1.0) == pytest.approx(-0.1, abs=1e-5)


@pytest.mark.parametrize("first", SHIFTS)
def test_spikes_a_window_apart_coincide(first):
    # 625 samples = 50 ms: P = 1 both ways, so 1. 626 samples: P = 0, T = 0.01 both ways.
    start, stop = first / RATE - 5, first / RATE + 5
    a, on_limit, above = at_samples(first), at_samples(first + 625), at_samples(first + 626)
    assert sttc(a, on_limit, 0.05, start, stop) == pytest.approx(1.0)
    assert sttc(a, above, 0.05, start, stop) == pytest.approx(-0.01, abs=1e-6)


def test_a_fully_tiled_recording():
    # b tiles all of [0, 0.1]: P_a * T_b = 1, that half is 1. a = 0 tiles half of it, P_b = 1/2 (0.025 is within
    # 50 ms of 0, 0.075 is not): (1/2 - 1/2) / (1 - 1/4) = 0. Mean: 1/2.
    assert sttc([0.0], [0.025, 0.075], 0.05, 0.0, 0.1) == pytest.approx(0.5, abs=1e-4)
    assert sttc([0.05], [0.05], 0.05, 0.0, 0.1) == 1.0


def test_sttc_does_not_depend_on_when_the_recording_begins():
    a, b = [1.0, 2.0, 3.0, 4.0], [1.01, 2.2, 3.049, 7.0]
    early = sttc(a, b, 0.05, 0.0, 10.0)
    shifted = sttc([t + 86400 for t in a], [t + 86400 for t in b], 0.05, 86400.0, 86410.0)
    # P = 1/2 and T = 0.04 both ways: (0.5 - 0.04) / (1 - 0.02) = 23/49.
    assert early == pytest.approx(23 / 49, abs=1e-5)
    assert shifted == pytest.approx(early, abs=1e-9)


# One electrode.


def test_metrics_of_a_silent_electrode():
    metrics = electrode_metrics([], 60.0, DEFINITIONS)
    zeros = {"spike_count", "mean_firing_rate", "burst_count", "burst_rate"}
    assert {name for name, value in metrics.items() if value == 0.0} == zeros
    assert {name for name, value in metrics.items() if value is None} == {
        "isi_cv",
        "isi_cv2",
        "isi_lv",
        "isi_lvr",
        "burst_duration",
        "spikes_per_burst",
        "burst_isi",
        "inter_burst_interval",
        "inter_burst_interval_cv",
        "burst_percentage",
    }


def test_metrics_of_an_electrode_with_one_spike():
    metrics = electrode_metrics([3.0], 60.0, DEFINITIONS)
    assert metrics["spike_count"] == 1.0
    assert metrics["mean_firing_rate"] == pytest.approx(1 / 60)
    assert metrics["burst_percentage"] == 0.0
    assert metrics["isi_cv"] is None


def test_isi_cv_needs_three_spikes():
    # ISIs 1 and 3: mean 2, SD (ddof 1) sqrt(2), CV sqrt(2) / 2.
    assert electrode_metrics([1.0, 2.0], 60.0, DEFINITIONS)["isi_cv"] is None
    assert electrode_metrics([1.0, 2.0, 5.0], 60.0, DEFINITIONS)["isi_cv"] == pytest.approx(math.sqrt(0.5))


def test_metrics_of_an_electrode_with_one_burst():
    # 0 .01 .02 .03 .08 and a lone spike at 10: 5 of 6 spikes; 80 ms in 4 ISIs.
    metrics = electrode_metrics([0.0, 0.01, 0.02, 0.03, 0.08, 10.0], 20.0, DEFINITIONS)
    assert metrics["burst_count"] == 1.0
    assert metrics["burst_rate"] == pytest.approx(0.05)
    assert metrics["burst_duration"] == pytest.approx(0.08)
    assert metrics["spikes_per_burst"] == 5.0
    assert metrics["burst_isi"] == pytest.approx(0.02)
    assert metrics["inter_burst_interval"] is None
    assert metrics["inter_burst_interval_cv"] is None
    assert metrics["burst_percentage"] == pytest.approx(250 / 3)


def test_burst_isi_is_the_mean_of_the_bursts_means():
    # 5 spikes 10 ms apart, 9 spikes 40 ms apart: the mean of 10 and 40 ms is 25 ms, that of all 12 ISIs is 30 ms.
    metrics = electrode_metrics(evenly(0.0, 0.01, 5) + evenly(5.0, 0.04, 9), 60.0, DEFINITIONS)
    assert metrics["burst_isi"] == pytest.approx(0.025)
    assert metrics["burst_duration"] == pytest.approx((0.04 + 0.32) / 2)
    assert metrics["spikes_per_burst"] == 7.0
    # From start to start 5 s; from end to start it is 4.96 s.
    assert metrics["inter_burst_interval"] == pytest.approx(5.0)
    assert metrics["inter_burst_interval_cv"] is None


def test_inter_burst_interval_cv_needs_three_bursts():
    # Starts at 1, 3, 9: intervals 2 and 6, mean 4, SD (ddof 1) sqrt(8), CV sqrt(0.5).
    times = evenly(1.0, 0.02, 5) + evenly(3.0, 0.02, 5) + evenly(9.0, 0.02, 5)
    metrics = electrode_metrics(times, 60.0, DEFINITIONS)
    assert metrics["inter_burst_interval"] == pytest.approx(4.0)
    assert metrics["inter_burst_interval_cv"] == pytest.approx(math.sqrt(0.5))
    assert metrics["burst_percentage"] == pytest.approx(100.0)


def test_bursts_at_both_ends_of_a_recording_are_whole():
    # A burst from 0 s on and one up to 60 s.
    metrics = electrode_metrics(evenly(0.0, 0.02, 5) + evenly(59.92, 0.02, 5), 60.0, DEFINITIONS)
    assert metrics["burst_count"] == 2.0
    assert metrics["inter_burst_interval"] == pytest.approx(59.92)


# One well.


def well_of_four():
    """Four electrodes over 120 s from 100 s on; active is 10 spikes and more.

    | | train | spikes | bursts |
    | - | - | - | - |
    | 0 | 5 spikes 20 ms apart at 110, 114, 122 s | 15 | 3 |
    | 1 | 5 spikes 40 ms apart at 110.01 s; 151, 161, 181, 191, 211 s | 10 | 1 |
    | 2 | 5 spikes 10 ms apart at 200 s | 5, not active | 1 |
    | 3 | | 0 | 0 |
    """
    return [
        evenly(110.0, 0.02, 5) + evenly(114.0, 0.02, 5) + evenly(122.0, 0.02, 5),
        [*evenly(110.01, 0.04, 5), 151.0, 161.0, 181.0, 191.0, 211.0],
        evenly(200.0, 0.01, 5),
        [],
    ]


def test_activity_of_a_well_worked_out_by_hand():
    well = well_metrics(well_of_four(), 100.0, 220.0, DEFINITIONS)
    assert well["spike_count"] == 30.0
    assert well["mean_firing_rate"] == pytest.approx(30 / 480)
    assert well["weighted_mean_firing_rate"] == pytest.approx((15 + 10) / 2 / 120)
    assert (well["electrode_count"], well["active_electrode_count"]) == (4.0, 2.0)
    assert well["active_electrode_fraction"] == 0.5


def test_isi_cv_of_a_well_worked_out_by_hand():
    # Electrode 0: twelve ISIs of 0.02, one of 3.92, one of 7.92: sum 12.08, sum of squares 78.0976,
    # mean 12.08 / 14, variance (78.0976 - 12.08^2 / 14) / 13.
    first = math.sqrt((78.0976 - 12.08**2 / 14) / 13) / (12.08 / 14)
    # Electrode 1: four ISIs of 0.04, then 40.83, 10, 20, 10, 20: sum 100.99, sum of squares 2667.0953.
    second = math.sqrt((2667.0953 - 100.99**2 / 9) / 8) / (100.99 / 9)
    well = well_metrics(well_of_four(), 100.0, 220.0, DEFINITIONS)
    assert well["isi_cv"] == pytest.approx((first + second) / 2)


def test_bursts_of_a_well_worked_out_by_hand():
    well = well_metrics(well_of_four(), 100.0, 220.0, DEFINITIONS)
    # All three bursting electrodes count, the inactive one too.
    assert (well["burst_count"], well["bursting_electrode_count"]) == (5.0, 3.0)
    assert well["burst_rate"] == pytest.approx((3 + 1 + 1) / 3 / 120)
    assert well["burst_duration"] == pytest.approx((0.08 + 0.16 + 0.04) / 3)
    assert well["spikes_per_burst"] == pytest.approx(5.0)
    assert well["burst_isi"] == pytest.approx((0.02 + 0.04 + 0.01) / 3)
    # Only electrode 0 has intervals: 4 and 8, mean 6, SD sqrt(8).
    assert well["inter_burst_interval"] == pytest.approx(6.0)
    assert well["inter_burst_interval_cv"] == pytest.approx(math.sqrt(8) / 6)
    # Electrodes with a spike: 15 of 15, 5 of 10, and the inactive one all of its 5.
    assert well["burst_percentage"] == pytest.approx(250 / 3)


def test_network_bursts_of_a_well_worked_out_by_hand():
    # Merged at 110 s: 110.00 .01 .02 .04 .05 .06 .08 .09 .13 .17, ten spikes of two electrodes, half of four.
    well = well_metrics(well_of_four(), 100.0, 220.0, DEFINITIONS)
    assert well["network_burst_count"] == 1.0
    assert well["network_burst_rate"] == pytest.approx(1 / 120)
    assert well["network_burst_duration"] == pytest.approx(0.17)
    assert well["spikes_per_network_burst"] == 10.0
    assert well["network_burst_isi"] == pytest.approx(0.17 / 9)
    assert well["electrodes_per_network_burst"] == 2.0
    assert well["network_burst_percentage"] == pytest.approx(100 * 10 / 30)
    assert well["network_inter_burst_interval"] is None
    assert well["network_inter_burst_interval_cv"] is None
    strict = well_metrics(well_of_four(), 100.0, 220.0, DEFINITIONS | {"network_burst_min_electrodes": 0.75})
    assert strict["network_burst_count"] == 0.0
    assert strict["network_burst_rate"] == 0.0
    assert strict["network_burst_percentage"] == 0.0
    assert strict["network_burst_duration"] is None


def test_sttc_of_a_well_worked_out_by_hand():
    # One pair of active electrodes. Of electrode 0's 15 spikes the five at 110 s meet one of electrode 1: P = 1/3.
    # Of electrode 1's ten, 110.01 .05 .09 .13 (50 ms after 110.08) meet one, .17 does not: P = 0.4.
    # Tiles: electrode 0 three of 180 ms, T = 0.54 / 120; electrode 1 one of 260 ms and five of 100 ms, T = 0.76 / 120.
    tiled_0, tiled_1 = 0.54 / 120, 0.76 / 120
    halves = ((1 / 3 - tiled_1) / (1 - tiled_1 / 3), (0.4 - tiled_0) / (1 - 0.4 * tiled_0))
    well = well_metrics(well_of_four(), 100.0, 220.0, DEFINITIONS)
    assert well["sttc"] == pytest.approx(sum(halves) / 2, abs=1e-6)


def test_network_intervals_run_from_start_to_start():
    # Ten spikes in turn on two electrodes from 10, 12 and 18 s on, 10, 50 and 90 ms apart: intervals 2 and 6.
    merged = evenly(10.0, 0.01, 10) + evenly(12.0, 0.05, 10) + evenly(18.0, 0.09, 10)
    trains = [merged[0::2], merged[1::2]]
    well = well_metrics(trains, 0.0, 60.0, DEFINITIONS)
    assert well["network_burst_count"] == 3.0
    assert well["network_inter_burst_interval"] == pytest.approx(4.0)
    assert well["network_inter_burst_interval_cv"] == pytest.approx(math.sqrt(8) / 4)
    assert well["network_burst_percentage"] == pytest.approx(100.0)
    assert well["network_burst_duration"] == pytest.approx(9 * 0.05)


@pytest.mark.parametrize(("count", "active"), [(9, 0.0), (10, 1.0)])
def test_five_spikes_a_minute_are_active(count, active):
    # 120 s: ten spikes are 5 per minute.
    well = well_metrics([evenly(0.0, 11.0, count), []], 0.0, 120.0, DEFINITIONS)
    assert well["active_electrode_count"] == active


def test_metrics_of_a_silent_well():
    well = well_metrics([[], [], [], []], 0.0, 60.0, DEFINITIONS)
    assert {name for name, value in well.items() if value == 0.0} == {
        "spike_count",
        "mean_firing_rate",
        "weighted_mean_firing_rate",
        "active_electrode_count",
        "active_electrode_fraction",
        "burst_count",
        "bursting_electrode_count",
        "burst_rate",
        "network_burst_count",
        "network_burst_rate",
    }
    assert well["electrode_count"] == 4.0
    assert [value for value in well.values() if value is not None and value > 0] == [4.0]


def test_metrics_of_a_well_with_one_spike():
    well = well_metrics([[30.0], [], [], []], 0.0, 60.0, DEFINITIONS)
    assert well["spike_count"] == 1.0
    assert well["mean_firing_rate"] == pytest.approx(1 / 240)
    assert well["weighted_mean_firing_rate"] == 0.0
    assert well["burst_percentage"] == 0.0
    assert well["network_burst_percentage"] == 0.0
    assert well["isi_cv"] is None


def test_an_active_electrode_without_bursts_has_a_burst_percentage_of_zero():
    # Electrode 0 bursts with all its ten spikes, electrode 1 fires ten spikes one by one.
    well = well_metrics([evenly(5.0, 0.02, 10), evenly(20.0, 1.0, 10)], 0.0, 60.0, DEFINITIONS)
    assert well["burst_percentage"] == pytest.approx(50.0)
    assert well["spikes_per_burst"] == 10.0


def test_sttc_needs_two_active_electrodes():
    # Electrode 1 has four spikes in 60 s, electrode 2 five.
    busy = evenly(5.0, 0.5, 20)
    assert well_metrics([busy, busy[:4]], 0.0, 60.0, DEFINITIONS)["sttc"] is None
    assert well_metrics([busy, busy[:4], busy[:5]], 0.0, 60.0, DEFINITIONS)["sttc"] is not None
