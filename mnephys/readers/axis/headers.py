"""The headers of the data sets of an AxIS file, older (three parts) and newer (one part with checksums)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import CorruptHeaderError, UnsupportedFormatError
from mnephys.readers.axis.blocks import (
    NAMED,
    RAW,
    SPIKE_HEADER_BYTES,
    SPIKES,
    DataSet,
    arrangement,
    checked_rate,
    checked_scale,
    sample_dtype,
    stated_duration,
)
from mnephys.readers.axis.entries import Contents, Entry, EntryType
from mnephys.readers.axis.errors import corrupt, cut
from mnephys.readers.axis.fields import Fields, clean_text
from mnephys.readers.binary import BinaryFile, text_field
from mnephys.wording import one_line

__all__ = ["read_data_sets"]

# The newest version of the header of a data set of which the fields are known.
_NEWEST = (1, 1)

_NAME_BYTES = 50
# Voltage, its bands, beating of heart cells, spikes.
_MOST_HEADERS = 200
# Settings as text and a list of channels; what is longer is none.
_MOST_BYTES = 1 << 20
_SPLIT_DTYPE = np.dtype("<i2")


def read_data_sets(file: BinaryFile, contents: Contents) -> tuple[list[DataSet], list[str]]:
    """Read the headers of all data sets.

    Parameters
    ----------
    file : BinaryFile
        Open.
    contents : Contents
        Of the file.

    Returns
    -------
    data_sets : list of DataSet
        In the order of the file; all their blocks lie within it.
    problems : list of str
        What was noticed, one sentence each.

    Raises
    ------
    CorruptHeaderError
        If a checksum is wrong, a field cannot be true, or there is no data set.
    TruncatedFileError
        If the file ends before the blocks do.

    Examples
    --------
    >>> import io
    >>> read_data_sets(BinaryFile("p.raw", io.BytesIO(b""), 1024), Contents((1, 3), ()))
    Traceback (most recent call last):
    mnephys.errors.CorruptHeaderError: p.raw: lists no data set; the file is damaged: copy it again from the \
