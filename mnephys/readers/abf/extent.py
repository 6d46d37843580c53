"""Whether the parts of an ABF file fill it: bytes that belong to nothing show that something was lost or put in."""

from __future__ import annotations

from mnephys.readers.abf.fields import BLOCK
from mnephys.readers.binary import BinaryFile

__all__ = ["left_over", "more_entries"]


def left_over(file: BinaryFile, end: int) -> list[str]:
    """Return what is doubtful about the end of a file.

    Parameters
    ----------
    file : BinaryFile
        The recording.
    end : int
        Where the last part ends that its header places.

    Returns
    -------
    list of str
        A sentence where as many bytes as a block has follow, or more; fewer are padding.
    """
    rest = file.size - end
    if rest < BLOCK:
        return []
    return [f"The last {rest} bytes of the file belong to nothing that its header places: bytes may have been put in."]


def more_entries(file: BinaryFile, end: int, name: str, entries: int) -> list[str]:
    """Return what is doubtful about the number of entries of a section.

    Parameters
    ----------
    file : BinaryFile
        The recording.
    end : int
        Where the section ends according to that number.
    name : str
        Of the section, for the sentence.
    entries : int
        The number.

    Returns
    -------
    list of str
        A sentence where the padding behind the last entry is not blank.
    """
    n_bytes = min(-(-end // BLOCK) * BLOCK, file.size) - end
    if n_bytes <= 0 or not any(file.bytes(end, n_bytes, f"padding of the {name} section")):
        return []
    return [f"The {name} section holds more than the {entries} entries that the header counts: one may be missing."]
