"""The samples of an ABF file, through neo, once the header was found credible."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
from neo.rawio import AxonRawIO
from numpy.typing import NDArray

from mnephys.errors import CorruptHeaderError
from mnephys.readers.abf.header import AbfHeader
from mnephys.readers.binary import BinaryFile
from mnephys.readers.damage import DAMAGED_HEADER
from mnephys.recording import IntArray

__all__ = ["by_sweep", "read_channels"]


def read_channels(file: BinaryFile, header: AbfHeader, indices: Sequence[int]) -> list[NDArray[np.float32]]:
    """Return all samples of some channels.

    Parameters
    ----------
    file : BinaryFile
        The recording.
    header : AbfHeader
        What it says.
    indices : sequence of int
        Of the channels.

    Returns
    -------
    list of ndarray, float32, shape (n_samples,)
        Each in the unit of its channel, all sweeps one after another.

    Raises
    ------
    CorruptHeaderError
        If neo fails on the file, or a sample is not finite.
    """
    shape = (header.n_samples, len(header.channels))
    try:
        reader = AxonRawIO(filename=file.path)
        # Its warnings go to standard error, and concern fields that are judged here.
        reader.logger = logging.Logger("quiet", level=logging.CRITICAL + 1)  # noqa: LOG001 -- no shared logger is silenced
        reader.parse_header()
        # neo cuts by the table of sweeps, which old files lack and some count in other units: it is given
        # the checked extent of all samples instead, and the sweeps are cut from the result.
        extent: dict[str, Any] = {
            "type": "raw",
            "file_path": file.path,
            "dtype": header.dtype.str,
            "order": "C",
            "file_offset": header.data_offset,
            "shape": shape,
        }
        reader._buffer_descriptions = {0: {0: {"0": extent}}}  # noqa: SLF001 -- neo names it the way to describe a buffer
        raw = reader.get_analogsignal_chunk(block_index=0, seg_index=0, stream_index=0)
        found = [np.array(raw[:, index], dtype=np.float32) for index in indices]
    except Exception as error:
        # Whatever neo raises, of many kinds, is raised on as one of ours that names the file.
        raise CorruptHeaderError(
            file.path,
            f"neo cannot read it: {type(error).__name__}: {error}",
            DAMAGED_HEADER,
        ) from error
    for values, index in zip(found, indices, strict=True):
        channel = header.channels[index]
        if header.dtype.kind == "i":
            np.multiply(values, np.float32(channel.gain), out=values)
            np.add(values, np.float32(channel.offset), out=values)
        elif not np.isfinite(values).all():
            raise CorruptHeaderError(
                file.path,
                f"channel {channel.name!r} holds values that are not finite",
                "export it again from the acquisition program",
            )
    return found


def by_sweep(values: NDArray[np.float32], length: IntArray) -> NDArray[np.float32]:
    """Cut samples into sweeps.

    Parameters
    ----------
    values : ndarray, float32, shape (n_samples,)
        All sweeps one after another.
    length : ndarray, int, shape (n_sweeps,)
        Samples of each.

    Returns
    -------
    ndarray, float32, shape (n_sweeps, longest)
        Short sweeps are padded with NaN.

    Examples
    --------
    >>> by_sweep(np.arange(5, dtype=np.float32), np.array([2, 3])).tolist()
    [[0.0, 1.0, nan], [2.0, 3.0, 4.0]]
    """
    longest = int(length.max())
    if np.all(length == longest):
        return values.reshape(len(length), longest)
    padded = np.full((len(length), longest), np.nan, dtype=np.float32)
    padded[np.arange(longest) < length[:, np.newaxis]] = values
    return padded
