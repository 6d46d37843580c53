"""What is there in an NWB file although nothing can be read of it: attributes without a value, groups without a list.

Where NWB knows what an absent entry means, an entry that is there and cannot be read must not be taken for an absent
one.
"""

from __future__ import annotations

from mnephys.readers.hdf5.bytes import Fields, typed
from mnephys.readers.hdf5.file import Hdf5File
from mnephys.readers.hdf5.groups import decoded_name
from mnephys.readers.hdf5.headers import Kind, Message, shared_content

__all__ = ["has_attribute", "is_group"]

_OF_GROUPS = (Kind.SYMBOL_TABLE, Kind.LINK_INFO, Kind.LINK, Kind.GROUP_INFO)


def is_group(content: Hdf5File, place: str) -> bool:
    """Return whether an entry is a group, or a link that may lead to one.

    Parameters
    ----------
    content : Hdf5File
        Open.
    place : str
        Path of the entry.

    Returns
    -------
    bool
        False for a dataset, for what has no list of entries, and where nothing is.

    Raises
    ------
    ReadError
        If the file is damaged.
    """
    with typed(content.path, f"what is in group {place}"):
        header, linked = content.groups.place(place)
        return linked or (header is not None and header.has(*_OF_GROUPS))


def has_attribute(content: Hdf5File, place: str, name: str) -> bool:
    """Return whether a dataset has an attribute, whatever is in it.

    Parameters
    ----------
    content : Hdf5File
        Open.
    place : str
        Path of the dataset.
    name : str
        Of the attribute.

    Returns
    -------
    bool
        True also for one without a value, or with one of a type that is not read.

    Raises
    ------
    ReadError
        If the file is damaged.
    """
    with typed(content.path, f"attributes of {place}"):
        header, _ = content.groups.place(place)
        # The data of a series have fewer attributes than the nine from which on a file keeps them elsewhere.
        stored = [] if header is None else header.all(Kind.ATTRIBUTE)
        return any(_name_of(content, message) == name for message in stored)


def _name_of(content: Hdf5File, message: Message) -> str:
    source, raw = content.groups.source, message.content
    raw = shared_content(source, raw, Kind.ATTRIBUTE) if message.shared else raw
    fields = Fields(raw, content.path, "attribute")
    version, _flags = fields.numbers(2, 1)
    size, _type, _space = fields.numbers(3, 2)
    fields.take(1 if version == 3 else 0)
    return decoded_name(fields.take(size).split(b"\0", 1)[0])
