"""Tables and attributes of a Multi Channel Systems HDF5 file, with their padding taken off.

The order of the fields of a table differs from version to version, and some are missing in some: they are found by
name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import CorruptHeaderError
from mnephys.readers.hdf5.file import Hdf5File
from mnephys.recording import FloatArray, IntArray
from mnephys.wording import one_line

__all__ = ["COPY_AGAIN", "InfoTable", "brief", "clean", "described", "read_table", "scaled"]

#: What the user can do about a damaged file.
COPY_AGAIN = "the file is damaged: export it again with the DataManager"
_MOST_ROWS = 1 << 16
_LARGEST_WHOLE = 1 << 62
_LARGEST_EXPONENT = 30
_LONGEST_SHOWN = 60


def clean(text: object) -> str:
    r"""Return a text without its padding.

    Parameters
    ----------
    text : object
        As stored: padded with spaces, often with an end of line after them.

    Returns
    -------
    str
        One space where there were several, or characters that no printer has.

    Examples
    --------
    >>> clean("Electrode Raw Data      \r\n")
    'Electrode Raw Data'
    """
    return one_line(str(text))


def brief(stated: object) -> str:
    """Return what a file says as a sentence shows it.

    Parameters
    ----------
    stated : object
        As stored.

    Returns
    -------
    str
        The first 60 letters of it, on one line.

    Examples
    --------
    >>> brief(3), brief("electrodes " * 8)
    ('3', 'electrodes electrodes electrodes electrodes electrodes elect...')
    """
    text = clean(stated)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def described(content: Hdf5File, place: str) -> dict[str, Any]:
    """Return the attributes of a group.

    Parameters
    ----------
    content : Hdf5File
        Open.
    place : str
        The group.

    Returns
    -------
    dict of str to int, float, str or list
        Texts without padding; what is empty is left out.

    Raises
    ------
    ReadError
        If they cannot be read.
    """
    found = {}
    for name, value in content.attributes(place).items():
        plain = value.tolist() if isinstance(value, np.ndarray) else value
        plain = clean(plain) if isinstance(plain, str) else plain
        if plain not in ("", []):
            found[name] = plain
    return found


def scaled(values: NDArray[Any], exponent: int | IntArray) -> FloatArray:
    """Return values times a power of ten, rounded once.

    Parameters
    ----------
    values : ndarray of any shape
        Numbers.
    exponent : int or ndarray of int, of the same shape
        Of ten.

    Returns
    -------
    ndarray, float64, of the shape of `values`
        The products.

    Examples
    --------
    >>> scaled(np.array([381470, 59604]), np.array([-3, -6])).tolist()
    [381.47, 0.059604]
    """
    # Powers of ten are whole numbers, which float64 holds exactly; a tenth it does not hold.
    power = np.abs(np.asarray(exponent, dtype=np.int64)).astype(np.float64)
    return np.where(np.asarray(exponent) >= 0, values * 10.0**power, values / 10.0**power)


@dataclass(frozen=True, slots=True, eq=False)
class InfoTable:
    """A table that describes the channels or the entities of a stream.

    Parameters
    ----------
    path, place : str
        Of the file, and of the table in it, for messages.
    columns : mapping of str to ndarray, each of shape (n_rows,)
        By field; at least one.
    """

    path: str
    place: str
    columns: Mapping[str, NDArray[Any]]

    @property
    def n_rows(self) -> int:
        """Number of channels or entities."""
        return len(next(iter(self.columns.values())))

    def whole(self, field: str, default: int | IntArray | None = None) -> IntArray:
        """Return a field of whole numbers.

        Parameters
        ----------
        field : str
            Its name.
        default : int or ndarray of int, shape (n_rows,), optional
            What stands for it where the table has no such field.

        Returns
        -------
        ndarray, int64, shape (n_rows,)
            One number per row.

        Raises
        ------
        CorruptHeaderError
            If it is missing without a default, or holds anything else.
        """
        if field not in self.columns:
            if default is None:
                raise self.corrupt(f"has no field {field}")
            return np.broadcast_to(np.asarray(default, dtype=np.int64), (self.n_rows,))
        values = self.columns[field]
        if values.dtype.kind not in "iu" or values.size != self.n_rows:
            raise self.corrupt(f"has a field {field} that holds no whole numbers")
        if values.size and not -_LARGEST_WHOLE < int(values.min()) <= int(values.max()) < _LARGEST_WHOLE:
            raise self.corrupt(f"has a field {field} of absurd size")
        return values.reshape(self.n_rows).astype(np.int64)

    def exponents(self, default: int | None = None) -> IntArray:
        """Return the powers of ten in which the rows are measured.

        Parameters
        ----------
        default : int, optional
            What stands for them where the table has no such field.

        Returns
        -------
        ndarray, int64, shape (n_rows,)
            Field ``Exponent``.

        Raises
        ------
        CorruptHeaderError
            If one cannot be true.
        """
        values = self.whole("Exponent", default)
        if (np.abs(values) > _LARGEST_EXPONENT).any():
            raise self.corrupt(f"states a unit times ten to the power of {values[np.argmax(np.abs(values))]}")
        return values

    def texts(self, field: str) -> tuple[str, ...]:
        """Return a field of texts.

        Parameters
        ----------
        field : str
            Its name.

        Returns
        -------
        tuple of str
            One per row without padding, all empty where the table has no such field.

        Raises
        ------
        CorruptHeaderError
            If it holds anything else than a text per row.
        """
        if field not in self.columns:
            return ("",) * self.n_rows
        values = self.columns[field]
        if values.dtype.kind not in "US" or values.size != self.n_rows:
            raise self.corrupt(f"has a field {field} that holds no texts")
        return tuple(clean(text) for text in values.ravel().tolist())

    def sources(self) -> list[list[int]]:
        """Return which channels each entity was made from.

        Returns
        -------
        list of list of int
            Per row the numbers in field ``SourceChannelIDs``, none where it names none.

        Raises
        ------
        CorruptHeaderError
            If it holds anything else than texts.
        """
        lists = (text.split(",") for text in self.texts("SourceChannelIDs"))
        return [[int(part) for part in parts if _is_number(part.strip())] for parts in lists]

    def corrupt(self, problem: str) -> CorruptHeaderError:
        """Return an error that names the table.

        Parameters
        ----------
        problem : str
            What is wrong with it.

        Returns
        -------
        CorruptHeaderError
            To be raised.
        """
        return CorruptHeaderError(self.path, f"{self.place} {problem}", COPY_AGAIN)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def read_table(content: Hdf5File, place: str) -> InfoTable | None:
    """Return a table.

    Parameters
    ----------
    content : Hdf5File
        Open.
    place : str
        Where it is.

    Returns
    -------
    InfoTable or None
        None where the file has none there, or one without a field.

    Raises
    ------
    ReadError
        If it cannot be read.
    """
    columns = content.table(place, _MOST_ROWS)
    return InfoTable(content.path, place, columns) if columns else None
