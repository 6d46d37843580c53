"""All that the headers and tags of an AxIS file say; what the samples say is read elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mnephys.readers.axis.beta import BETA_BYTES, is_beta, read_beta
from mnephys.readers.axis.blocks import DataSet
from mnephys.readers.axis.channels import PlateMap, map_plate, read_channels
from mnephys.readers.axis.entries import MAGIC, read_contents
from mnephys.readers.axis.errors import corrupt
from mnephys.readers.axis.headers import read_data_sets
from mnephys.readers.axis.notes import NOTE_KEYS, read_note
from mnephys.readers.axis.tags import Tags, read_tags
from mnephys.readers.binary import BinaryFile

__all__ = ["AxisContent", "read_content"]


@dataclass(frozen=True, slots=True, eq=False)
class AxisContent:
    """What an AxIS file says.

    Parameters
    ----------
    path : str
        As the user named it.
    size : int
        In bytes.
    version : str
        Of the format.
    data_sets : list of DataSet
        In the order of the file.
    plate : PlateMap
        Electrodes and channels.
    tags : Tags
        Treatments, events, dictionary.
    metadata : dict
        What is said of plate, date and experimenter.
    problems : list of str
        What was noticed, one sentence each.

    Examples
    --------
    >>> import numpy as np
    >>> from mnephys.readers.axis.channels import CHANNEL
    >>> plate = map_plate(0x1800001, np.array([(1, 1, 2, 1, 0, 5, 0)], CHANNEL))
    >>> AxisContent("p.raw", 2048, "1.3", [], plate, Tags()).problems
    []
    """

    path: str
    size: int
    version: str
    data_sets: list[DataSet]
    plate: PlateMap
    tags: Tags
    metadata: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read_content(file: BinaryFile) -> AxisContent:
    """Read all headers and tags.

    Parameters
    ----------
    file : BinaryFile
        Open.

    Returns
    -------
    AxisContent
        Of all data sets, also those that cannot be read.

    Raises
    ------
    CorruptHeaderError
        If a checksum is wrong, a field cannot be true, or something is missing without which nothing can be read.
    TruncatedFileError
        If the file ends before the samples do.
    UnsupportedFormatError
        If the file is of a version that is not known, or holds several channel arrays.

    Examples
    --------
    >>> import io
    >>> read_content(BinaryFile("p.raw", io.BytesIO(MAGIC), 8))
    Traceback (most recent call last):
    mnephys.errors.TruncatedFileError: p.raw: ends after 8 bytes, but its header places the header at bytes 0 to 1024; \
the file was cut: copy it again from the acquisition computer
    """
    head = file.bytes(0, min(BETA_BYTES, file.size), "header")
    if head[: len(MAGIC)] != MAGIC and is_beta(head):
        return _beta_content(file)
    contents = read_contents(file)
    data_sets, doubts = read_data_sets(file, contents)
    number, channels = read_channels(file, contents)
    plate = map_plate(number, channels)
    if (plate.rows < 0).all():
        raise corrupt(file, f"none of its {channels.size} channels is of an electrode of a {plate.layout.name} plate")
    tags = read_tags(file, contents, plate.layout)
    note, flaws = read_note(file, contents)
    said: dict[str, Any] = {key: note[key] for key in NOTE_KEYS if key in note} | tags.pairs
    first = data_sets[0]
    said |= {"plate": plate.name, "plate_type": f"{number:#x}"}
    said |= {"started": first.started} if first.started else {}
    said |= {"experiment_started": first.experiment_started} if first.experiment_started else {}
    return AxisContent(
        file.path,
        file.size,
        "{}.{}".format(*contents.version),
        data_sets,
        plate,
        tags,
        said,
        [*contents.problems, *doubts, *plate.problems, *flaws, *tags.problems],
    )


def _beta_content(file: BinaryFile) -> AxisContent:
    beta = read_beta(file)
    said = {"plate": beta.plate.name, "started": beta.data_set.started, "gain": beta.gain}
    return AxisContent(file.path, file.size, "0.0", [beta.data_set], beta.plate, Tags(), said, list(beta.problems))
