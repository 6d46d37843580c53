"""The analog streams of a recording: electrodes, auxiliary and digital channels, each with its gaps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import CorruptHeaderError
from mnephys.readers.hdf5.file import Hdf5File
from mnephys.readers.hdf5.lazy import LazyArray
from mnephys.readers.hdf5.signal_parts import Order, SignalPart
from mnephys.readers.mcs.channels import Channels, read_channels
from mnephys.readers.mcs.tables import COPY_AGAIN, brief, described
from mnephys.recording.signal import SEGMENT

__all__ = ["AnalogStream", "Origin", "names_of", "read_analog_stream", "read_origin", "signal_streams"]

_MOST_STRETCHES = 1 << 20
# Ten years in us.
_LATEST = 315_576_000_000_000
# Kinds of analog streams that hold no voltage of electrodes.
_ASIDE = frozenset({"auxiliary", "digital", "sideband"})
# Letters of a list of streams, the last one not counted.
_LONGEST_LIST = 240


@dataclass(frozen=True, slots=True)
class Origin:
    """Which stream one is, and which it was made from.

    Parameters
    ----------
    place : str
        Its group in the file.
    label, subtype : str
        What it is called, and its kind: ``Electrode``, ``Auxiliary``, ``Digital``, ``NeuralSpike``...
    guid, source : str
        Its identifier and that of the stream it was made from, empty for one that was acquired.
    """

    place: str
    label: str
    subtype: str
    guid: str
    source: str

    @property
    def name(self) -> str:
        """What to call it in a sentence."""
        stated = ", ".join(text for text in (brief(self.label), brief(self.subtype)) if text)
        return f"{self.place} ({stated})" if stated else self.place

    @property
    def aside(self) -> bool:
        """Whether it says that it holds nothing that is measured: no voltage of electrodes, no spikes."""
        return "/AnalogStream/" in self.place and self.subtype.casefold() in _ASIDE


def names_of(origins: Iterable[Origin]) -> str:
    """Return what to call several streams in a sentence.

    Parameters
    ----------
    origins : iterable of Origin
        At least one.

    Returns
    -------
    str
        The first of them, and how many more there are where a sentence would become too long.

    Examples
    --------
    >>> names_of(Origin(f"Stream_{number}", "Raw", "", "", "") for number in range(2))
    'Stream_0 (Raw), Stream_1 (Raw)'
    """
    names = [origin.name for origin in origins]
    ends = np.cumsum([0, *(len(name) + 2 for name in names[:-1])])
    shown = names[: int((ends <= _LONGEST_LIST).sum())]
    return ", ".join([*shown, *([f"{len(names) - len(shown)} more"] if len(shown) < len(names) else [])])


def read_origin(content: Hdf5File, place: str) -> Origin:
    """Return which stream one is.

    Parameters
    ----------
    content : Hdf5File
        Open.
    place : str
        Its group.

    Returns
    -------
    Origin
        Empty texts for what the file does not say.

    Raises
    ------
    ReadError
        If its attributes cannot be read.
    """
    stated = described(content, place)
    texts = {name: value for name, value in stated.items() if isinstance(value, str)}
    source = texts.get("SourceStreamGUID", "")
    return Origin(
        place,
        texts.get("Label", ""),
        texts.get("DataSubType", ""),
        texts.get("StreamGUID", ""),
        source if source.strip("{}0-") else "",
    )


@dataclass(frozen=True, slots=True, eq=False)
class AnalogStream:
    """Channels that were sampled together.

    Parameters
    ----------
    origin : Origin
        Which stream it is.
    channels : Channels
        What its numbers mean.
    array : LazyArray
        Numbers, a row per channel and perhaps more.
    stretches : ndarray of dtype `SEGMENT`, shape (n_stretches,)
        Stretches without a gap.
    """

    origin: Origin
    channels: Channels
    array: LazyArray
    stretches: NDArray[np.void]

    @property
    def of_electrodes(self) -> bool:
        """Whether its channels are electrodes."""
        return self.origin.subtype.casefold() == "electrode"

    @property
    def n_samples(self) -> int:
        """Samples of each channel."""
        return self.array.shape[1]

    @property
    def edges(self) -> tuple[float, float]:
        """When it begins and ends, in s."""
        last = self.stretches[-1]
        rest = (self.n_samples - int(last["first"])) / self.channels.sampling_rate
        return float(self.stretches[0]["start"]), float(last["start"]) + rest

    def part(self) -> SignalPart:
        """Return the channels for a signal.

        Returns
        -------
        SignalPart
            In the order of `channels`.

        Raises
        ------
        FileUnitsError
            If they are not in volt.
        """
        channels = self.channels
        return SignalPart(self.array, Order.CHANNELS_FIRST, channels.rows, channels.zero, channels.step_uv())


def read_analog_stream(content: Hdf5File, place: str, problems: list[str]) -> AnalogStream | None:
    """Read what is said of an analog stream; its samples stay in the file.

    Parameters
    ----------
    content : Hdf5File
        Open.
    place : str
        Its group.
    problems : list of str
        Takes a sentence for everything that had to be assumed.

    Returns
    -------
    AnalogStream or None
        None for a stream without a sample.

    Raises
    ------
    CorruptHeaderError
        If data, channels and time stamps disagree, or one of them is missing.
    UnsupportedFormatError, FileUnitsError
        As `read_channels`.
    ReadError
        If it cannot be read.
    """
    array = content.lazy(f"{place}/ChannelData")
    if array is None or len(array.shape) != 2 or array.dtype.kind not in "iu":
        problem = f"{place} has no dataset ChannelData of whole numbers, channels by samples"
        raise CorruptHeaderError(content.path, problem, COPY_AGAIN)
    n_rows, n_samples = array.shape
    if n_samples == 0:
        problems.append(f"{place} holds no samples.")
        return None
    channels = read_channels(content, f"{place}/InfoChannel", problems)
    rows = channels.rows
    if np.unique(rows).size != rows.size or not 0 <= rows.min() <= rows.max() < n_rows:
        problem = f"{channels.place} gives rows {rows.min()} to {rows.max()} to {rows.size} channels; the data have"
        raise CorruptHeaderError(content.path, f"{problem} {n_rows}, one for each", COPY_AGAIN)
    if rows.size < n_rows:
        problems.append(f"{place} holds {n_rows} rows, of which {n_rows - rows.size} belong to no channel.")
    stretches = _stretches(content, place, channels.tick, n_samples, problems)
    return AnalogStream(read_origin(content, place), channels, array, stretches)


def _stretches(content: Hdf5File, place: str, tick: int, n_samples: int, problems: list[str]) -> NDArray[np.void]:
    """Return the stretches without a gap: of the rows of a table, those that follow one another are one."""
    stated = content.array(f"{place}/ChannelDataTimeStamps", 3 * _MOST_STRETCHES)
    if stated is None or stated.size == 0:
        problems.append(f"{place} has no time stamps; it is assumed to begin at 0 s and to have no gap.")
        stated = np.array([[0, 0, n_samples - 1]])
    if stated.ndim != 2 or stated.shape[1] != 3 or stated.dtype.kind not in "iu":
        problem = f"{place}/ChannelDataTimeStamps has shape {stated.shape}, needs three whole numbers per row"
        raise CorruptHeaderError(content.path, problem, COPY_AGAIN)
    times, first, last = stated.astype(np.int64).T
    if first[0] != 0 or (first > last).any() or (first[1:] <= last[:-1]).any() or first[-1] >= n_samples:
        problem = f"the rows of {place}/ChannelDataTimeStamps do not follow one another through {n_samples} samples"
        raise CorruptHeaderError(content.path, problem, COPY_AGAIN)
    if last[-1] != n_samples - 1 or (first[1:] != last[:-1] + 1).any():
        there = f"{place} holds {n_samples} samples, but time stamps for others"
        problems.append(f"{there}; those without a time stamp are taken to follow the ones before them.")
    if (np.abs(times) > _LATEST).any():
        raise CorruptHeaderError(content.path, f"{place}/ChannelDataTimeStamps states absurd times", COPY_AGAIN)
    gaps = np.diff(times) - np.diff(first) * tick
    if (2 * gaps < -tick).any():
        row = int(np.flatnonzero(2 * gaps < -tick)[0]) + 1
        problem = f"row {row + 1} of {place}/ChannelDataTimeStamps begins before the row above it ends"
        raise CorruptHeaderError(content.path, problem, COPY_AGAIN)
    begins = np.concatenate([[True], 2 * np.abs(gaps) > tick])
    stretches = np.zeros(int(begins.sum()), SEGMENT)
    stretches["first"], stretches["start"] = first[begins], times[begins] / 1e6
    return stretches


def signal_streams(streams: Sequence[AnalogStream]) -> list[AnalogStream]:
    """Return the streams that are the raw voltage of a recording.

    Parameters
    ----------
    streams : sequence of AnalogStream
        All of a recording.

    Returns
    -------
    list of AnalogStream
        The first stream of electrodes as they were acquired, not filtered or otherwise made from another stream, and
        those that were acquired beside it from other electrodes. Where all were made from another, the first.
    """
    electrodes = [stream for stream in streams if stream.of_electrodes]
    held = {stream.origin.guid for stream in electrodes if stream.origin.guid}
    acquired = [stream for stream in electrodes if not stream.origin.source]
    original = [stream for stream in electrodes if stream.origin.source not in held]
    chosen: list[AnalogStream] = []
    for stream in acquired or original or electrodes:
        if not chosen or _beside(stream, chosen):
            chosen.append(stream)
    return chosen


def _beside(stream: AnalogStream, chosen: Sequence[AnalogStream]) -> bool:
    """Return whether a stream was sampled together with others, from other electrodes."""
    ids = np.concatenate([other.channels.ids for other in chosen])
    return (
        stream.channels.tick == chosen[0].channels.tick
        and stream.n_samples == chosen[0].n_samples
        and np.array_equal(stream.stretches, chosen[0].stretches)
        and not np.isin(stream.channels.ids, ids).any()
    )
