"""Every error that mnephys raises on purpose.

::

    MnephysError
    ├── ReadError (OSError)                  a file could not be read
    │   ├── MissingFileError (FileNotFoundError)   nothing is at that path
    │   ├── UnsupportedFormatError           no reader knows this content
    │   ├── TruncatedFileError               the file ends before its own header says
    │   ├── CorruptHeaderError               a header field cannot be true
    │   ├── FileUnitsError (UnitsError)      units are missing, unknown or contradict the values
    │   └── SeveralRecordingsError           one was asked for, several are inside
    ├── UnitsError (ValueError)              a unit is not in the table, or of another dimension
    ├── ProtocolError (ValueError)           a stimulus cannot be used as asked
    ├── SampleSheetError (ValueError)        a sample sheet contradicts itself or the files
    ├── RubricError (ValueError)             a rubric is not valid
    ├── ReferenceSetError (ValueError)       reference cells or wells, or a file of them, cannot be used
    ├── LimitsError (ValueError)             limits of quality control are not valid
    ├── DetectionError (ValueError)          settings of spike detection are not valid
    ├── StoreError (OSError)                 an output folder or its store cannot be used
    └── MissingPackageError (ImportError)    a package is not installed that only one function needs

Each message is one line that names the file and the place and says what to do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mnephys.wording import one_line

__all__ = [
    "CorruptHeaderError",
    "DetectionError",
    "FileUnitsError",
    "LimitsError",
    "MissingFileError",
    "MissingPackageError",
    "MnephysError",
    "ProtocolError",
    "ReadError",
    "ReferenceSetError",
    "RubricError",
    "SampleSheetError",
    "SeveralRecordingsError",
    "StoreError",
    "TruncatedFileError",
    "UnitsError",
    "UnsupportedFormatError",
]


class MnephysError(Exception):
    """Base of all errors raised on purpose; catching it catches nothing else."""

    def __str__(self) -> str:
        return one_line(super().__str__())


class ReadError(MnephysError, OSError):
    """A file could not be read.

    Parameters
    ----------
    path : str or Path
        The file, as the user named it.
    problem : str
        What is wrong, and where in the file.
    advice : str, optional
        What the user can do about it.

    Examples
    --------
    >>> print(ReadError("cell.abf", "is empty", "copy it again from the rig"))
    cell.abf: is empty; copy it again from the rig
    """

    def __init__(self, path: str | Path, problem: str, advice: str = "") -> None:
        self.path = str(path)
        self.problem = one_line(problem)
        self.advice = one_line(advice)
        # One argument: of two or three, OSError would make errno, strerror and filename.
        super().__init__(str(self))
        self.filename = self.path

    def __str__(self) -> str:
        tail = f"; {self.advice}" if self.advice else ""
        return f"{one_line(self.path)}: {self.problem}{tail}"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path, self.problem, self.advice)


class MissingFileError(ReadError, FileNotFoundError):
    """Nothing is at the path that was given."""


class UnsupportedFormatError(ReadError):
    """No reader recognises the content of the file."""


class TruncatedFileError(ReadError):
    """The file ends before the end that its own header states."""


class CorruptHeaderError(ReadError):
    """A header field cannot be true: an offset outside the file, a rate that is not finite."""


class UnitsError(MnephysError, ValueError):
    """A unit is not in the table, or has another dimension than the one asked for."""


class FileUnitsError(ReadError, UnitsError):
    """The units stored in a file are missing, unknown, or contradict the values beside them."""


class SeveralRecordingsError(ReadError):
    """`read` was asked for one recording of a file that holds several."""


class ProtocolError(MnephysError, ValueError):
    """A stimulus cannot be used as asked."""


class SampleSheetError(MnephysError, ValueError):
    """A sample sheet contradicts itself or the files it describes."""


class RubricError(MnephysError, ValueError):
    """A rubric is not valid."""


class ReferenceSetError(MnephysError, ValueError):
    """Reference cells or wells, or a file of what was learnt from them, cannot be used."""


class LimitsError(MnephysError, ValueError):
    """Limits of quality control are not valid."""


class DetectionError(MnephysError, ValueError):
    """Settings of spike detection are not valid."""


class StoreError(MnephysError, OSError):
    """An output folder or the store in it cannot be used."""


class MissingPackageError(MnephysError, ImportError):
    """A package is not installed that only one function needs."""
