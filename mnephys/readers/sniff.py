"""What a file is, by its first bytes; its name plays no part."""

from __future__ import annotations

from mnephys.errors import UnsupportedFormatError
from mnephys.readers.binary import BinaryFile

__all__ = ["FORMATS", "sniff"]

#: Leading bytes of the formats that can be read, and the name of each.
FORMATS = {b"ABF ": "ABF1", b"ABF2": "ABF2"}

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
_HEAD = 512


def _appearance(head: bytes) -> str:
    """Describe content that no reader knows."""
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


def sniff(file: BinaryFile) -> str:
    """Return the format of a file.

    Parameters
    ----------
    file : BinaryFile
        Open.

    Returns
    -------
    str
        A value of `FORMATS`.

    Raises
    ------
    UnsupportedFormatError
        If no reader knows the content; the message says what it looks like.
    """
    head = file.bytes(0, min(_HEAD, file.size), "first bytes")
    found = FORMATS.get(head[:4])
    if found is None:
        raise UnsupportedFormatError(
            file.path,
            f"looks like {_appearance(head)}, not like a recording that can be read",
            f"give a file of one of these formats: {', '.join(sorted(set(FORMATS.values())))}",
        )
    return found
