"""A folder of simulated files: all of them are written, or none where a file of others stands in the way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mnephys.atomic import write_bytes
from mnephys.errors import StoreError

__all__ = ["json_bytes", "write_new"]


def json_bytes(document: Mapping[str, Any]) -> bytes:
    r"""Return a document as readable JSON.

    Parameters
    ----------
    document : mapping
        Plain values; numbers need to be finite.

    Returns
    -------
    bytes
        UTF-8, with a line end.

    Examples
    --------
    >>> json_bytes({"seed": 0})
    b'{\n "seed": 0\n}\n'
    """
    return (json.dumps(document, indent=1, allow_nan=False) + "\n").encode()


def write_new(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write files into a folder; those that are there already with the same content stay as they are.

    Parameters
    ----------
    folder : Path
        Made if it is missing.
    files : mapping of str to bytes
        Content by name.

    Returns
    -------
    list of Path
        Of all files, in the order given.

    Raises
    ------
    StoreError
        If the folder cannot be made, read or written to, or holds another file of one of the names.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     [path.name for path in write_new(Path(place, "plate"), {"samples.csv": b"recording"})]
    ['samples.csv']
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be made ({error.strerror}); choose another folder") from error
    paths = [folder / name for name in files]
    contents = list(files.values())
    try:
        there = [path.exists() for path in paths]
        other = [
            path.name
            for path, content, exists in zip(paths, contents, there, strict=True)
            if exists and path.read_bytes() != content
        ]
    except OSError as error:
        raise StoreError(f"{folder}: cannot be read ({error.strerror}); choose another folder") from error
    if other:
        raise StoreError(f"{folder}: holds another {other[0]}, which is not replaced; choose an empty folder")
    for path, content, exists in zip(paths, contents, there, strict=True):
        if not exists:
            write_bytes(path, content)
    return paths
