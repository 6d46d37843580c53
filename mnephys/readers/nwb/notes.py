"""What an NWB file says of session, subject and trials."""

from __future__ import annotations

from typing import Any

import numpy as np

from mnephys.errors import ReadError
from mnephys.readers.hdf5.file import Hdf5File, texts_of
from mnephys.readers.nwb.table import kind_of, number_column, row_ids
from mnephys.wording import one_line

__all__ = ["read_events", "read_notes"]

_SESSION = ("identifier", "session_description", "session_start_time", "timestamps_reference_time")
_GENERAL = (
    "experiment_description",
    "experimenter",
    "institution",
    "keywords",
    "lab",
    "notes",
    "pharmacology",
    "protocol",
    "session_id",
    "slices",
    "stimulus",
    "surgery",
    "virus",
)
_SUBJECT = ("age", "date_of_birth", "description", "genotype", "sex", "species", "strain", "subject_id", "weight")
_MOST_TEXTS = 1000
_MOST_EVENTS = 100_000


def read_notes(content: Hdf5File) -> dict[str, Any]:
    """Return what a file says of session and subject.

    Parameters
    ----------
    content : Hdf5File
        Open.

    Returns
    -------
    dict
        Texts by the name that NWB has for each, those of the subject within ``subject``, names of devices as
        ``devices``. What is not there, or is stored in a way that is not read, is left out.
    """
    found: dict[str, Any] = _texts(content, "", _SESSION) | _texts(content, "general/", _GENERAL)
    if subject := _texts(content, "general/subject/", _SUBJECT):
        found["subject"] = subject
    if devices := content.names("general/devices"):
        found["devices"] = [one_line(name) for name in devices]
    return found


def _texts(content: Hdf5File, group: str, names: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for name in names:
        try:
            values = content.array(f"{group}{name}", _MOST_TEXTS)
        except ReadError:  # a remark that cannot be read costs no spike
            continue
        text = "" if values is None else one_line(", ".join(filter(None, texts_of(np.atleast_1d(values)))))
        if text:
            found[name] = text
    return found


def read_events(content: Hdf5File) -> tuple[tuple[tuple[float, str], ...], list[str]]:
    """Return the trials and other intervals of a file.

    Parameters
    ----------
    content : Hdf5File
        Open.

    Returns
    -------
    events : tuple of (float, str)
        Begin in s, and what begins and until when, in the order of time.
    problems : list of str
        Where intervals are not read, or said to be bad.

    Raises
    ------
    ReadError
        If the file is damaged.
    """
    events: list[tuple[float, str]] = []
    problems = []
    for name in content.names("intervals"):
        place = f"intervals/{name}"
        if kind_of(content, place) != "TimeIntervals":
            continue
        ids = row_ids(content, place)
        start, stop = (number_column(content, f"{place}/{column}", len(ids)) for column in ("start_time", "stop_time"))
        if start is None or len(events) + len(ids) > _MOST_EVENTS:
            problems.append(f"Not read: {len(ids)} intervals of {place}.")
            continue
        ends = [np.nan] * len(ids) if stop is None else stop.tolist()
        for id_, begin, end in zip(ids, start.tolist(), ends, strict=True):
            if begin == begin:  # noqa: PLR0124 -- NaN
                events.append((begin, f"{one_line(name)} {id_}" + (f" until {end:g} s" if end == end else "")))  # noqa: PLR0124 -- NaN
        if name == "invalid_times" and ids:
            problems.append(f"The file marks {len(ids)} stretches as invalid; they are read all the same.")
    return tuple(sorted(events)), problems
