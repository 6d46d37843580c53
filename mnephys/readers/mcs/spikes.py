"""The spikes of a recording: streams of time stamps, and streams of cut-outs around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import CorruptHeaderError, FileUnitsError
from mnephys.readers.damage import MOST_SPIKES
from mnephys.readers.hdf5.file import Hdf5File
from mnephys.readers.hdf5.lazy import LazyArray
from mnephys.readers.mcs.channels import Channels, read_channels
from mnephys.readers.mcs.spike_stream import Entity, Source, SpikeStream, joined
from mnephys.readers.mcs.streams import read_origin
from mnephys.readers.mcs.tables import COPY_AGAIN, InfoTable, brief, read_table, scaled
from mnephys.readers.mcs.waveforms import CutOuts
from mnephys.readers.spike_trains.columns import listed
from mnephys.recording import FloatArray

__all__ = ["read_cut_outs", "read_time_stamps"]

# Ten years in s.
_LATEST = 315_576_000.0


def read_time_stamps(content: Hdf5File, place: str, problems: list[str]) -> SpikeStream:
    """Read a stream of time stamps.

    Parameters
    ----------
    content : Hdf5File
        Open.
    place : str
        Its group.
    problems : list of str
        Takes a sentence for what was left out.

    Returns
    -------
    SpikeStream
        Without cut-outs.

    Raises
    ------
    CorruptHeaderError
        If the table of entities is missing, or time stamps cannot be true.
    FileUnitsError
        If they are not in s.
    ReadError
        If it cannot be read.
    """
    table = _table(content, f"{place}/InfoTimeStamp")
    if odd := [unit for unit in table.texts("Unit") if unit not in {"s", ""}]:
        raise FileUnitsError(content.path, f"{table.place} gives times in {brief(odd[0])!r}, not s", COPY_AGAIN)
    ids, sources = table.whole("TimeStampEntityID").tolist(), table.sources()
    # Without an exponent, times are in us like all others of the format.
    exponents = table.exponents(-6).tolist()
    entities = []
    for number, exponent, channel in zip(ids, exponents, _first(sources, table, problems), strict=True):
        times = _times(content, f"{place}/TimeStampEntity_{number}", exponent)
        if channel is None:
            _left_out(f"{place}/TimeStampEntity_{number}", times, problems)
        else:
            entities.append(Entity(channel, times))
    _strangers(content, place, "TimeStampEntity_", ids, problems)
    labels = [text.split(",")[0].strip() for text in table.texts("SourceChannelLabels")]
    found = _named(sources, table.whole("GroupID", 0).tolist(), labels)
    return SpikeStream(read_origin(content, place), joined(entities), found)


def read_cut_outs(content: Hdf5File, place: str, problems: list[str]) -> SpikeStream:
    """Read what is said of a stream of cut-outs; the cut-outs stay in the file.

    Parameters
    ----------
    content : Hdf5File
        Open.
    place : str
        Its group.
    problems : list of str
        Takes a sentence for what was left out.

    Returns
    -------
    SpikeStream
        With cut-outs where all have one length and a known voltage.

    Raises
    ------
    CorruptHeaderError
        If the table of entities is missing, or time stamps cannot be true.
    ReadError
        If it cannot be read.
    """
    table = _table(content, f"{place}/InfoSegment")
    ids, sources = table.whole("SegmentID").tolist(), table.sources()
    entities = []
    for number, channel in zip(ids, _first(sources, table, problems), strict=True):
        times = _times(content, f"{place}/SegmentData_ts_{number}", -6)
        if channel is None:
            _left_out(f"{place}/SegmentData_{number}", times, problems)
        elif times.size:
            entities.append(Entity(channel, times, content.lazy(f"{place}/SegmentData_{number}")))
    _strangers(content, place, "SegmentData_", ids, problems)
    described = _source_channels(content, place, problems)
    numbers = described.ids.tolist() if described else []
    names = dict(zip(numbers, described.labels, strict=True)) if described else {}
    labels = [names.get(row[0], "") if row else "" for row in sources]
    intervals = np.unique(table.whole("PreInterval", 0)).tolist()
    before = intervals[0] / 1e6 if len(intervals) == 1 else None
    rate = described.sampling_rate if described else 0.0
    trains = joined(entities)
    cut_outs = None
    if described and (arrays := _arrays(entities, place, problems)) is not None:
        zero, step = _voltage(described, [entity.channel for entity in entities], problems)
        if step is not None:
            cut_outs = CutOuts(arrays, trains.entity, trains.column, zero, step, rate, before)
    return SpikeStream(
        read_origin(content, place),
        trains,
        _named(sources, table.whole("GroupID", 0).tolist(), labels),
        cut_outs,
        before,
        rate,
    )


def _table(content: Hdf5File, place: str) -> InfoTable:
    table = read_table(content, place)
    if table is None:
        raise CorruptHeaderError(content.path, f"{place} is missing, so its spikes belong to no electrode", COPY_AGAIN)
    return table


def _first(sources: Sequence[Sequence[int]], table: InfoTable, problems: list[str]) -> list[int | None]:
    """Return the electrode of each entity: the first channel that it was made from."""
    if several := sum(len(row) > 1 for row in sources):
        problems.append(f"{table.place} has {several} entities of several channels; they are given to the first.")
    return [row[0] if row else None for row in sources]


def _named(sources: Sequence[Sequence[int]], groups: Sequence[int], labels: Sequence[str]) -> dict[int, Source]:
    return {
        row[0]: (group, label or f"channel {row[0]}")
        for row, group, label in zip(sources, groups, labels, strict=True)
        if row
    }


def _times(content: Hdf5File, place: str, exponent: int) -> FloatArray:
    """Return time stamps in s; none where the electrode was silent."""
    values = content.array(place, MOST_SPIKES)
    if values is None or values.size == 0:
        return np.zeros(0)
    if values.dtype.kind not in "iu" or values.size != max(values.shape, default=1):
        raise CorruptHeaderError(content.path, f"{place} holds no row of whole numbers", COPY_AGAIN)
    times = scaled(values.ravel(), exponent)
    if (np.abs(times) > _LATEST).any():
        problem = f"{place} holds a spike at {times[np.argmax(np.abs(times))]:g} s, which cannot be true"
        raise CorruptHeaderError(content.path, problem, COPY_AGAIN)
    return times


def _left_out(place: str, times: FloatArray, problems: list[str]) -> None:
    problems.append(f"{place} names no channel; left out with {times.size} spikes.")


def _strangers(content: Hdf5File, place: str, prefix: str, ids: Sequence[int], problems: list[str]) -> None:
    known = {f"{prefix}{number}" for number in ids}
    ends = ((name, name.removeprefix(prefix)) for name in content.names(place) if name.startswith(prefix))
    if strange := [name for name, end in ends if end.isdigit() and name not in known]:
        problems.append(f"{place} holds {listed(strange)}, of no known electrode; left out.")


def _source_channels(content: Hdf5File, place: str, problems: list[str]) -> Channels | None:
    """Return the channels that were cut, under either of the names that their table has."""
    for name in ("SourceInfoChannel", "SourceChannelInfo"):
        if content.has(f"{place}/{name}"):
            return read_channels(content, f"{place}/{name}", problems)
    problems.append(f"{place} does not describe its channels; its cut-outs were left out.")
    return None


def _arrays(entities: Sequence[Entity], place: str, problems: list[str]) -> list[LazyArray] | None:
    """Return the datasets of cut-outs, or say why they cannot stand beside the spikes."""
    arrays = [entity.cut_outs for entity in entities]
    found = [array for array in arrays if array is not None and len(array.shape) == 2 and array.dtype.kind in "iu"]
    if len(found) < len(arrays) or any(
        array.shape[1] != entity.times.size for array, entity in zip(found, entities, strict=True)
    ):
        problems.append(f"{place} does not hold one cut-out for each of its time stamps; its cut-outs were left out.")
        return None
    if len({array.shape[0] for array in found}) > 1:
        problems.append(f"{place} holds cut-outs of several lengths; they were left out.")
        return None
    return found


def _voltage(
    described: Channels, channels: Sequence[int], problems: list[str]
) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Return zero and step of the channel of each entity; no step where it is unknown."""
    index = {number: row for row, number in enumerate(described.ids.tolist())}
    rows = [index.get(channel, -1) for channel in channels]
    if -1 in rows:
        problems.append(f"{described.place} lacks channel {channels[rows.index(-1)]}; all cut-outs were left out.")
        return np.zeros(0), None
    return described.zero[rows], described.step_uv()[rows]
