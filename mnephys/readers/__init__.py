"""Files into recordings: one module per format, chosen by content and never by the name of the file.

A reader checks every header field that places, counts or scales something before it touches the samples, and
raises nothing but `mnephys.errors.ReadError` and its children on a file that it cannot read.
"""

from __future__ import annotations

from pathlib import Path

from mnephys.errors import SeveralRecordingsError
from mnephys.readers.binary import BinaryFile, open_binary
from mnephys.recording import PlateRecording, SweepRecording
from mnephys.summary import PlateSummary

__all__ = ["Recording", "read", "read_all"]

Recording = SweepRecording | PlateRecording | PlateSummary
"""Whatever a file holds: sweeps of a cell, spikes of a plate, or a vendor's metrics of one."""


def read(path: str | Path, *, channel: str | int | None = None) -> Recording:
    """Read a recording.

    Parameters
    ----------
    path : str or Path
        A file; its format is recognised by its content.
    channel : str or int, optional
        Name or index of the response channel, for files of sweeps that hold several; chosen from units, amplifier
        and outputs if omitted.

    Returns
    -------
    SweepRecording, PlateRecording or PlateSummary
        Sweeps in mV (current clamp) or pA (voltage clamp), with the most trustworthy command that the file holds;
        spike times in s of every electrode of a plate; or the metrics of an export. In `problems`, what is
        doubtful about it.

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


def read_all(path: str | Path, *, channel: str | int | None = None) -> list[Recording]:
    """Read all recordings of a file.

    Parameters
    ----------
    path : str or Path
        A file; its format is recognised by its content.
    channel : str or int, optional
        As for `read`.

    Returns
    -------
    list of SweepRecording, PlateRecording or PlateSummary
        At least one; the formats that can be read so far hold exactly one.

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
    from mnephys.readers.sniff import sniff

    with open_binary(path) as file:
        return [_read(file, sniff(file), channel)]


def _read(file: BinaryFile, found: str, channel: str | int | None) -> Recording:
    """Read a file of a known format; only its own reader is loaded."""
    from mnephys.readers.sniff import METRICS, SPIKE_LIST, SPIKE_TRAINS

    if found == SPIKE_LIST:
        from mnephys.readers.axion_spike_list import read_spike_list

        return read_spike_list(file)
    if found == METRICS:
        from mnephys.readers.axion_metrics import read_metrics

        return read_metrics(file)
    if found == SPIKE_TRAINS:
        from mnephys.readers.spike_train_hdf5 import read_spike_train_hdf5

        return read_spike_train_hdf5(file)
    from mnephys.readers.abf import read_abf

    return read_abf(file, found, channel)
