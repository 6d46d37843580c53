"""Spike-train features of one well the slow way: loops over lists, straight from the definitions.

Nothing here is shared with the package, so that an error would have to be made twice to stay unseen. Trains are
ascending lists of spike times in s. Spike times lie on a sampling grid, and the difference of two of them is off by a
few rounding errors: up to `TOLERANCE` above a limit counts as on it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

TOLERANCE = 1e-6  # s
SHARE_TOLERANCE = 1e-9  # electrodes; 35 % of 20 electrodes are 7, whatever 0.35 * 20 is in binary

Train = Sequence[float]


def mean(values: Sequence[float]) -> float | None:
    """Mean, or None of nothing."""
    return sum(values) / len(values) if values else None


def coefficient_of_variation(values: Sequence[float]) -> float | None:
    """Standard deviation (ddof 1) over mean; None for fewer than two values and for a mean of 0."""
    if len(values) < 2:
        return None
    middle = sum(values) / len(values)
    if middle == 0:
        return None
    variance = sum((value - middle) ** 2 for value in values) / (len(values) - 1)
    return math.sqrt(variance) / middle


def standard_deviation(values: Sequence[float]) -> float | None:
    """Standard deviation (ddof 1); None for fewer than two values."""
    if len(values) < 2:
        return None
    middle = sum(values) / len(values)
    return math.sqrt(sum((value - middle) ** 2 for value in values) / (len(values) - 1))


def local_variation(times: Train, refractoriness: float) -> tuple[float | None, float | None, float | None]:
    """Return CV2 (Holt et al. 1996), LV and LvR (Shinomoto et al. 2003, 2009); None without two intervals.

    Pairs of intervals that are both 0 have none of them.
    """
    isis = intervals(times)
    pairs = [(isis[i], isis[i + 1]) for i in range(len(isis) - 1) if isis[i] + isis[i + 1] > 0]
    cv2 = [2 * abs(b - a) / (a + b) for a, b in pairs]
    lv = [3 * (a - b) ** 2 / (a + b) ** 2 for a, b in pairs]
    lvr = [3 * (1 - 4 * a * b / (a + b) ** 2) * (1 + 4 * refractoriness / (a + b)) for a, b in pairs]
    return mean(cv2), mean(lv), mean(lvr)


def intervals(times: Train) -> list[float]:
    """Time from each spike, or burst, to the next."""
    return [times[i + 1] - times[i] for i in range(len(times) - 1)]


def isi_bursts(times: Train, max_isi: float, min_spikes: int) -> list[tuple[int, int]]:
    """Find bursts: maximal runs of ISIs of at most `max_isi`, with at least `min_spikes` spikes.

    Returns
    -------
    list of (int, int)
        First and last spike of each burst. A spike without a short ISI on either side is no burst of one.
    """
    bursts = []
    first = None
    for i in range(len(times)):
        short = i + 1 < len(times) and times[i + 1] - times[i] <= max_isi + TOLERANCE
        if short and first is None:
            first = i
        if not short and first is not None:
            if i - first + 1 >= min_spikes:
                bursts.append((first, i))
            first = None
    return bursts


def max_interval_bursts(
    times: Train,
    max_start_isi: float,
    max_end_isi: float,
    min_interval: float,
    min_duration: float,
    min_spikes: int,
) -> list[tuple[int, int]]:
    """Find bursts that begin with an ISI of at most `max_start_isi` and go on while ISIs are at most `max_end_isi`.

    `max_end_isi` is at least `max_start_isi`. Bursts whose gap, end to start, is shorter than `min_interval` become
    one, with every spike between them; only then are those dropped that are shorter than `min_duration` or have fewer
    than `min_spikes` spikes.

    Returns
    -------
    list of (int, int)
        First and last spike of each burst.
    """
    found = []
    i = 0
    while i + 1 < len(times):
        if times[i + 1] - times[i] > max_start_isi + TOLERANCE:
            i += 1
            continue
        first = i
        i += 1
        while i + 1 < len(times) and times[i + 1] - times[i] <= max_end_isi + TOLERANCE:
            i += 1
        found.append((first, i))

    merged: list[tuple[int, int]] = []
    for first, last in found:
        if merged and times[first] - times[merged[-1][1]] < min_interval - TOLERANCE:
            merged[-1] = (merged[-1][0], last)
        else:
            merged.append((first, last))

    bursts = []
    for first, last in merged:
        long_enough = times[last] - times[first] >= min_duration - TOLERANCE
        if long_enough and last - first + 1 >= min_spikes:
            bursts.append((first, last))
    return bursts


def network_bursts(
    trains: Sequence[Train], max_isi: float, min_spikes: int, min_electrodes: float
) -> list[tuple[float, float, int, int]]:
    """Find bursts of the merged train in which at least `min_electrodes` (a fraction) of all electrodes fire.

    Parameters
    ----------
    trains : sequence of trains
        Every electrode of one well, silent ones too.

    Returns
    -------
    list of (float, float, int, int)
        First and last spike in s, number of spikes, number of electrodes with a spike in the burst.
    """
    merged = sorted((time, electrode) for electrode, train in enumerate(trains) for time in train)
    found = []
    for first, last in isi_bursts([time for time, _ in merged], max_isi, min_spikes):
        inside = merged[first : last + 1]
        electrodes = len({electrode for _, electrode in inside})
        if electrodes >= min_electrodes * len(trains) - SHARE_TOLERANCE:
            found.append((inside[0][0], inside[-1][0], len(inside), electrodes))
    return found


def tiled_fraction(times: Train, reach: float, start: float, stop: float) -> float:
    """Fraction of [start, stop] that lies within `reach` of a spike."""
    tiles: list[list[float]] = []
    for time in times:
        left, right = max(time - reach, start), min(time + reach, stop)
        if tiles and left <= tiles[-1][1]:
            tiles[-1][1] = max(tiles[-1][1], right)
        else:
            tiles.append([left, right])
    return sum(right - left for left, right in tiles) / (stop - start)


def coincident_fraction(times: Train, others: Train, reach: float) -> float:
    """Fraction of the spikes that have a spike of the other train within `reach`."""
    coincident = [time for time in times if any(abs(time - other) <= reach for other in others)]
    return len(coincident) / len(times)


def sttc(a: Train, b: Train, window: float, start: float, stop: float) -> float:
    """Spike time tiling coefficient of two trains (Cutts & Eglen 2014, 10.1523/JNEUROSCI.2767-14.2014).

    NaN if a train is empty. All spikes lie in [start, stop]. Where a proportion times a fraction is 1, its half is 1.
    """
    if not a or not b:
        return math.nan
    reach = window + TOLERANCE
    halves = []
    for one, other in ((a, b), (b, a)):
        proportion = coincident_fraction(one, other, reach)
        fraction = tiled_fraction(other, reach, start, stop)
        product = proportion * fraction
        halves.append(1.0 if product == 1 else (proportion - fraction) / (1 - product))
    return sum(halves) / 2


def electrode_metrics(times: Train, duration: float, definitions: Mapping[str, float]) -> dict[str, float | None]:
    """Measure one electrode over a recording of `duration` s; None where a feature is undefined.

    Durations and intervals in s, rates in Hz, `burst_percentage` in % of the spikes. Inter-burst intervals run from
    start to start.
    """
    bursts = isi_bursts(times, definitions["burst_max_isi"], int(definitions["burst_min_spikes"]))
    starts = [times[first] for first, _ in bursts]
    spikes_inside = sum(last - first + 1 for first, last in bursts)
    cv2, lv, lvr = local_variation(times, 0.005)
    return {
        "spike_count": float(len(times)),
        "mean_firing_rate": len(times) / duration,
        "isi_cv": coefficient_of_variation(intervals(times)),
        "isi_cv2": cv2,
        "isi_lv": lv,
        "isi_lvr": lvr,
        "burst_count": float(len(bursts)),
        "burst_rate": len(bursts) / duration,
        "burst_duration": mean([times[last] - times[first] for first, last in bursts]),
        "spikes_per_burst": mean([last - first + 1.0 for first, last in bursts]),
        "burst_isi": mean([(times[last] - times[first]) / (last - first) for first, last in bursts]),
        "inter_burst_interval": mean(intervals(starts)),
        "inter_burst_interval_cv": coefficient_of_variation(intervals(starts)),
        "burst_percentage": 100 * spikes_inside / len(times) if times else None,
    }


def is_active(times: Train, duration: float, definitions: Mapping[str, float]) -> bool:
    """Whether an electrode fires at least `active_min_rate` spikes per minute."""
    return len(times) * 60 / duration >= definitions["active_min_rate"]


def mean_of(rows: Sequence[Mapping[str, float | None]], name: str) -> float | None:
    """Mean of one feature over the electrodes that have it; None if none has."""
    values = []
    for row in rows:
        value = row[name]
        if value is not None:
            values.append(value)
    return mean(values)


def spread_of(rows: Sequence[Mapping[str, float | None]], name: str) -> float | None:
    """Return the standard deviation of one feature over the electrodes that have it."""
    return standard_deviation([value for row in rows if (value := row[name]) is not None])


def well_metrics(
    trains: Sequence[Train], start: float, stop: float, definitions: Mapping[str, float]
) -> dict[str, float | None]:
    """Measure one well; None where a feature is undefined.

    Parameters
    ----------
    trains : sequence of trains
        Every electrode of the well, silent ones too, at least one.
    start, stop : float
        Beginning and end of the recording in s, start < stop.
    """
    duration = stop - start
    rows = [electrode_metrics(times, duration, definitions) for times in trains]
    active_trains = [times for times in trains if is_active(times, duration, definitions)]
    active = [row for times, row in zip(trains, rows, strict=True) if is_active(times, duration, definitions)]
    # An electrode that bursts is counted even if it fires too little to be active.
    bursting = [row for row in rows if row["burst_count"]]
    spike_count = sum(len(times) for times in trains)
    result: dict[str, float | None] = {
        "spike_count": float(spike_count),
        "mean_firing_rate": spike_count / (duration * len(trains)),
        "weighted_mean_firing_rate": mean_of(active, "mean_firing_rate") or 0.0,
        "electrode_count": float(len(trains)),
        "active_electrode_count": float(len(active)),
        "active_electrode_fraction": len(active) / len(trains),
        "isi_cv": mean_of(active, "isi_cv"),
        "isi_cv2": mean_of(active, "isi_cv2"),
        "isi_lv": mean_of(active, "isi_lv"),
        "isi_lvr": mean_of(active, "isi_lvr"),
        "burst_count": sum(row["burst_count"] or 0.0 for row in rows),
        "bursting_electrode_count": float(len(bursting)),
        "burst_rate": mean_of(bursting, "burst_rate") or 0.0,
        "burst_duration": mean_of(bursting, "burst_duration"),
        "spikes_per_burst": mean_of(bursting, "spikes_per_burst"),
        "burst_isi": mean_of(bursting, "burst_isi"),
        "inter_burst_interval": mean_of(bursting, "inter_burst_interval"),
        "inter_burst_interval_cv": mean_of(bursting, "inter_burst_interval_cv"),
        "burst_percentage": mean_of(rows, "burst_percentage"),
        "burst_percentage_sd": spread_of(rows, "burst_percentage"),
    }
    for name in ("burst_rate", "burst_duration", "spikes_per_burst", "burst_isi"):
        result[f"{name}_sd"] = spread_of(bursting, name)
    for name in ("inter_burst_interval", "inter_burst_interval_cv"):
        result[f"{name}_sd"] = spread_of(bursting, name)
    result |= network_metrics(trains, duration, definitions)
    # An electrode whose spikes are within reach of nearly everything tells nothing about coincidence.
    window = definitions["sttc_window"]
    active_trains = [times for times in active_trains if tiled_fraction(times, window, start, stop) <= 0.9]
    pairs = []
    for i in range(len(active_trains)):
        for j in range(i + 1, len(active_trains)):
            value = sttc(active_trains[i], active_trains[j], definitions["sttc_window"], start, stop)
            if not math.isnan(value):
                pairs.append(value)
    result["sttc"] = mean(pairs)
    return result


def network_metrics(
    trains: Sequence[Train], duration: float, definitions: Mapping[str, float]
) -> dict[str, float | None]:
    """Measure the network bursts of one well; None where a feature is undefined."""
    bursts = network_bursts(
        trains,
        definitions["network_burst_max_isi"],
        int(definitions["network_burst_min_spikes"]),
        definitions["network_burst_min_electrodes"],
    )
    starts = [first for first, _, _, _ in bursts]
    spike_count = sum(len(times) for times in trains)
    spikes_inside = sum(spikes for _, _, spikes, _ in bursts)
    each = [spikes / electrodes for _, _, spikes, electrodes in bursts]
    return {
        "network_burst_duration_sd": standard_deviation([last - first for first, last, _, _ in bursts]),
        "spikes_per_network_burst_sd": standard_deviation([float(spikes) for _, _, spikes, _ in bursts]),
        "spikes_per_network_burst_per_electrode": mean(each),
        "spikes_per_network_burst_per_electrode_sd": standard_deviation(each),
        "network_burst_isi_sd": standard_deviation([(last - first) / (n - 1) for first, last, n, _ in bursts]),
        "electrodes_per_network_burst_sd": standard_deviation([float(electrodes) for *_, electrodes in bursts]),
        "network_burst_count": float(len(bursts)),
        "network_burst_rate": len(bursts) / duration,
        "network_burst_duration": mean([last - first for first, last, _, _ in bursts]),
        "spikes_per_network_burst": mean([float(spikes) for _, _, spikes, _ in bursts]),
        "network_burst_isi": mean([(last - first) / (spikes - 1) for first, last, spikes, _ in bursts]),
        "electrodes_per_network_burst": mean([float(electrodes) for _, _, _, electrodes in bursts]),
        "network_burst_percentage": 100 * spikes_inside / spike_count if spike_count else None,
        "network_inter_burst_interval": mean(intervals(starts)),
        "network_inter_burst_interval_cv": coefficient_of_variation(intervals(starts)),
    }
