"""The events of a recording: changes of a digital port, stimuli, what the user entered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mnephys.errors import CorruptHeaderError
from mnephys.readers.hdf5.file import Hdf5File
from mnephys.readers.mcs.streams import read_origin
from mnephys.readers.mcs.tables import COPY_AGAIN, brief, read_table
from mnephys.recording import FloatArray

__all__ = ["Events", "event_texts", "read_events"]

_MOST_EVENTS = 1 << 20
# Ten years in us; events are stamped before the recording begins too.
_LATEST = 315_576_000_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """Events of one kind.

    Parameters
    ----------
    place, label : str
        Where they are in the file, and what they are called.
    times, durations : ndarray of float, shape (n_events,)
        In s; ascending times.
    """

    place: str
    label: str
    times: FloatArray
    durations: FloatArray


def read_events(content: Hdf5File, place: str) -> list[Events]:
    """Read a stream of events.

    Parameters
    ----------
    content : Hdf5File
        Open.
    place : str
        Its group.

    Returns
    -------
    list of Events
        One per entity.

    Raises
    ------
    CorruptHeaderError
        If times or durations cannot be true.
    ReadError
        If it cannot be read.
    """
    stream = read_origin(content, place)
    names = [name for name in content.names(place) if name.startswith("EventEntity_")]
    table = read_table(content, f"{place}/InfoEvent")
    labels = {}
    if table is not None:
        ids = table.whole("EventID", np.arange(table.n_rows)).tolist()
        labels = {f"EventEntity_{number}": text for number, text in zip(ids, table.texts("Label"), strict=True)}
    found = []
    for name in names:
        values = content.array(f"{place}/{name}", 2 * _MOST_EVENTS)
        if values is None or values.size == 0:
            continue
        if values.ndim != 2 or values.shape[0] != 2 or values.dtype.kind not in "iu":
            problem = f"{place}/{brief(name)} has shape {values.shape}, needs one row of times and one of durations"
            raise CorruptHeaderError(content.path, problem, COPY_AGAIN)
        times, durations = values.astype(np.int64)
        if (np.abs(times) > _LATEST).any() or (durations < 0).any() or (durations > _LATEST).any():
            raise CorruptHeaderError(content.path, f"{place}/{brief(name)} holds absurd times or durations", COPY_AGAIN)
        order = np.argsort(times, kind="stable")
        label = labels.get(name) or stream.label or name
        found.append(Events(f"{place}/{name}", label, times[order] / 1e6, durations[order] / 1e6))
    return found


def event_texts(kinds: Sequence[Events]) -> tuple[tuple[float, str], ...]:
    """Return events of all kinds as times and texts.

    Parameters
    ----------
    kinds : sequence of Events
        Any number.

    Returns
    -------
    tuple of (float, str)
        Time in s and text, by time; the text tells how long an event lasted that has a duration.

    Examples
    --------
    >>> event_texts([Events("", "light", np.array([1.0, 3.0]), np.array([0.0, 0.5]))])
    ((1.0, 'light'), (3.0, 'light for 0.5 s'))
    """
    found = [
        (time, f"{kind.label} for {duration:.12g} s" if duration else kind.label)
        for kind in kinds
        for time, duration in zip(kind.times.tolist(), kind.durations.tolist(), strict=True)
    ]
    return tuple(sorted(found, key=lambda event: event[0]))
