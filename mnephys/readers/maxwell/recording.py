"""The wells of one MaxWell recording side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.readers.hdf5.signal import Hdf5Signal
from mnephys.readers.hdf5.signal_parts import Order, SignalPart
from mnephys.readers.maxwell.time import Extent
from mnephys.readers.maxwell.wells import Stamps, Well
from mnephys.readers.spike_frames import SpikeTable, joined
from mnephys.recording import ELECTRODE, IntArray
from mnephys.wording import one_line

__all__ = ["electrodes_of_wells", "events_of_wells", "signal_of_wells", "spikes_of_wells"]

_MOST_EVENTS = 100_000


def electrodes_of_wells(wells: Sequence[Well], names: Sequence[str]) -> NDArray[np.void]:
    """Return the electrodes that were routed, well by well.

    Parameters
    ----------
    wells : sequence of Well
        Of one recording.
    names : sequence of str
        The name of each.

    Returns
    -------
    ndarray of dtype `ELECTRODE`, shape (n_electrodes,)
        Labelled by their number in the array.
    """
    parts = [np.zeros(0, ELECTRODE)]
    for well, name in zip(wells, names, strict=True):
        routing = well.routing
        part = np.zeros(routing.electrodes.size, ELECTRODE)
        part["well"], part["label"] = name, routing.electrodes.astype("U16")
        part["column"], part["row"] = routing.grid
        part["x"], part["y"], part["enabled"] = routing.x, routing.y, True
        parts.append(part)
    return np.concatenate(parts)


def spikes_of_wells(
    wells: Sequence[Well], names: Sequence[str], extent: Extent
) -> tuple[SpikeTable | None, tuple[str, ...], dict[str, str]]:
    """Return the spikes of all wells.

    Parameters
    ----------
    wells : sequence of Well
        Of one recording.
    names : sequence of str
        The name of each.
    extent : Extent
        When it began and ended.

    Returns
    -------
    table : SpikeTable or None
        None where no well has a single spike stored: spikes were not looked for when the file was recorded.
    problems : tuple of str
        Sentences on spikes that were left out.
    well_problems : dict
        Wells without a table of spikes beside others that have one.
    """
    tables, problems, lacking = [], [], {}
    before = 0
    for well, name, zero in zip(wells, names, extent.zeros, strict=True):
        if well.spikes is None:
            lacking[name] = "the file holds no table of its spikes"
        else:
            table = _table(well, well.spikes, zero, before)
            inside = (table.times >= extent.start) & (table.times <= extent.stop)
            routed = table.electrode >= 0
            if lost := int((~routed).sum()):
                problems.append(f"Well {name}: {lost} spikes are of channels without an electrode; left out.")
            if lost := int((routed & ~inside).sum()):
                first = table.times[routed & ~inside][0]
                said = f"Well {name}: {lost} spikes lie outside of the recording"
                problems.append(f"{said} ({extent.start:g} to {extent.stop:g} s, first at {first:g} s); left out.")
            kept = table.where(inside & routed)
            if kept.amplitudes is not None and (lost := int((~np.isfinite(kept.amplitudes)).sum())):
                problems.append(f"Well {name}: {lost} spikes have amplitudes that cannot be true; all were left out.")
                kept = replace(kept, amplitudes=None)
            tables.append(kept)
        before += well.routing.channels.size
    if not any(well.spikes is not None and well.spikes.frames.size for well in wells):
        return None, (), {}
    return joined(tables), tuple(problems), lacking


def _table(well: Well, spikes: Stamps, zero: int, before: int) -> SpikeTable:
    """Return the spikes of a well; electrode -1 is a channel without one."""
    channels = well.routing.channels
    row_of = np.full(int(channels.max(initial=0)) + 1, -1, np.int64)
    row_of[channels] = np.arange(channels.size) + before
    stored = spikes.columns["channel"].ravel()
    known = (stored >= 0) & (stored < row_of.size)
    electrode = np.where(known, row_of[np.where(known, stored, 0).astype(np.int64)], -1)
    times = (spikes.frames - zero) / well.settings.rate
    amplitude = spikes.columns.get("amplitude")
    return SpikeTable(times, electrode, _microvolts(amplitude, well.settings.gain_uv), np.arange(times.size))


def _microvolts(counts: NDArray[Any] | None, gain_uv: float) -> NDArray[np.float32] | None:
    """Return amplitudes, which the table holds in steps of the converter."""
    if counts is None or counts.dtype.kind not in "iuf":
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        return (counts.ravel().astype(np.float64) * gain_uv).astype(np.float32)


def signal_of_wells(
    wells: Sequence[Well], names: Sequence[str], start: float
) -> tuple[Hdf5Signal | None, tuple[str, ...]]:
    """Return the raw voltage of all wells that have some.

    Parameters
    ----------
    wells : sequence of Well
        Of one recording.
    names : sequence of str
        The name of each.
    start : float
        Time of the first sample, in s.

    Returns
    -------
    signal : Hdf5Signal or None
        None where no raw voltage can be unpacked.
    problems : tuple of str
        Sentences on wells that have more samples than others, or other gaps.
    """
    parts: list[SignalPart] = []
    rows: list[IntArray] = []
    held = [(well, name) for well, name in zip(wells, names, strict=True) if well.raw is not None and well.rows.size]
    if not held:
        return None, ()
    beside, apart = _aligned(held)
    n_samples = min(well.raw.shape[1] for well, _ in beside if well.raw is not None)
    problems = [
        f"Well {name} was interrupted elsewhere than {held[0][1]}; its raw voltage was left out." for name in apart
    ]
    before = dict(zip(names, np.cumsum([0, *(well.routing.channels.size for well in wells)]).tolist(), strict=False))
    for well, name in beside:
        assert well.raw is not None  # noqa: S101 -- only such wells are held
        if (longer := well.raw.shape[1] - n_samples) > 0:
            problems.append(f"Well {name} has {longer} samples more than the shortest well, which were left out.")
        size = well.rows.size
        offset, scale = np.zeros(size), np.full(size, well.settings.gain_uv)
        parts.append(SignalPart(well.raw, Order.CHANNELS_FIRST, well.rows, offset, scale))
        rows.append(np.arange(size) + before[name])
    segments = _segments(held[0][0], n_samples).copy()
    segments["start"] += start
    return Hdf5Signal(parts, held[0][0].settings.rate, segments, np.concatenate(rows)), tuple(problems)


def _aligned(held: Sequence[tuple[Well, str]]) -> tuple[list[tuple[Well, str]], list[str]]:
    """Return the wells that have the gaps of the first one as far as both have samples, and the names of others."""
    first = held[0][0]
    beside, apart = [], []
    for well, name in held:
        n_common = min(one.raw.shape[1] for one in (first, well) if one.raw is not None)
        if np.array_equal(_segments(well, n_common), _segments(first, n_common)):
            beside.append((well, name))
        else:
            apart.append(name)
    return beside, apart


def _segments(well: Well, n_samples: int) -> NDArray[np.void]:
    """Return the stretches of a well that begin before some sample."""
    return well.clock.segments[well.clock.segments["first"] < n_samples]


def events_of_wells(
    wells: Sequence[Well], names: Sequence[str], extent: Extent
) -> tuple[tuple[tuple[float, str], ...], tuple[str, ...]]:
    """Return what the operator or a stimulator noted.

    Parameters
    ----------
    wells : sequence of Well
        Of one recording.
    names : sequence of str
        The name of each.
    extent : Extent
        When it began.

    Returns
    -------
    events : tuple of (float, str)
        Time in s and text, in the order of time; with the well where there are several.
    problems : tuple of str
        A sentence where there are too many to be true.
    """
    found = []
    for well, name, zero in zip(wells, names, extent.zeros, strict=True):
        if well.events is None:
            continue
        times = ((well.events.frames - zero) / well.settings.rate).tolist()
        suffix = f" ({name})" if len(wells) > 1 else ""
        texts = _texts(well.events.columns)[:_MOST_EVENTS]
        found += [(time, one_line(text + suffix)) for time, text in zip(times, texts, strict=False)]
    problems = (f"Of {len(found)} events the first {_MOST_EVENTS} were taken.",) if len(found) > _MOST_EVENTS else ()
    return tuple(sorted(found)[:_MOST_EVENTS]), problems


def _texts(columns: dict[str, NDArray[Any]]) -> list[str]:
    """Return the message of each event, or else its type and number."""
    messages = next((values.ravel().tolist() for values in columns.values() if values.dtype.kind == "U"), None)
    others = {name.removeprefix("event"): values.ravel().tolist() for name, values in columns.items() if name in _TOLD}
    size = next(iter(columns.values())).size
    plain = ["event " + ", ".join(f"{name} {values[row]}" for name, values in others.items()) for row in range(size)]
    if messages is None:
        return plain
    return [message.strip() or other for message, other in zip(messages, plain, strict=True)]


_TOLD = ("eventtype", "eventid")
