"""Files into recordings: one module per format, chosen by content and never by the name of the file.

A reader checks every header field that places, counts or scales something before it touches the samples, and
raises nothing but `mnephys.errors.ReadError` and its children on a file that it cannot read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mnephys.errors import SeveralRecordingsError
from mnephys.readers.binary import BinaryFile, open_binary
from mnephys.recording import PlateRecording, SweepRecording
from mnephys.summary import PlateSummary

if TYPE_CHECKING:
    from mnephys.readers.sniff import Format

__all__ = ["Recording", "read", "read_all"]

_MOST_NAMED = 8

Recording = SweepRecording | PlateRecording | PlateSummary
"""Whatever a file holds: sweeps of a cell, spikes or raw voltage of a plate, or a vendor's metrics of one."""


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
        spike times in s of every electrode of a plate, and its raw voltage, which stays in the file; or the metrics
        of an export. In `problems`, what is doubtful about it.

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
        names = [str(recording.metadata.get("name", "")) for recording in recordings]
        held = f"holds {len(recordings)} recordings" + (f" ({', '.join(names[:_MOST_NAMED])})" if all(names) else "")
        raise SeveralRecordingsError(path, held, "take one of the list that read_all gives")
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
        At least one; several where a file holds several recordings of a plate.

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
        return _read(file, sniff(file), channel)


def _read(file: BinaryFile, found: Format, channel: str | int | None) -> list[Recording]:
    """Read a file of a known format; only its own reader is loaded."""
    from mnephys.readers.sniff import Format

    match found:
        case Format.ABF1 | Format.ABF2:
            from mnephys.readers.abf.reading import read_abf

            return [read_abf(file, found, channel)]
        case Format.AXIS:
            from mnephys.readers.axis.reading import read_axis

            return [*read_axis(file)]
        case Format.SPIKE_LIST:
            from mnephys.readers.axion_csv.spike_list import read_spike_list

            return [read_spike_list(file)]
        case Format.METRICS:
            from mnephys.readers.axion_csv.metrics import read_metrics

            return [read_metrics(file)]
        case Format.BURST_LIST:
            from mnephys.readers.axion_csv.burst_list import read_burst_list

            return [*read_burst_list(file)]
        case _:
            return _read_hdf5(file, found)


def _read_hdf5(file: BinaryFile, found: Format) -> list[Recording]:
    from mnephys.readers.sniff import Format

    match found:
        case Format.MCS:
            from mnephys.readers.mcs.reading import read_mcs

            return [*read_mcs(file)]
        case Format.MAXWELL:
            from mnephys.readers.maxwell.reading import read_maxwell

            return [*read_maxwell(file)]
        case Format.BIOCAM:
            from mnephys.readers.biocam.reading import read_biocam

            return [*read_biocam(file)]
        case Format.NWB:
            from mnephys.readers.nwb.reading import read_nwb

            return [*read_nwb(file)]
        case _:
            from mnephys.readers.spike_trains.reading import read_spike_train_hdf5

            return [read_spike_train_hdf5(file)]
