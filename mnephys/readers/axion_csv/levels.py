"""The wells and the electrodes of an export of metrics: their columns, held against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mnephys.measurement import Measurement, Status
from mnephys.readers.axion_csv.blocks import Block, Column
from mnephys.readers.axion_csv.metric_kinds import Kind, Metric
from mnephys.readers.axion_csv.metric_names import ELECTRODE_METRICS, WELL_METRICS
from mnephys.readers.axion_csv.metric_rows import (
    Contradictions,
    electrode_contradictions,
    measurements,
    well_contradictions,
)
from mnephys.recording import BoolArray, FloatArray, IntArray, PlateLayout

__all__ = ["Level", "electrode_level", "electrode_rows", "well_level", "well_rows"]

_BLANK_WELL = "no data: the export leaves this well blank"
_NO_COLUMN = "no data: the export has no column for this well"
_BLANK_ELECTRODE = "no data: the export leaves this electrode blank"
_SUMS = ("spike_count", "burst_count")
# Averages that the program takes over other electrodes than the active ones, and over which.
_OTHER_AVERAGES = {"isi_cv": "electrodes with 3 spikes"}
# What differs by less is rounded.
_SAME = 1e-4


@dataclass(frozen=True, slots=True)
class Level:
    """The columns of wells, or those of electrodes.

    Parameters
    ----------
    ids : list of str
        Wells or electrodes that the export has.
    metrics : dict of str to Metric
        By feature; only what the export has.
    columns : dict of str to Column
        The values of each.
    counts : dict of str to ndarray, float, shape (n_ids,)
        What may be too little of, by the name that a `Need` has for it.
    contradictions : dict
        Why a value cannot be true.
    remarks : dict of str to dict
        What a reader of a number should know, by feature and position.
    """

    ids: list[str]
    metrics: dict[str, Metric] = field(default_factory=dict)
    columns: dict[str, Column] = field(default_factory=dict)
    counts: dict[str, FloatArray] = field(default_factory=dict)
    contradictions: Contradictions = field(default_factory=dict)
    remarks: dict[str, dict[int, str]] = field(default_factory=dict)

    def values(self, feature: str) -> FloatArray:
        """Return the values of a feature.

        Parameters
        ----------
        feature : str
            Its name.

        Returns
        -------
        ndarray, float64, shape (n_ids,)
            NaN where they are unknown.
        """
        column = self.columns.get(feature)
        return np.full(len(self.ids), np.nan) if column is None else column.values

    @property
    def blank(self) -> BoolArray:
        """What has no cell with anything in it, shape (n_ids,)."""
        found = np.ones(len(self.ids), dtype=np.bool_)
        for column in self.columns.values():
            if not column.miscounted:
                found &= column.empty
        return found

    @property
    def faults(self) -> dict[int, tuple[Status, str]]:
        """What cannot be judged: without data, with numbers that contradict, or without any of its activity."""
        found: dict[int, tuple[Status, str]] = {}
        for (_, i), why in self.contradictions.items():
            found.setdefault(i, (Status.BAD_INPUT, why))
        spikes, rate = (self.columns.get(name) for name in ("spike_count", "mean_firing_rate"))
        if spikes is not None and rate is not None:
            for i in sorted(spikes.wrong.keys() & rate.wrong.keys()):
                found.setdefault(i, (Status.BAD_INPUT, spikes.wrong[i]))
        return found | dict.fromkeys(np.flatnonzero(self.blank).tolist(), (Status.EXCLUDED, _BLANK_WELL))

    def rows(self, level: str, excluded: Mapping[int, str]) -> list[Measurement]:
        """Return the measurements.

        Parameters
        ----------
        level : str
            ``well`` or ``electrode``.
        excluded : mapping of int to str
            Why there are no data, by position.

        Returns
        -------
        list of Measurement
            Metric by metric.
        """
        return [
            row
            for feature, metric in self.metrics.items()
            for row in measurements(
                metric,
                self.columns[feature],
                level=level,
                ids=self.ids,
                counts=self.counts,
                excluded=excluded,
                contradictions=self.contradictions,
                remarks=self.remarks.get(feature, {}),
            )
        ]


def _level(ids: Sequence[str], block: Block, table: Mapping[str, Metric]) -> Level:
    """Return the columns of those names of a block that count."""
    position = {name: i for i, name in reversed(list(enumerate(block.names)))}
    there = [name for name in ids if name in position]
    found = Level(there)
    for label, metric in table.items():
        column = block.column(label, [position[name] for name in there])
        if column is not None:
            found.metrics[metric.feature], found.columns[metric.feature] = metric, column
            if metric.kind is Kind.COUNT:
                found.counts[metric.feature] = column.values
    return found


def electrode_level(ids: Sequence[str], block: Block, duration: float | None, active_min_rate: float | None) -> Level:
    """Return the electrodes of an export.

    Parameters
    ----------
    ids : sequence of str
        All electrodes of the plate.
    block : Block
        With a column for each.
    duration : float or None
        Of the recording, in s.
    active_min_rate : float or None
        Spikes per minute from which an electrode is active.

    Returns
    -------
    Level
        Of electrodes that the export has.
    """
    found = _level(ids, block, ELECTRODE_METRICS)
    if duration is not None and active_min_rate is not None:
        spikes = found.values("spike_count")
        found.counts["active"] = np.where(np.isnan(spikes), np.nan, spikes * 60 / duration >= active_min_rate)
    found.contradictions.update(
        electrode_contradictions({name: column.values for name, column in found.columns.items()}, duration)
    )
    return found


def well_level(layout: PlateLayout, block: Block, electrodes: Level, duration: float | None) -> Level:
    """Return the wells of an export.

    Parameters
    ----------
    layout : PlateLayout
        The kind of plate.
    block : Block
        With a column for each well.
    electrodes : Level
        Its electrodes, where the export has them.
    duration : float or None
        Of the recording, in s.

    Returns
    -------
    Level
        Of wells that the export has.
    """
    found = _level(layout.wells, block, WELL_METRICS)
    columns = {name: column.values for name, column in found.columns.items()}
    contradictions, remarks = well_contradictions(columns, len(layout.labels), duration)
    found.contradictions.update(contradictions)
    found.remarks["mean_firing_rate"] = remarks
    if electrodes.ids:
        _compare(found, electrodes)
    return found


def _compare(wells: Level, electrodes: Level) -> None:
    """Hold wells against their electrodes."""
    position = {well: i for i, well in enumerate(wells.ids)}
    group = np.array([position.get(name.partition("_")[0], -1) for name in electrodes.ids], dtype=np.int64)
    n = len(wells.ids)
    own = group >= 0
    group = group[own]
    bursts = electrodes.values("burst_count")[own]
    most = np.full(n, -1.0)
    np.maximum.at(most, group, np.where(np.isnan(bursts), -1.0, bursts))
    wells.counts["most_bursts"] = np.where(most < 0, np.nan, most)
    for feature in _SUMS:
        # An electrode without a number makes the sum unknown, and NaN differs from nothing.
        total = np.bincount(group, weights=electrodes.values(feature)[own], minlength=n).astype(np.float64)
        total[np.bincount(group, minlength=n) == 0] = np.nan
        value = wells.values(feature)
        for i in np.flatnonzero((value >= 0) & (np.abs(total - value) > 0.5)).tolist():
            wells.columns[feature].wrong[i] = (
                f"contradicts its electrodes, which have {total[i]:g} together, not {value[i]:g}"
            )
    active = electrodes.counts.get("active")
    if active is not None:
        for feature, over in _OTHER_AVERAGES.items():
            each = electrodes.values(feature)[own]
            wells.remarks[feature] = _average_remarks(wells.values(feature), each, active[own] == 1, group, over)


def _average_remarks(
    value: FloatArray, each: FloatArray, active: BoolArray, group: IntArray, over: str
) -> dict[int, str]:
    """Say where an average is not the one over active electrodes, and what that would be."""
    used = active & np.isfinite(each)
    number = np.bincount(group[used], minlength=value.size)
    total = np.bincount(group[used], weights=each[used], minlength=value.size)
    mean = np.divide(total, number, out=np.full(value.size, np.nan), where=number > 0)
    differs = (value > 0) & ~(np.abs(value - mean) <= _SAME * value)
    return {
        i: f"the export's mean over {over}; "
        + (f"over active electrodes it is {mean[i]:.6g}" if number[i] else "no electrode is active")
        for i in np.flatnonzero(differs).tolist()
    }


def well_rows(layout: PlateLayout, wells: Level) -> list[Measurement]:
    """Return the rows of all wells of a plate.

    Parameters
    ----------
    layout : PlateLayout
        The kind of plate.
    wells : Level
        Of the export.

    Returns
    -------
    list of Measurement
        `qc_well` of each well, then all metrics of each that the export has. Of one that it leaves blank they are
        ``excluded``.
    """
    faults = wells.faults
    by_well = {wells.ids[i]: fault for i, fault in faults.items()}
    there = set(wells.ids)
    rows = []
    for well in layout.wells:
        status, reason = by_well.get(well, (Status.OK, "") if well in there else (Status.EXCLUDED, _NO_COLUMN))
        rows.append(Measurement("qc_well", None, "" if reason else "ok", "1", status, reason, "well", well))
    excluded = {i: reason for i, (status, reason) in faults.items() if status is Status.EXCLUDED}
    for row in wells.rows("well", excluded):
        rows.append(row)
        if row.feature == "active_electrode_count":
            share = None if row.value is None else row.value / len(layout.labels)
            rows.append(replace(row, feature="active_electrode_fraction", value=share))
    rows += [
        Measurement("electrode_count", float(len(layout.labels)), "", "1", Status.OK, "", "well", well)
        if i not in excluded
        else Measurement("electrode_count", None, "", "1", Status.EXCLUDED, excluded[i], "well", well)
        for i, well in enumerate(wells.ids)
    ]
    return rows


def electrode_rows(electrodes: Level, wells: Level) -> list[Measurement]:
    """Return the rows of the electrodes of wells with data.

    Parameters
    ----------
    electrodes, wells : Level
        Of the export.

    Returns
    -------
    list of Measurement
        Of a well that the export leaves blank or does not have, none; of a single electrode that it leaves blank,
        ``excluded``.
    """
    kept = {well for well, blank in zip(wells.ids, wells.blank.tolist(), strict=True) if not blank}
    excluded = dict.fromkeys(np.flatnonzero(electrodes.blank).tolist(), _BLANK_ELECTRODE)
    return [row for row in electrodes.rows("electrode", excluded) if row.id.partition("_")[0] in kept]
