"""Files into recordings: one module per format, chosen by content and never by the name of the file.

A reader checks every header field that places, counts or scales something before it touches the samples, and
raises nothing but `mnephys.errors.ReadError` and its children on a file that it cannot read.
"""

from __future__ import annotations

from pathlib import Path

from mnephys.errors import SeveralRecordingsError
from mnephys.recording import SweepRecording

__all__ = ["read", "read_all"]


def read(path: str | Path, *, channel: str | int | None = None) -> SweepRecording:
    """Read a recording.

    Parameters
    ----------
    path : str or Path
        A file; its format is recognised by its content.
    channel : str or int, optional
        Name or index of the response channel, for files that hold several; chosen from units, amplifier and
        outputs if omitted.

    Returns
    -------
    SweepRecording
        Response in mV (current clamp) or pA (voltage clamp), with the most trustworthy command that the file
        holds and, in `problems`, what is doubtful about it.

    Raises
    ------
    MissingFileError
        If nothing is at that path.
    UnsupportedFormatError
        If no reader knows the content.
    TruncatedFileError
        If the file is empty or was cut.
    CorruptHeaderError
        If a header field cannot be true.
    SeveralRecordingsError
        If the file holds more than one.
    FileUnitsError
        If units are unknown or contradict one another or the values.
    ReadError
        Otherwise, if it cannot be read.

    Examples
    --------
    >>> read("no_such_cell.abf")
    Traceback (most recent call last):
    mnephys.errors.MissingFileError: no_such_cell.abf: does not exist; check the spelling of the path
    """
    recordings = read_all(path, channel=channel)
    if len(recordings) > 1:
        raise SeveralRecordingsError(path, f"holds {len(recordings)} recordings", "use read_all")
    return recordings[0]


def read_all(path: str | Path, *, channel: str | int | None = None) -> list[SweepRecording]:
    """Read all recordings of a file.

    Parameters
    ----------
    path : str or Path
        A file; its format is recognised by its content.
    channel : str or int, optional
        As for `read`.

    Returns
    -------
    list of SweepRecording
        At least one; an ABF file holds exactly one.

    Raises
    ------
    ReadError
        Or one of its children, as for `read`.

    Examples
    --------
    >>> read_all("no_such_cell.abf")
    Traceback (most recent call last):
    mnephys.errors.MissingFileError: no_such_cell.abf: does not exist; check the spelling of the path
    """
    from mnephys.readers.abf import read_abf
    from mnephys.readers.binary import open_binary
    from mnephys.readers.sniff import sniff

    with open_binary(path) as file:
        return [read_abf(file, sniff(file), channel)]
