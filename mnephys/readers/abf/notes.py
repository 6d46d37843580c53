"""What an ABF header says beside the samples: tags, date, and what a user list varies."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from mnephys.readers.abf.fields import corrupt
from mnephys.readers.abf.header import UserList
from mnephys.readers.binary import BinaryFile, text_field

__all__ = ["MOST_TAGS", "TAG_SIZE", "read_tags", "start_of_recording", "user_list"]

#: More tags than this are a damaged count.
MOST_TAGS = 10_000
#: Bytes of a tag.
TAG_SIZE = 64

_VARIED = ("level", "duration", "period", "width")
_FIRST_VARIED = 11
_TAG = np.dtype({"names": ["time", "text"], "formats": ["<i4", "S56"], "offsets": [0, 4], "itemsize": TAG_SIZE})


def user_list(code: int, text: str, n_epochs: int, *, repeat: bool) -> UserList:
    """Return what a user list varies.

    Parameters
    ----------
    code : int
        The stored parameter: from 11 on, digital value, level, duration, train period and pulse width, each
        for all epochs in turn.
    text : str
        The values.
    n_epochs : int
        Epochs that the format provides for: 10 in ABF1, 50 in ABF2.
    repeat : bool
        Whether the list starts again at its end.

    Returns
    -------
    UserList
        With the parameter ``other`` for what leaves the waveform alone.

    Examples
    --------
    >>> user_list(62, "-200, -150", 50, repeat=False)
    UserList(parameter='level', epoch=1, text='-200, -150', repeat=False)
    """
    group, epoch = divmod(code - _FIRST_VARIED, n_epochs)
    if 1 <= group <= len(_VARIED):
        return UserList(_VARIED[group - 1], epoch, text, repeat)
    return UserList("other", -1, text, repeat)


def read_tags(file: BinaryFile, offset: int, count: int, tick: float) -> tuple[tuple[float, str], ...]:
    """Return the comments set during the recording.

    Parameters
    ----------
    file : BinaryFile
        The recording.
    offset, count : int
        Where the tags start and how many there are.
    tick : float
        Unit of their times, in s.

    Returns
    -------
    tuple of (float, str)
        Time in s and text of each.

    Raises
    ------
    CorruptHeaderError
        If there are more than can be true.
    TruncatedFileError
        If the file does not hold them.
    """
    if not 0 <= count <= MOST_TAGS:
        raise corrupt(file, f"the header states {count} tags; at most {MOST_TAGS} are read")
    tags = file.records(_TAG, offset, count, "tags")
    return tuple((float(time) * tick, text_field(bytes(text))) for time, text in tags)


def start_of_recording(date: int, milliseconds: float) -> str:
    """Return when the recording started.

    Parameters
    ----------
    date : int
        Year, month and day as decimal digits, with two or four for the year.
    milliseconds : float
        Since midnight.

    Returns
    -------
    str
        ISO 8601, to the millisecond; empty where the header holds no date.

    Examples
    --------
    >>> start_of_recording(20171116, 60_000.0)
    '2017-11-16T00:01:00.000'
    >>> start_of_recording(0, 0.0)
    ''
    """
    year, month, day = date // 10_000, date // 100 % 100, date % 100
    if 0 <= year < 100:
        # The format's own rule for two digits.
        year += 1900 if year >= 80 else 2000
    try:
        moment = datetime(year, month, day) + timedelta(milliseconds=milliseconds)  # noqa: DTZ001 -- no zone is stored
    except (ValueError, OverflowError):
        return ""
    return moment.isoformat(timespec="milliseconds")
