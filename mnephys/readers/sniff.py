"""What a file is, by its content; its name plays no part."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from mnephys.errors import UnsupportedFormatError
from mnephys.readers.axion_csv.burst_list import is_burst_list
from mnephys.readers.axion_csv.metrics import is_metrics
from mnephys.readers.axion_csv.spike_list import is_spike_list
from mnephys.readers.axis.reading import is_axis
from mnephys.readers.binary import BinaryFile, open_binary

__all__ = ["FORMATS", "HEAD", "Format", "recognise", "sniff"]


class Format(StrEnum):
    """The formats that can be read."""

    ABF1 = "ABF1"
    ABF2 = "ABF2"
    AXIS = "Axion AxIS (.raw, .spk)"
    SPIKE_LIST = "Axion spike list CSV"
    METRICS = "Axion metrics CSV"
    BURST_LIST = "Axion burst list CSV"
    MCS = "MCS HDF5"
    MAXWELL = "MaxWell HDF5"
    BIOCAM = "3Brain HDF5"
    NWB = "NWB"
    SPIKE_TRAINS = "HDF5 spike trains"


FORMATS = tuple(Format)
"""The formats that can be read, by name."""

HEAD = 16384
"""So many bytes of a file tell what it is; in an export the table begins after a page of settings."""

_MAGIC = {b"ABF ": Format.ABF1, b"ABF2": Format.ABF2}
_HDF5 = b"\x89HDF\r\n\x1a\n"

# Leading bytes of what people hand over by mistake, so that the message can say what it is.
_FOREIGN = {
    b"CLPX": "a pCLAMP file from before ABF",
    b"FTCX": "a FETCHEX file from before ABF",
    b"ATF\t": "an Axon text file (ATF)",
    b"ATF ": "an Axon text file (ATF)",
    b"\x89HDF\r\n\x1a\n": "an HDF5 file of another kind",
    b"MC_DataTool": "a binary export of an MCS recording, which says nothing of wells",
    b"DATA": "a HEKA file",
    b"DAT1": "a HEKA file",
    b"DAT2": "a HEKA bundle",
    b"AxGr": "an AxoGraph file",
    b"AxGx": "an AxoGraph file",
    b"VER=": "a WinWCP file",
    b"PK\x03\x04": "a ZIP archive or an Office document",
    b"\x1f\x8b": "a gzip archive",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a PNG image",
    b"MATLAB ": "a MATLAB file",
    b"\x93NUMPY": "a NumPy array",
    b"\x80\x04\x95": "a Python pickle, which is never opened",
    b"version https://git-lfs": "a Git LFS pointer: the recording itself was not downloaded",
    b"<!DOCTYPE": "a web page",
    b"<html": "a web page",
    b"{\\rtf": "a text document (RTF)",
}
_SHOWN = 512


def _appearance(content: bytes) -> str:
    """Describe content that no reader knows."""
    head = content[:_SHOWN].removeprefix(b"\xef\xbb\xbf")
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            return what
    if not any(head):
        return "nothing but zeros"
    printable = sum(byte in b"\t\r\n" or 32 <= byte < 127 for byte in head)
    if printable >= 0.95 * len(head):
        first = head.decode("latin-1").split("\n", 1)[0][:40].strip()
        return f"text that begins {first!r}"
    return f"unknown binary data that begins {head[:4].hex(' ')}"


def recognise(path: str | Path, head: bytes) -> Format | None:
    """Return the format of a file.

    Parameters
    ----------
    path : str or Path
        The file; opened only where its first bytes say that it is an HDF5 file.
    head : bytes
        Its first `HEAD` bytes.

    Returns
    -------
    Format or None
        None where no reader knows the content.

    Raises
    ------
    ReadError
        If it is an HDF5 file that is damaged, or cannot be opened.

    Examples
    --------
    >>> recognise("cell", b"ABF2...")
    <Format.ABF2: 'ABF2'>
    """
    if (found := _MAGIC.get(head[:4])) is not None:
        return found
    if head.startswith(_HDF5):
        return _recognise_hdf5(path)
    for is_format, name in (
        (is_axis, Format.AXIS),
        (is_spike_list, Format.SPIKE_LIST),
        (is_burst_list, Format.BURST_LIST),
        (is_metrics, Format.METRICS),
    ):
        if is_format(head):
            return name
    return None


def _recognise_hdf5(path: str | Path) -> Format | None:
    # The library takes time to load, which only HDF5 files are worth.
    from mnephys.readers.biocam.reading import is_biocam
    from mnephys.readers.hdf5.file import open_hdf5
    from mnephys.readers.maxwell.reading import is_maxwell
    from mnephys.readers.mcs.reading import is_mcs
    from mnephys.readers.nwb.reading import is_nwb
    from mnephys.readers.spike_trains.reading import is_spike_train_hdf5

    with open_binary(path) as file, open_hdf5(file) as content:
        for is_format, name in (
            (is_mcs, Format.MCS),
            (is_maxwell, Format.MAXWELL),
            (is_biocam, Format.BIOCAM),
            (is_nwb, Format.NWB),
            (is_spike_train_hdf5, Format.SPIKE_TRAINS),
        ):
            if is_format(content):
                return name
    return None


def sniff(file: BinaryFile) -> Format:
    """Return the format of a file, or say what it looks like.

    Parameters
    ----------
    file : BinaryFile
        Open.

    Returns
    -------
    Format
        Which one.

    Raises
    ------
    UnsupportedFormatError
        If no reader knows the content; the message says what it looks like.
    ReadError
        If it is an HDF5 file that is damaged.
    """
    head = file.bytes(0, min(HEAD, file.size), "first bytes")
    found = recognise(file.path, head)
    if found is None:
        raise UnsupportedFormatError(
            file.path,
            f"looks like {_appearance(head)}, not like a recording that can be read",
            f"give a file of one of these formats: {', '.join(FORMATS)}",
        )
    return found
