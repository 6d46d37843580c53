"""What stands in the root of a 3Brain file: the wells, what is known not to be one, and what might have been one."""

from __future__ import annotations

import re
from collections.abc import Collection

from mnephys.errors import ReadError, UnsupportedFormatError
from mnephys.readers.hdf5.file import Hdf5File
from mnephys.readers.spike_trains.columns import listed

__all__ = ["PREFIX", "unknown_entries", "wells_in_root"]

PREFIX = "Well_"
"""What the name of the group of a well begins with."""

_WELL = re.compile(f"{PREFIX}([A-H](?:[1-9]|1[0-2]))")
_OF_A_WELL = frozenset({"Raw", "EventsBasedSparseRaw", "SpikeTimes", "StoredChIdxs"})
_KNOWN = frozenset(
    {"3BData", "3BRecInfo", "3BResults", "3BUserInfo", "ExperimentInfo", "ExperimentSettings", "TOC"},
)


def wells_in_root(content: Hdf5File) -> tuple[list[str], tuple[str, ...]]:
    """Find the wells of a file of BrainWave 5 or 6.

    Parameters
    ----------
    content : Hdf5File
        Open.

    Returns
    -------
    names : list of str
        For example ``["A1", "A2"]``.
    problems : tuple of str
        A sentence on groups that are like those of wells, and one on others that are not known.

    Raises
    ------
    ReadError
        If the root is damaged.
    """
    groups = [entry for entry in content.names("") if entry.startswith(PREFIX) or _is_like_a_well(content, entry)]
    names = [match[1] for group in groups if (match := _WELL.fullmatch(group))]
    odd = [repr(group) for group in groups if not _WELL.fullmatch(group)]
    said = (f"No plate has a well like group {listed(odd)}; left out.",) if odd else ()
    return names, (*said, *unknown_entries(content, groups))


def unknown_entries(content: Hdf5File, wells: Collection[str] = ()) -> tuple[str, ...]:
    """Return a sentence on groups in the root that are not known, so that nothing goes missing without a word.

    Parameters
    ----------
    content : Hdf5File
        Open.
    wells : collection of str
        Entries of which is known what they are, besides those that every file may have.

    Returns
    -------
    tuple of str
        At most one. Single datasets are left out without a word: no well, and no recording, is one.

    Raises
    ------
    ReadError
        If the root is damaged.
    """
    unknown = [
        repr(entry)
        for entry in content.names("")
        if entry not in _KNOWN and entry not in wells and _is_group_or_link(content, entry)
    ]
    return (f"What group {listed(unknown)} holds is not known; left out.",) if unknown else ()


def _is_like_a_well(content: Hdf5File, name: str) -> bool:
    """Return whether an entry holds what only a well holds."""
    return not _OF_A_WELL.isdisjoint(content.names(name))


def _is_group_or_link(content: Hdf5File, name: str) -> bool:
    """Return whether something stands in an entry, or it leads to another file, where something may stand."""
    if content.names(name):
        return True
    try:
        content.lazy(name)
    except UnsupportedFormatError:
        return True
    except ReadError:
        # A group in which nothing stands, or a dataset of texts.
        return False
    return False