acquisition computer
    """
    problems: list[str] = []
    found = []
    headers = contents.of(EntryType.SPLIT_HEADER, EntryType.SPLIT_EXTENSION, EntryType.COMBINED_HEADER)
    if len(headers) > _MOST_HEADERS:
        raise corrupt(file, f"lists {len(headers)} headers of data sets")
    for entry, following in pairwise([*headers, None]):
        if entry is None or entry.kind == EntryType.SPLIT_EXTENSION:
            continue
        if entry.kind == EntryType.COMBINED_HEADER:
            found.append(_combined(file, contents, entry, problems))
        else:
            extension = following if following and following.kind == EntryType.SPLIT_EXTENSION else None
            found.append(_split(file, contents, entry, extension, problems))
    if not found:
        raise corrupt(file, "lists no data set")
    problems += [doubt for data_set in found for doubt in _doubts(data_set)]
    described = {data_set.start for data_set in found if data_set.length}
    problems += [
        f"No header describes the {part.length} bytes of {part.name}; they were not read."
        for part in contents.of(EntryType.DATA)
        if part.length and part.start not in described
    ]
    return found, problems


def _body(file: BinaryFile, entry: Entry, least: int) -> Fields:
    if not least <= entry.length <= _MOST_BYTES:
        raise corrupt(file, f"the {entry.name} is {entry.length} bytes long")
    return Fields(file, file.bytes(entry.start, entry.length, entry.name), entry.name)


def _split(file: BinaryFile, contents: Contents, entry: Entry, extension: Entry | None, problems: list[str]) -> DataSet:
    """Return a data set of the older kind: its description, if any, and its samples are parts of their own."""
    fields = _body(file, entry, 64)
    rate, scale = fields.take("<2d")
    started = fields.date("start of the file", problems)
    experiment = fields.date("start of the experiment", problems)
    (first,) = fields.take("<q")
    n_channels, n_samples, header_bytes = fields.take("<3I")
    # No file of one channel has blocks with headers but one of spikes.
    kind = SPIKES if n_channels == 1 and header_bytes >= SPIKE_HEADER_BYTES else RAW
    name = description = ""
    if extension is not None:
        more = _body(file, extension, 84)
        _, _, kind = more.take("<3H")
        more.date("date of addition", problems)
        more.date("date of change", problems)
        name, description = one_line(text_field(more.raw(_NAME_BYTES))), clean_text(text_field(more.raw(more.left)))
    samples = _part_at(contents, first)
    if samples is None:
        places = ", ".join(str(part.start) for part in contents.of(EntryType.DATA)[:5]) or "none"
        raise corrupt(file, f"the {entry.name} places its samples at byte {first}, but samples begin at {places}")
    data_set = DataSet(
        name=name,
        description=description,
        kind=kind,
        dtype=_SPLIT_DTYPE,
        sampling_rate=checked_rate(file, rate, entry.name),
        voltage_scale=checked_scale(file, scale, entry.name),
        n_channels=n_channels,
        n_samples=n_samples,
        header_bytes=header_bytes,
        start=samples.start,
        length=samples.length,
        started=started,
        experiment_started=experiment,
    )
    unknown = "" if kind in {RAW, SPIKES, NAMED} else f"its data are of type {kind}"
    return replace(data_set, obstacle=arrangement(file, data_set, entry.name) or unknown)


def _combined(file: BinaryFile, contents: Contents, entry: Entry, problems: list[str]) -> DataSet:
    """Return a data set of the newer kind."""
    fields = _body(file, entry, 128)
    major, minor, kind, sample_type = fields.take("<4H")
    rate, scale = fields.take("<2d")
    n_channels, n_sets, n_samples, _, header_bytes = fields.take("<5I")
    dates = [
        fields.date(what, problems)
        for what in ("start of the data", "start of the experiment", "date of addition", "date of change")
    ]
    duration = fields.take("<d")[0] if (major, minor) >= (1, 1) else 0.0
    name, description = fields.text(), fields.text()
    start, length = fields.take("<2q")
    try:
        fields.checksum(0, entry.name)
    except CorruptHeaderError as error:
        if (major, minor) <= _NEWEST:
            raise
        problem = f"the {entry.name} is of version {major}.{minor}; up to {_NEWEST[0]}.{_NEWEST[1]} is known"
        raise UnsupportedFormatError(file.path, problem, "export it with an older version of the program") from error
    dtype = sample_dtype(sample_type)
    data_set = DataSet(
        name=one_line(name),
        description=clean_text(description),
        kind=kind,
        dtype=dtype or _SPLIT_DTYPE,
        sampling_rate=rate,
        voltage_scale=scale,
        n_channels=n_channels,
        n_sets=n_sets,
        n_samples=n_samples,
        header_bytes=header_bytes,
        duration=stated_duration(duration, entry.name, problems),
        started=dates[0],
        experiment_started=dates[1],
    )
    unknown = f"its samples are of type {sample_type}" if dtype is None else ""
    obstacle = _obstacle(file, data_set, entry.name, unknown)
    names, codes = ([], None) if obstacle else _listed_channels(fields, data_set)
    start, length = _place(file, contents, data_set, (start, length), problems)
    title = ", ".join(filter(None, map(one_line, names))) or data_set.name
    return replace(data_set, name=title, codes=codes, start=start, length=length, obstacle=obstacle)


def _obstacle(file: BinaryFile, data_set: DataSet, place: str, unknown: str) -> str:
    """Return why a data set cannot be read, whose header is whole; it does not cost the others."""
    if data_set.kind not in {RAW, SPIKES, NAMED}:
        return f"its data are of type {data_set.kind}"
    try:
        checked_rate(file, data_set.sampling_rate, place)
        checked_scale(file, data_set.voltage_scale, place)
        return unknown or arrangement(file, data_set, place)
    except CorruptHeaderError as error:
        return error.problem


def _listed_channels(fields: Fields, data_set: DataSet) -> tuple[list[str], NDArray[np.uint16] | None]:
    """Return the names and channels that stand behind the header, with a checksum of their own."""
    if not fields.left:
        return [], None
    begin = fields.position
    n_listed = fields.take("<I")[0] if data_set.is_spikes else data_set.n_channels
    codes = np.frombuffer(fields.raw(2 * n_listed), "<u2").astype(np.uint16)
    names = [fields.text() for _ in range(1 if data_set.is_spikes else data_set.n_sets)]
    fields.checksum(begin, f"list of channels in the {fields.place}")
    return names, codes


def _place(
    file: BinaryFile, contents: Contents, data_set: DataSet, stated: tuple[int, int], problems: list[str]
) -> tuple[int, int]:
    """Return where the blocks stand, which header and slots state both."""
    start, length = stated
    if start < 0 or length < 0:
        raise corrupt(file, f"the header of {data_set.title} places {length} bytes of samples at byte {start}")
    part = _part_at(contents, start)
    there = max(file.size - start, 0)
    if part is not None and part.to_end:
        if length > there:
            problems.append(
                f"The recording was not closed: of {length} bytes of {data_set.title}, {there} are in the file."
            )
        elif 0 < length < there:
            problems.append(f"The file goes on for {there} bytes of {data_set.title}, its header states {length}.")
        return start, min(length, there) if length else there
    if length > there:
        raise cut(file, f"samples of {data_set.title}", start, length)
    if part is None and length:
        within = next((e for e in contents.entries if e.start < start + length and start < e.end), None)
        if start < 1024 or (within is not None and within.kind != EntryType.DATA):
            what = "the header" if within is None else f"the {within.name}"
            raise corrupt(file, f"the header of {data_set.title} places its samples at byte {start}, over {what}")
        problems.append(f"Where the header places the samples of {data_set.title}, no part of the file begins.")
    if part is not None and length and part.length != length:
        problems.append(f"The file holds {part.length} bytes of {data_set.title}, its header states {length}.")
        length = min(part.length, length)
    return start, length


def _part_at(contents: Contents, start: int) -> Entry | None:
    """Return the samples that begin at a byte; an empty part begins where the next one does."""
    parts = [part for part in contents.of(EntryType.DATA) if part.start == start]
    return max(parts, key=lambda part: part.length, default=None)


def _doubts(data_set: DataSet) -> Sequence[str]:
    """Say what of the header is unusual."""
    if data_set.obstacle:
        return ()
    doubts = []
    if data_set.sampling_rate % 1:
        doubts.append(f"The sampling rate of {data_set.title} is {data_set.sampling_rate!r} Hz, no whole number.")
    if data_set.dtype.kind == "i" and not 1e-9 <= abs(data_set.voltage_scale) <= 1e-6:
        doubts.append(f"A count of {data_set.title} is {data_set.voltage_scale:g} V, which is unusual; check its gain.")
    rest = data_set.length - data_set.n_blocks * data_set.block_bytes
    if rest:
        doubts.append(f"The last block of {data_set.title} is incomplete ({rest} bytes); it was left out.")
    return doubts if data_set.is_spikes else [*doubts, *_doubts_of_samples(data_set)]


def _doubts_of_samples(data_set: DataSet) -> Sequence[str]:
    """Say what is unusual of continuous data."""
    doubts = []
    if data_set.header_bytes:
        doubts.append(f"Each time point of {data_set.title} has {data_set.header_bytes} bytes before it; passed over.")
    if not data_set.n_blocks:
        doubts.append(f"There is not one sample of {data_set.title}.")
    elapsed, stated = data_set.n_blocks / data_set.sampling_rate, data_set.duration
    if stated is not None and abs(elapsed - stated) > _tolerance(max(elapsed, stated)):
        doubts.append(f"The header of {data_set.title} states {stated:g} s, its samples last {elapsed:g} s.")
    return doubts


def _tolerance(longer: float) -> float:
    """Return by how much a stated duration may differ from that of the samples, of which it is never a part."""
    return min(max(1.0, longer / 100), longer / 4)
