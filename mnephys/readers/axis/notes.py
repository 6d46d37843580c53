"""Who recorded what: the dictionary and the notes of an AxIS file."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from mnephys.errors import ReadError
from mnephys.readers.axis.entries import Contents, EntryType
from mnephys.readers.axis.fields import DATE_BYTES, clean_text, date_text
from mnephys.readers.binary import BinaryFile, text_field
from mnephys.wording import one_line

__all__ = ["NOTE_KEYS", "read_note"]

NOTE_KEYS = ("Investigator", "RecordingName", "Description")
"""What a note holds, by the names that the dictionary has for it."""

_NOTE_BYTES = 618
_REVISION_AT = 600
_MOST_NOTES = 10_000


def read_note(file: BinaryFile, contents: Contents) -> tuple[dict[str, str], list[str]]:
    """Return the newest note.

    Parameters
    ----------
    file : BinaryFile
        Open.
    contents : Contents
        Of the file.

    Returns
    -------
    note : dict of str to str
        By `NOTE_KEYS`, without what is empty.
    problems : list of str
        What was noticed, one sentence each.

    Examples
    --------
    >>> import io
    >>> note = b"M. Curie".ljust(50, bytes(1)) + b"plate 3".ljust(550, bytes(1))
    >>> read_note(BinaryFile("p.raw", io.BytesIO(b""), 0), Contents((0, 2), (), note))
    ({'Investigator': 'M. Curie', 'RecordingName': 'plate 3'}, [])
    """
    problems: list[str] = []
    notes = []
    for entry in contents.of(EntryType.NOTES):
        count, rest = divmod(entry.length, _NOTE_BYTES)
        if rest or count > _MOST_NOTES:
            problems.append(f"The {entry.name} are {entry.length} bytes long, no multiple of {_NOTE_BYTES}.")
        try:
            body = file.bytes(entry.start, min(count, _MOST_NOTES) * _NOTE_BYTES, entry.name)
        except ReadError as error:
            problems.append(f"The {entry.name} were left out: {error.problem}.")
            continue
        notes += [body[at : at + _NOTE_BYTES] for at in range(0, len(body), _NOTE_BYTES)]
    if notes:
        newest = max(notes, key=_age)
        if not date_text(newest[-DATE_BYTES:])[1]:
            problems.append("The date of the newest note is no date; it was left out.")
        return _texts(newest), problems
    return _texts(contents.legacy_note), problems


def _age(note: bytes) -> tuple[int, str]:
    (revision,) = struct.unpack_from("<I", note, _REVISION_AT)
    return revision, date_text(note[-DATE_BYTES:])[0]


def _texts(note: bytes) -> dict[str, str]:
    found: Mapping[str, str] = {
        "Investigator": one_line(text_field(note[:50])),
        "RecordingName": one_line(text_field(note[50:100])),
        "Description": clean_text(text_field(note[100:600])),
    }
    return {key: text for key, text in found.items() if text}
