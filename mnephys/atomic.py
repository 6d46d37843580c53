"""Write a file so that a reader sees the old content or the new one, never a part of it."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from mnephys.errors import StoreError

__all__ = ["write_bytes", "write_text"]


def write_text(path: str | Path, text: str) -> None:
    """Write a text file in UTF-8, whole or not at all.

    Parameters
    ----------
    path : str or Path
        An existing file is replaced; its folder has to exist.
    text : str
        The whole content; line ends are written as they are.

    Raises
    ------
    StoreError
        If the file cannot be written; an earlier file of that name is then unchanged.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> target = Path(folder.name, "note.txt")
    >>> write_text(target, "12 µV")
    >>> target.read_text(encoding="utf-8")
    '12 µV'
    >>> folder.cleanup()
    """
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write a file, whole or not at all.

    Parameters
    ----------
    path : str or Path
        An existing file is replaced; its folder has to exist.
    content : bytes
        The whole content.

    Raises
    ------
    StoreError
        If the file cannot be written; an earlier file of that name is then unchanged.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> write_bytes(Path(folder.name, "trace.bin"), bytes(4))
    >>> [entry.name for entry in Path(folder.name).iterdir()]
    ['trace.bin']
    >>> folder.cleanup()
    """
    target = Path(path)
    try:
        _replace(target, content)
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise StoreError(f"{target}: could not be written ({problem}); check the folder and its free space") from error


def _replace(target: Path, content: bytes) -> None:
    # The temporary file stands in the same folder because a rename is atomic only within one file system.
    part = target.parent / f".mnephys-{secrets.token_hex(8)}.part"
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            part.chmod(target.stat().st_mode & 0o777)
        part.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
