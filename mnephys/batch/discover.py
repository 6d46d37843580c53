"""Which files a user means by a list of files and folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mnephys.errors import ReadError
from mnephys.readers.sniff import FORMATS

__all__ = ["Found", "find_recordings"]

RECORDING_SUFFIXES = (".abf",)
_HEAD = max(len(magic) for magic in FORMATS)


@dataclass(frozen=True, slots=True)
class Found:
    """What was found.

    Parameters
    ----------
    paths : mapping of str to Path
        Where each recording lies, by its name: the POSIX path below the inputs' common root, sorted. Bytes
        of a file name that are no text are replaced.
    empty_folders : tuple of str
        Folders that were given and hold no recording.
    """

    paths: Mapping[str, Path]
    empty_folders: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the recordings."""
        return tuple(self.paths)


def find_recordings(inputs: Sequence[Path]) -> Found:
    """Find the recordings that files and folders stand for.

    A file that is named is always taken, so that what is wrong with it is said. In a folder, and all below
    it, files are taken whose content a reader knows, and those whose name claims so.

    Parameters
    ----------
    inputs : sequence of Path
        Files and folders that exist.

    Returns
    -------
    Found
        With the names of the recordings.

    Raises
    ------
    ReadError
        If a folder cannot be listed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "cell.abf").write_bytes(b"ABF2")
    ...     find_recordings([Path(folder)]).names
    ('cell.abf',)
    """
    folders = [path for path in inputs if path.is_dir()]
    files = [path for path in inputs if not path.is_dir()]
    anchors = [path.absolute() for path in folders] + [path.absolute().parent for path in files]
    root = Path(os.path.commonpath(anchors)) if anchors else Path()
    inside = {folder: list(_recordings_below(folder)) for folder in folders}
    every = {path.absolute() for path in [*files, *(path for paths in inside.values() for path in paths)]}
    paths: dict[str, Path] = {}
    for path in sorted(every):
        name = os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "replace")
        paths[name if name not in paths else f"{name}#{len(paths)}"] = path
    empty = tuple(str(folder) for folder, paths in inside.items() if not paths)
    return Found(dict(sorted(paths.items())), empty)


def _recordings_below(folder: Path) -> Iterable[Path]:
    def refuse(error: OSError) -> None:
        raise ReadError(error.filename or folder, f"cannot be listed ({error.strerror})", "check its permissions")

    for parent, subfolders, names in os.walk(folder, onerror=refuse):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for name in sorted(names):
            path = Path(parent, name)
            if not name.startswith(".") and path.is_file() and (_claims(name) or _is_recording(path)):
                yield path


def _claims(name: str) -> bool:
    return name.lower().endswith(RECORDING_SUFFIXES)


def _is_recording(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(_HEAD)[:4] in FORMATS
    except OSError:
        return False
