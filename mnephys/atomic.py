"""Write a file so that a reader sees the old content or the new one, never a part of it."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from mnephys.errors import StoreError

__all__ = ["TextStream", "open_text", "write_bytes", "write_text"]


class TextStream:
    """What `open_text` gives: text goes in, in as many parts as there are.

    Parameters
    ----------
    file : binary file
        Open for writing.
    target : Path
        The file that it will be; for messages.
    """

    def __init__(self, file: BinaryIO, target: Path) -> None:
        self._file, self._target = file, target

    def write(self, text: str) -> int:
        """Append text, in UTF-8 and with its line ends as they are.

        Parameters
        ----------
        text : str
            A part of the content.

        Returns
        -------
        int
            Number of bytes.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        with _explained(self._target):
            return self._file.write(text.encode("utf-8"))


@contextlib.contextmanager
def open_text(path: str | Path) -> Iterator[TextStream]:
    """Write a text file part by part; it appears when all is there, or not at all.

    Parameters
    ----------
    path : str or Path
        An existing file is replaced when the block ends; its folder has to exist.

    Yields
    ------
    TextStream
        With a method `write`.

    Raises
    ------
    StoreError
        If the file cannot be written. After this, and after an error inside the block, an earlier file of that name
        is unchanged.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> with open_text(Path(folder.name, "page.html")) as file:
    ...     bytes_written = [file.write(part) for part in ("12 ", "µV")]
    >>> Path(folder.name, "page.html").read_text(encoding="utf-8")
    '12 µV'
    >>> folder.cleanup()
    """
    with _replacing(Path(path)) as file:
        yield TextStream(file, Path(path))


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
    with _replacing(target) as file, _explained(target):
        file.write(content)


@contextlib.contextmanager
def _replacing(target: Path) -> Iterator[BinaryIO]:
    """Give a new file that takes the target's place when the block ends well, and is removed when it does not."""
    # The temporary file stands in the same folder because a rename is atomic only within one file system.
    part = target.parent / f".mnephys-{secrets.token_hex(8)}.part"
    with _explained(target):
        file = part.open("xb")
    try:
        yield file
        with _explained(target):
            file.flush()
            os.fsync(file.fileno())
            file.close()
            with contextlib.suppress(FileNotFoundError):
                part.chmod(target.stat().st_mode & 0o777)
            part.replace(target)
    except BaseException:
        # Closing tries again to write what is left, which may fail again.
        with contextlib.suppress(OSError):
            file.close()
        with contextlib.suppress(OSError):
            part.unlink()
        raise


@contextlib.contextmanager
def _explained(target: Path) -> Iterator[None]:
    """Turn an error of the system into one that names the file and what to do."""
    try:
        yield
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise StoreError(f"{target}: could not be written ({problem}); check the folder and its free space") from error
