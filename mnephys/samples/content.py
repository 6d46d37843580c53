"""The bytes of a sample sheet, as many as a sheet can need."""

from __future__ import annotations

from pathlib import Path

from mnephys.errors import MissingFileError, ReadError
from mnephys.samples.text import sheet_error

__all__ = ["LARGEST", "read_content"]

#: Bytes of a sheet, unpacked; a hundred thousand full rows need less.
LARGEST = 50_000_000


def read_content(path: str | Path) -> bytes:
    """Return the bytes of a sheet.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    bytes
        All of them.

    Raises
    ------
    MissingFileError
        If nothing is there.
    ReadError
        If it cannot be opened.
    SampleSheetError
        If it is larger than `LARGEST`.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise MissingFileError(path, "there is no such file", "check the path of the sample sheet") from error
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise ReadError(path, f"cannot be opened ({problem})", "check the path and permissions") from error
    if len(content) > LARGEST:
        problem = f"is larger than {LARGEST // 1_000_000} MB"
        raise sheet_error(str(path), problem, "check that it is the sample sheet")
    return content
