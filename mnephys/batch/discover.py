"""Which files a user means by a list of files and folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mnephys.errors import ReadError
from mnephys.readers.sniff import HEAD, recognise

__all__ = ["Found", "find_recordings"]

RECORDING_SUFFIXES = (".abf", "spike_list.csv", "neuralmetrics.csv")


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
    unreadable : mapping of str to str
        Folders that could not be listed, by name, and why.
    """

    paths: Mapping[str, Path]
    empty_folders: tuple[str, ...] = ()
    unreadable: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the recordings."""
        return tuple(self.paths)


def find_recordings(inputs: Sequence[Path]) -> Found:
    """Find the recordings that files and folders stand for.

    A file that is named is always taken, so that what is wrong with it is said. In a folder, and all below
    it, files are taken whose content a reader knows, and those whose name claims so. Links are followed.

    Parameters
    ----------
    inputs : sequence of Path
        Files and folders that exist.

    Returns
    -------
    Found
        With the names of the recordings.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "cell.abf").write_bytes(b"ABF2")
    ...     find_recordings([Path(folder)]).names
    ('cell.abf',)
    """
    folders = [path for path in inputs if _is_folder(path)]
    files = [path for path in inputs if path not in folders]
    anchors = [path.absolute() for path in folders] + [path.absolute().parent for path in files]
    root = Path(os.path.commonpath(anchors)) if anchors else Path()
    unreadable: dict[str, str] = {}
    inside = {folder: list(_recordings_below(folder, root, unreadable)) for folder in folders}
    every = {path.absolute() for path in [*files, *(path for paths in inside.values() for path in paths)]}
    paths: dict[str, Path] = {}
    for path in sorted(every):
        name = _name(path.relative_to(root))
        paths[name if name not in paths else f"{name}#{len(paths)}"] = path
    empty = tuple(_name(folder) for folder, paths in inside.items() if not paths)
    return Found(dict(sorted(paths.items())), empty, unreadable)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a path that cannot be looked at is the reader's to report
        return False


def _name(path: Path) -> str:
    return os.fsencode(path.as_posix()).decode("utf-8", "replace")


def _recordings_below(folder: Path, root: Path, unreadable: dict[str, str]) -> Iterable[Path]:
    def refuse(error: OSError) -> None:
        name = _name(Path(os.path.relpath(error.filename or folder, root)))
        unreadable[name] = str(ReadError(name, f"cannot be listed ({error.strerror})", "check its permissions"))

    seen: set[str] = set()
    for parent, subfolders, names in os.walk(folder, onerror=refuse, followlinks=True):
        here = os.path.realpath(parent)
        if here in seen:  # a link back to a folder above would never end
            subfolders.clear()
            continue
        seen.add(here)
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for name in sorted(names):
            path = Path(parent, name)
            if not name.startswith(".") and (_claims(name) or _is_recording(path)):
                yield path


def _claims(name: str) -> bool:
    return name.lower().endswith(RECORDING_SUFFIXES)


def _is_recording(path: Path) -> bool:
    try:
        if not path.is_file():
            return False
        with path.open("rb") as stream:
            return recognise(path, stream.read(HEAD)) is not None
    except ReadError:  # a damaged HDF5 file: what is wrong with it is the reader's to say
        return True
    except OSError:
        return False
