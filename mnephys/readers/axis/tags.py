"""What users and program noted in an AxIS file: treatments of wells, events, and a dictionary.

A tag that was changed is stored again with a higher revision; one that was deleted, with the type 0. Whatever is wrong
with a tag, the others are read.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field

from mnephys.errors import ReadError
from mnephys.readers.axis.entries import Contents, Entry, EntryType
from mnephys.readers.axis.errors import corrupt
from mnephys.readers.axis.fields import Fields, clean_text, date_text
from mnephys.readers.binary import BinaryFile
from mnephys.recording import PlateLayout, well_name
from mnephys.wording import one_line

__all__ = ["Tag", "Tags", "newest_tags", "read_tags"]

_HEAD = struct.Struct("<H14s16sI")
# A description of several pages; what is longer is none.
_MOST_BYTES = 1 << 20
_DELETED = 0
_TREATMENT, _USER_NOTE, _SYSTEM_NOTE, _DATA_LOSS, _STIMULATION = 1, 2, 3, 4, 5
_DOSE, _PAIR = 10, 11
_NOTED = {_USER_NOTE: "user annotation", _SYSTEM_NOTE: "system annotation"}
_HAPPENED = {_DATA_LOSS: "data loss", _STIMULATION: "stimulation", _DOSE: "dose"}
# The power of ten that turns the stored value into the shown one: 30 uM is 30e-6 M with the exponent 6.
_PREFIXES = {15: "f", 12: "p", 9: "n", 6: "u", 3: "m", -3: "k"}
# Waveforms and electrodes of a stimulator, calibrations: known, and of no use here.
_PASSED_OVER = frozenset({6, 7, 8, 9, 12, 13})
_MOST_PROBLEMS = 20
_LATEST = 6e6
_HIGHEST_RATE = 1e9


@dataclass(frozen=True, slots=True)
class Tag:
    """The newest revision of a tag.

    Parameters
    ----------
    kind : int
        What it says.
    entry : Entry
        Where it stands.
    created : str
        When it was made, in ISO 8601; empty where unknown.
    revision : int
        How often it was changed.

    Examples
    --------
    >>> Tag(2, Entry(EntryType.TAG, 2048, 60), "2024-03-07T14:05:09.120", 0).entry.name
    'tag at byte 2048'
    """

    kind: int
    entry: Entry
    created: str
    revision: int


@dataclass(slots=True)
class Tags:
    """What the tags say.

    Parameters
    ----------
    facts : dict of str to dict
        By well, as `PlateRecording.well_facts`.
    events : list of (float, str)
        Time in s and text, in the order of time.
    pairs : dict of str to str
        The dictionary.
    problems : list of str
        What was noticed, one sentence each.

    Examples
    --------
    >>> Tags(facts={"A1": {"treatment": "TTX", "dose": "1", "dose_unit": "uM"}}).events
    []
    """

    facts: dict[str, dict[str, str]] = field(default_factory=dict)
    events: list[tuple[float, str]] = field(default_factory=list)
    pairs: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def newest_tags(file: BinaryFile, contents: Contents) -> tuple[list[Tag], list[str]]:
    """Return the newest revision of each tag that was not deleted.

    Parameters
    ----------
    file : BinaryFile
        Open.
    contents : Contents
        Of the file.

    Returns
    -------
    tags : list of Tag
        In the order in which their first revisions stand.
    problems : list of str
        A sentence for those that cannot be read.

    Examples
    --------
    >>> import io
    >>> versions = [(1, 0), (1, 2), (1, 1)]
    >>> body = b"".join(_HEAD.pack(kind, bytes(14), b"sixteen bytes id", number) for kind, number in versions)
    >>> entries = tuple(Entry(EntryType.TAG, 36 * n, 36) for n in range(3))
    >>> file = BinaryFile("p.raw", io.BytesIO(body), len(body))
    >>> [tag.revision for tag in newest_tags(file, Contents((1, 3), entries))[0]]
    [2]
    """
    newest: dict[bytes, Tag] = {}
    problems = []
    for entry in contents.of(EntryType.TAG):
        if not _HEAD.size <= entry.length <= _MOST_BYTES:
            problems.append(f"The {entry.name} is {entry.length} bytes long; it was left out.")
            continue
        kind, created, identifier, revision = _HEAD.unpack(file.bytes(entry.start, _HEAD.size, entry.name))
        text, valid = date_text(created)
        if not valid:
            problems.append(f"The date of the {entry.name} is no date; it was left out.")
        if identifier not in newest or newest[identifier].revision <= revision:
            newest[identifier] = Tag(kind, entry, text, revision)
    return [tag for tag in newest.values() if tag.kind != _DELETED], problems


def read_tags(file: BinaryFile, contents: Contents, layout: PlateLayout) -> Tags:
    """Read all tags.

    Parameters
    ----------
    file : BinaryFile
        Open.
    contents : Contents
        Of the file.
    layout : PlateLayout
        The plate, whose wells they are of.

    Returns
    -------
    Tags
        What they say, and sentences on those that cannot be read.

    Examples
    --------
    >>> import io
    >>> from mnephys.recording import LAYOUTS
    >>> payload = struct.pack("<i7si5s", 7, b"Barcode", 5, b"P-017")
    >>> body = _HEAD.pack(11, bytes(14), b"sixteen bytes id", 0) + payload
    >>> file, entry = BinaryFile("p.raw", io.BytesIO(body), len(body)), Entry(EntryType.TAG, 0, len(body))
    >>> read_tags(file, Contents((1, 3), (entry,)), LAYOUTS["24-well"]).pairs
    {'Barcode': 'P-017'}
    """
    newest, problems = newest_tags(file, contents)
    tags = Tags(problems=problems)
    for tag in sorted(newest, key=lambda tag: tag.created):
        if tag.kind in _PASSED_OVER:
            continue
        try:
            body = file.bytes(tag.entry.start, tag.entry.length, tag.entry.name)
            _read_tag(Fields(file, body, tag.entry.name, _HEAD.size), tag, layout, tags)
        except ReadError as error:
            tags.problems.append(f"A tag was left out: {error.problem}.")
    tags.events.sort()
    if len(tags.problems) > _MOST_PROBLEMS:
        more = len(tags.problems) - _MOST_PROBLEMS
        tags.problems[_MOST_PROBLEMS:] = [f"There are {more} more problems with tags."]
    return tags


def _read_tag(fields: Fields, tag: Tag, layout: PlateLayout, tags: Tags) -> None:
    if tag.kind == _TREATMENT:
        _add_treatment(fields, layout, tags)
    elif tag.kind in _NOTED or tag.kind in _HAPPENED:
        _add_event(fields, tag, tags)
    elif tag.kind == _PAIR:
        key, value = one_line(fields.text()), clean_text(fields.text())
        if key in tags.pairs and tags.pairs[key] != value:
            tags.problems.append(f"The file says two things of {key!r}; the newer was kept.")
        tags.pairs[key] = value
    else:
        tags.problems.append(f"The {fields.place} is of type {tag.kind}, which is not known; it was left out.")


def _add_treatment(fields: Fields, layout: PlateLayout, tags: Tags) -> None:
    """Add what was done to a well; older tags end behind the flags."""
    well_column, well_row, _, _, flags = fields.take("<5B")
    well = well_name(well_row - 1, well_column - 1) if 1 <= well_row <= 26 else ""
    if layout.place(well) is None:
        where = f"well row {well_row}, column {well_column}"
        raise corrupt(fields.file, f"the {fields.place} is of {where}, which a {layout.name} plate does not have")
    said = {"active": "yes" if flags & 1 else "no", "control": "yes" if flags & 2 else "no"}
    if fields.left:
        fields.raw(3)
    if fields.left:
        said |= {"treatment": one_line(fields.text()), "note": clean_text(fields.text())}
    # Tags of some versions end within the dose.
    if fields.left >= 13:
        said |= _dose(fields, tags.problems)
    if well in tags.facts:
        tags.problems.append(f"Two tags say what was done to well {well}; the newer was kept.")
    tags.facts[well] = {fact: text for fact, text in said.items() if text}


def _dose(fields: Fields, problems: list[str]) -> dict[str, str]:
    """Return the dose, which is stored in its base unit, as the user saw it: with the prefix of the exponent."""
    value, exponent = fields.take("<db")
    unit = one_line(fields.text())
    if math.isnan(value):
        return {}
    shown, prefix = (value * 10.0**exponent, _PREFIXES[exponent]) if unit and exponent in _PREFIXES else (value, "")
    if not math.isfinite(shown):
        problems.append(f"The {fields.place} states a dose of {value:g} {unit}, which was left out.")
        return {}
    return {"dose": f"{shown:.12g}", "dose_unit": prefix + unit}


def _add_event(fields: Fields, tag: Tag, tags: Tags) -> None:
    rate, sample, n_samples = fields.take("<d2q")
    if not (0 < rate <= _HIGHEST_RATE and abs(sample) <= _LATEST * rate):
        raise corrupt(fields.file, f"the {fields.place} is of sample {sample} at {rate:g} Hz")
    time = sample / rate
    if tag.kind in _NOTED:
        fields.raw(4)
        tags.events.append((time, one_line(fields.text()) or _NOTED[tag.kind]))
        return
    what = _HAPPENED[tag.kind]
    text = _text_behind(fields)
    tags.events.append((time, f"{what}: {text}" if text else what))
    if tag.kind == _DATA_LOSS:
        tags.problems.append(f"Data were lost at {time:g} s, for {max(n_samples, 0) / rate:g} s.")


def _text_behind(fields: Fields) -> str:
    """Return the text of an event, if what stands behind its place is one and nothing else."""
    rest = fields.body[fields.position + 4 :]
    if len(rest) < 4 or struct.unpack_from("<i", rest)[0] != len(rest) - 4:
        return ""
    return one_line(rest[4:].decode("utf-8", "replace"))
