"""Raw voltage of one well of a MaxWell file: whether it can be unpacked, and which of its rows is which electrode.

The vendor's software packs it with a filter of its own. That is a shared library that the HDF5 library would load into
this process; it is neither fetched nor loaded here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.errors import CorruptHeaderError, UnsupportedFormatError
from mnephys.readers.hdf5.file import Hdf5File
from mnephys.readers.hdf5.lazy import LazyArray
from mnephys.readers.hdf5.numbers import whole_numbers
from mnephys.readers.maxwell.places import Place
from mnephys.readers.maxwell.settings import Routing
from mnephys.readers.spike_frames import positions_of
from mnephys.readers.spike_trains.columns import listed
from mnephys.recording import IntArray

__all__ = ["UNPACK", "RawVoltage", "read_raw", "rows_of"]

#: What the user can do about raw voltage that only the vendor's library unpacks.
UNPACK = (
    "unpack it where the vendor's plugin is installed (h5repack -f GZIP=4 in.raw.h5 out.raw.h5), or record spikes too"
)

_MOST_ROWS = 1 << 20
# Deflate, shuffle and Fletcher-32, which are part of every HDF5 library.
_UNPACKED_ANYWHERE = frozenset({1, 2, 3})


@dataclass(frozen=True, slots=True, eq=False)
class RawVoltage:
    """Raw voltage of a well.

    Parameters
    ----------
    shape : tuple of int, or None
        Rows and samples; None where it is not even known.
    array : LazyArray or None
        A row per channel; None where it cannot be unpacked.
    refused : UnsupportedFormatError or None
        Why it cannot be unpacked.
    """

    shape: tuple[int, int] | None
    array: LazyArray | None
    refused: UnsupportedFormatError | None = None


def read_raw(content: Hdf5File, place: Place) -> RawVoltage | None:
    """Find the raw voltage of a well; none of it is read.

    Parameters
    ----------
    content : Hdf5File
        Open.
    place : Place
        Of the well.

    Returns
    -------
    RawVoltage or None
        None where the file holds none, or not a single sample.

    Raises
    ------
    CorruptHeaderError
        If it holds something else than counts of channels by samples.
    ReadError
        Otherwise, if it is damaged.
    """
    try:
        array = content.lazy(place.raw)
    except UnsupportedFormatError as error:
        return RawVoltage(None, None, error)
    if array is None:
        if not content.has(place.raw):
            return None
        problem = f"dataset {place.raw} is a link to another place, which is not followed"
        return RawVoltage(None, None, UnsupportedFormatError(content.path, problem, "put the data itself in its place"))
    if len(array.shape) != 2 or array.dtype.kind not in "iu":
        problem = f"dataset {place.raw} holds {array.dtype} of shape {array.shape}, not counts of channels by samples"
        raise CorruptHeaderError(content.path, problem, "the file is damaged: copy it again")
    shape = (array.shape[0], array.shape[1])
    if 0 in shape:
        return None
    if foreign := sorted(set(array.filters) - _UNPACKED_ANYWHERE):
        problem = f"dataset {place.raw} is packed by filter {foreign[0]}, which only the vendor's library unpacks"
        return RawVoltage(shape, None, UnsupportedFormatError(content.path, problem, UNPACK))
    return RawVoltage(shape, array)


def rows_of(content: Hdf5File, place: Place, routing: Routing, n_rows: int) -> tuple[IntArray, tuple[str, ...]]:
    """Return which row of the raw voltage each electrode is.

    Parameters
    ----------
    content : Hdf5File
        Open.
    place : Place
        Of the well.
    routing : Routing
        Its electrodes.
    n_rows : int
        Rows of the raw voltage.

    Returns
    -------
    rows : ndarray, int64, shape (n_electrodes,)
        -1 where the raw voltage has no row for the channel of the electrode.
    problems : tuple of str
        Sentences on electrodes without a row, and on rows without an electrode.

    Raises
    ------
    CorruptHeaderError
        If the list of the channels of the rows cannot be true.
    """
    channels = routing.channels
    named = content.array(place.channels, _MOST_ROWS) if place.channels else None
    said: list[str] = []
    if named is not None and named.size == n_rows:
        rows = positions_of(channels, whole_numbers(content.path, place.channels, named))
    elif not place.channels or (n_rows > channels.size > 0 and channels.max() < n_rows):
        # In the old layout, and wherever every channel of the chip is stored, rows are counted like channels.
        rows = np.where(channels < n_rows, channels, -1)
    else:
        rows = np.arange(channels.size)
        rows[n_rows:] = -1
        said.append(
            f"Nothing says which row of {place.raw} is which channel; they were taken in the order of the table."
        )
    if named is not None and named.size != n_rows:
        said.append(f"Dataset {place.channels} names {named.size} channels of {n_rows} rows, and was not used.")
    if (lost := np.flatnonzero(rows < 0)).size:
        names = listed([str(electrode) for electrode in routing.electrodes[lost].tolist()])
        what = f"The raw voltage of well {place.well:03d} in {place.recording} has {n_rows} rows"
        said.append(f"{what}, and none for {lost.size} electrodes that the table lists ({names}); left out.")
    # In the old layout all channels of the chip have a row, whether or not an electrode is connected to them.
    if place.channels and (idle := n_rows - np.unique(rows[rows >= 0]).size) > 0:
        what = f"The raw voltage of well {place.well:03d} in {place.recording} has {n_rows} rows"
        said.append(f"{what}, {idle} of them of channels to which the table connects no electrode; left out.")
    return rows, tuple(said)
