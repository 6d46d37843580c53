"""From the columns of a vendor's export to measurements: what a 0 or an empty cell means, and what cannot be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mnephys.measurement import Measurement, Status
from mnephys.readers.axion_csv.blocks import Column
from mnephys.readers.axion_csv.metric_kinds import Kind, Metric, Zero
from mnephys.recording import BoolArray, FloatArray

__all__ = ["Contradictions", "electrode_contradictions", "measurements", "well_contradictions"]

Contradictions = dict[tuple[str, int], str]
"""Why a value cannot be true, by feature and position."""

_WROTE_ZERO = "the export gives 0, which it writes where it measured nothing"
# A rate may have been rounded to three decimals.
_ROUNDED = 5e-4
_RELATIVE = 0.01


class _Verdicts:
    """Status and reason of each value; the first that is said of one stays."""

    def __init__(self, n: int) -> None:
        self.code = np.zeros(n, dtype=np.int64)
        self.said: list[tuple[Status, str]] = [(Status.OK, "")]

    def say(self, mask: BoolArray, status: Status, reason: str) -> None:
        free = mask & (self.code == 0)
        if free.any():
            self.code[free] = len(self.said)
            self.said.append((status, reason))

    def say_each(self, reasons: Mapping[int, str], status: Status = Status.BAD_INPUT) -> None:
        positions = np.fromiter(reasons, dtype=np.int64, count=len(reasons))
        texts = np.array(list(reasons.values()), dtype=object)
        for reason in dict.fromkeys(reasons.values()):
            mask = np.zeros(self.code.size, dtype=np.bool_)
            mask[positions[texts == reason]] = True
            self.say(mask, status, reason)


def measurements(
    metric: Metric,
    column: Column,
    *,
    level: str,
    ids: Sequence[str],
    counts: Mapping[str, FloatArray],
    excluded: Mapping[int, str],
    contradictions: Contradictions,
    remarks: Mapping[int, str],
) -> list[Measurement]:
    """Return the measurements of one metric.

    Parameters
    ----------
    metric : Metric
        What it is.
    column : Column
        Its values.
    level : str
        ``well`` or ``electrode``.
    ids : sequence of str
        Wells or electrodes.
    counts : mapping of str to ndarray, float, shape (n_ids,)
        What may be too little of, by `Need.count`; NaN where it is unknown.
    excluded : mapping of int to str
        Why there are no data, by position.
    contradictions : dict
        Why a value cannot be true.
    remarks : mapping of int to str
        What a reader of a number should know, by position.

    Returns
    -------
    list of Measurement
        One for each id.
    """
    values, verdicts = column.values.copy(), _Verdicts(len(ids))
    verdicts.say_each(excluded, Status.EXCLUDED)
    verdicts.say_each(column.wrong)
    if not metric.signed:
        verdicts.say(values < 0, Status.BAD_INPUT, "a value below 0")
    if metric.kind is Kind.COUNT:
        verdicts.say(np.abs(values - np.rint(values)) > 1e-6, Status.BAD_INPUT, "a count that is no whole number")
    if metric.kind is Kind.SHARE:
        verdicts.say(values > 100 + 1e-6, Status.BAD_INPUT, "more than 100 %")
    verdicts.say_each({at: why for (feature, at), why in contradictions.items() if feature == metric.feature})
    _judge_needs(metric, column, values, counts, verdicts)
    unknown = np.full(len(ids), np.nan)
    none = column.empty & (counts.get(metric.of, unknown) == 0)
    values[none] = 0.0
    left = column.empty & ~none
    judged = np.ones(len(ids), dtype=np.bool_)
    judged[list(excluded)] = False
    if judged.any() and column.empty[judged].all():
        verdicts.say(left, Status.NOT_APPLICABLE, f"the export leaves it empty in every {level}")
    status = Status.TOO_FEW_EVENTS if metric.kind is Kind.MEAN else Status.BAD_INPUT
    verdicts.say(left, status, "the export leaves it empty")
    return _rows(metric, values, verdicts, level, ids, remarks)


def _judge_needs(
    metric: Metric, column: Column, values: FloatArray, counts: Mapping[str, FloatArray], verdicts: _Verdicts
) -> None:
    """Say where there was too little to measure, and where there is a value all the same."""
    nothing = column.empty | (values == 0)
    unknown = np.full(values.size, np.nan)
    missing = np.zeros(values.size, dtype=np.bool_)
    for need in metric.needs:
        count = counts.get(need.count, unknown)
        verdicts.say(nothing & (count < need.least), Status.TOO_FEW_EVENTS, need.reason)
        missing |= np.isnan(count)
        if metric.strict:
            verdicts.say((values != 0) & (count < need.least), Status.BAD_INPUT, f"a value beside {need.reason}")
    if metric.kind is Kind.MEAN and metric.needs:
        verdicts.say((values == 0) & (missing | (metric.zero is Zero.NONE)), Status.TOO_FEW_EVENTS, _WROTE_ZERO)
        if metric.zero is Zero.WRONG:
            verdicts.say(values == 0, Status.BAD_INPUT, "the export gives 0, though there was something to measure")


def _rows(
    metric: Metric,
    values: FloatArray,
    verdicts: _Verdicts,
    level: str,
    ids: Sequence[str],
    remarks: Mapping[int, str],
) -> list[Measurement]:
    feature, unit, said = metric.feature, metric.unit, verdicts.said
    return [
        Measurement(feature, value, "", unit, Status.OK, remarks.get(i, ""), level, id_)
        if code == 0
        else Measurement(feature, None, "", unit, *said[code], level, id_)
        for i, (value, code, id_) in enumerate(zip(values.tolist(), verdicts.code.tolist(), ids, strict=True))
    ]


def _rate_contradicts(
    rate: FloatArray, spikes: FloatArray, duration: float, n_electrodes: int
) -> tuple[NDArray[np.int64], dict[int, str]]:
    """Return where a rate is not that of the spikes, and where it is that over fewer electrodes."""
    per_electrode = spikes / duration
    shares = np.arange(n_electrodes, 0, -1)
    near = np.abs(rate[:, np.newaxis] * shares - per_electrode[:, np.newaxis]) <= (
        _ROUNDED * shares + _RELATIVE * per_electrode[:, np.newaxis]
    )
    known = np.isfinite(rate) & np.isfinite(spikes)
    over = shares[np.argmax(near, axis=1)]
    fewer = np.flatnonzero(known & near.any(axis=1) & (over < n_electrodes)).tolist()
    return np.flatnonzero(known & ~near.any(axis=1)), {
        i: f"over {over[i]} of the {n_electrodes} electrodes of the well" for i in fewer
    }


def well_contradictions(
    columns: Mapping[str, FloatArray], n_electrodes: int, duration: float | None
) -> tuple[Contradictions, dict[int, str]]:
    """Return which numbers of wells contradict each other.

    Parameters
    ----------
    columns : mapping of str to ndarray, float, shape (n_wells,)
        By feature; NaN where unknown, and may be missing.
    n_electrodes : int
        Of a well.
    duration : float or None
        Of the recording, in s.

    Returns
    -------
    contradictions : dict
        Why a value cannot be true.
    remarks : dict of int to str
        About the mean firing rate, by position.
    """
    n = max((column.size for column in columns.values()), default=0)
    nothing = np.full(n, np.nan)

    def of(feature: str) -> FloatArray:
        return columns.get(feature, nothing)

    spikes, active, bursts = of("spike_count"), of("active_electrode_count"), of("burst_count")
    bursting, taking_part = of("bursting_electrode_count"), of("electrodes_per_network_burst")
    checks: list[tuple[BoolArray, tuple[str, ...], str]] = [
        (active > n_electrodes, ("active_electrode_count",), "{active:g} active electrodes of {all}"),
        (bursting > n_electrodes, ("bursting_electrode_count",), "{bursting:g} bursting electrodes of {all}"),
        (
            taking_part > n_electrodes + 1e-6,
            ("electrodes_per_network_burst",),
            "{taking_part:g} electrodes of {all} in a network burst",
        ),
        (
            (bursting > bursts) | ((bursting == 0) & (bursts > 0)),
            ("bursting_electrode_count", "burst_count"),
            "{bursting:g} bursting electrodes with {bursts:g} bursts",
        ),
        (
            active > spikes,
            ("active_electrode_count", "spike_count"),
            "{active:g} active electrodes with {spikes:g} spikes",
        ),
        (bursts > spikes, ("burst_count", "spike_count"), "{bursts:g} bursts of {spikes:g} spikes"),
        (
            of("network_burst_count") > spikes,
            ("network_burst_count", "spike_count"),
            "{network:g} network bursts of {spikes:g} spikes",
        ),
    ]
    found: Contradictions = {}
    for mask, features, text in checks:
        for i in np.flatnonzero(mask).tolist():
            why = text.format(
                active=active[i],
                bursting=bursting[i],
                bursts=bursts[i],
                spikes=spikes[i],
                taking_part=taking_part[i],
                network=of("network_burst_count")[i],
                all=n_electrodes,
            )
            for feature in features:
                found.setdefault((feature, i), f"cannot be: {why}")
    if duration is None:
        return found, {}
    rate = of("mean_firing_rate")
    wrong, fewer = _rate_contradicts(rate, spikes, duration, n_electrodes)
    for i in wrong.tolist():
        why = f"cannot be: {rate[i]:g} Hz with {spikes[i]:g} spikes of {n_electrodes} electrodes in {duration:g} s"
        found.setdefault(("mean_firing_rate", i), why)
    return found, fewer


def electrode_contradictions(columns: Mapping[str, FloatArray], duration: float | None) -> Contradictions:
    """Return which numbers of electrodes contradict each other.

    Parameters
    ----------
    columns : mapping of str to ndarray, float, shape (n_electrodes,)
        By feature; NaN where unknown, and may be missing.
    duration : float or None
        Of the recording, in s.

    Returns
    -------
    dict
        Why a value cannot be true.
    """
    if "spike_count" not in columns:
        return {}
    found: Contradictions = {}
    spikes = columns["spike_count"]
    nothing = np.full(spikes.size, np.nan)
    bursts, rate = columns.get("burst_count", nothing), columns.get("mean_firing_rate", nothing)
    for i in np.flatnonzero(bursts > spikes).tolist():
        found["burst_count", i] = f"cannot be: {bursts[i]:g} bursts of {spikes[i]:g} spikes"
    if duration is not None:
        for i in _rate_contradicts(rate, spikes, duration, 1)[0].tolist():
            found["mean_firing_rate", i] = f"cannot be: {rate[i]:g} Hz with {spikes[i]:g} spikes in {duration:g} s"
    return found
