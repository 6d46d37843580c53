"""What a file is, by its content; its name plays no part."""

from __future__ import annotations

from pathlib import Path

from mnephys.errors import ReadError, UnsupportedFormatError
from mnephys.readers.axion_metrics import is_metrics
from mnephys.readers.axion_spike_list import is_spike_list
from mnephys.readers.binary import BinaryFile, open_binary

__all__ = ["FORMATS", "HEAD", "METRICS", "SPIKE_LIST", "SPIKE_TRAINS", "recognise", "sniff"]

SPIKE_LIST = "Axion spike list CSV"
METRICS = "Axion metrics CSV"
SPIKE_TRAINS = "HDF5 spike trains"

_MAGIC = {b"ABF ": "ABF1", b"ABF2": "ABF2"}
_HDF5 = b"\x89HDF\r\n\x1a\n"

FORMATS = ("ABF1", "ABF2", SPIKE_LIST, METRICS, SPIKE_TRAINS)
"""The formats that can be read."""

HEAD = 16384
"""So many bytes of a file tell what it is; in an export the table begins after a page of settings."""

# Leading bytes of what people hand over by mistake, so that the message can say what it is.
_FOREIGN = {
    b"CLPX": "a pCLAMP file from before ABF",
    b"FTCX": "a FETCHEX file from before ABF",
    b"ATF\t": "an Axon text file (ATF)",
    b"ATF ": "an Axon text file (ATF)",
    b"\x89HDF\r\n\x1a\n": "an HDF5 file",
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
_BURST_LIST = b",Electrode,Size (spikes)"


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
        return "a list of bursts, not of spikes" if _BURST_LIST in head else f"text that begins {first!r}"
    return f"unknown binary data that begins {head[:4].hex(' ')}"


def recognise(path: str | Path, head: bytes) -> str | None:
    """Return the format of a file.

    Parameters
    ----------
    path : str or Path
        The file; opened only where its first bytes say that it is an HDF5 file.
    head : bytes
        Its first `HEAD` bytes.

    Returns
    -------
    str or None
        One of `FORMATS`; None where no reader knows the content.

    Examples
    --------
    >>> recognise("cell", b"ABF2...")
    'ABF2'
    """
    if (found := _MAGIC.get(head[:4])) is not None:
        return found
    if head.startswith(_HDF5):
        # h5py takes time to load, which only HDF5 files are worth.
        from mnephys.readers.spike_train_hdf5 import is_spike_train_hdf5

        # What is in a damaged file nobody knows; the reader says what is wrong with it.
        return SPIKE_TRAINS if is_spike_train_hdf5(path) or _is_damaged(path) else None
    if is_spike_list(head):
        return SPIKE_LIST
    return METRICS if is_metrics(head) else None


def _is_damaged(path: str | Path) -> bool:
    """Return whether a file cannot be opened although its first bytes are those of HDF5."""
    from mnephys.readers.hdf5 import open_hdf5

    try:
        with open_binary(path) as file, open_hdf5(file):
            return False
    except ReadError:
        return True


def sniff(file: BinaryFile) -> str:
    """Return the format of a file, or say what it looks like.

    Parameters
    ----------
    file : BinaryFile
        Open.

    Returns
    -------
    str
        One of `FORMATS`.

    Raises
    ------
    UnsupportedFormatError
        If no reader knows the content; the message says what it looks like.
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
