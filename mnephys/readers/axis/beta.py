"""Files of the first program of all, AxIS 0.0: 54 bytes of header, then samples.

They have neither a magic number nor a channel array; they begin with the number of their channels, 64.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

import numpy as np

from mnephys.readers.axis.blocks import RAW, DataSet, checked_rate, checked_scale
from mnephys.readers.axis.channels import PlateMap
from mnephys.readers.axis.errors import corrupt
from mnephys.readers.axis.fields import date_text
from mnephys.readers.binary import BinaryFile
from mnephys.recording import ELECTRODE, PlateLayout

__all__ = ["BETA_BYTES", "is_beta", "read_beta"]

BETA_BYTES = 54
"""Length of the header."""

_HEAD = struct.Struct("<HIH4d14s")
# All of them are of the one plate that there was.
_N_CHANNELS = 64
_COUNTS_PER_COEFFICIENT = 1200
_NAME = "header of the beta version"


@dataclass(frozen=True, slots=True)
class Beta:
    """What such a file holds.

    Parameters
    ----------
    data_set : DataSet
        The voltage.
    plate : PlateMap
        One well with electrodes that have numbers and no place.
    gain : int
        Of the amplifier, which the voltage scale contains.
    problems : tuple of str
        What was noticed, one sentence each.
    """

    data_set: DataSet
    plate: PlateMap
    gain: int
    problems: tuple[str, ...]


def is_beta(head: bytes) -> bool:
    """Return whether a file is one of these.

    Parameters
    ----------
    head : bytes
        Its first bytes, at least `BETA_BYTES`.

    Returns
    -------
    bool
        A number says little: rate, scale and date need to be ones as well.

    Examples
    --------
    >>> head = struct.pack("<HIH4d7H", 64, 20000, 1200, 0.0, 1e-3, 0.0, 0.0, 2009, 5, 4, 10, 0, 0, 0)
    >>> is_beta(head), is_beta(b"@ not a recording".ljust(54))
    (True, False)
    """
    if len(head) < BETA_BYTES:
        return False
    n_channels, rate, _, *coefficients, date = _HEAD.unpack_from(head)
    return (
        n_channels == _N_CHANNELS
        and 100 <= rate <= 200_000
        and all(map(math.isfinite, coefficients))
        and coefficients[1] != 0
        and date_text(date)[1]
    )


def read_beta(file: BinaryFile) -> Beta:
    """Read the header.

    Parameters
    ----------
    file : BinaryFile
        Open, recognised by `is_beta`.

    Returns
    -------
    Beta
        The samples reach to the end of the file.

    Raises
    ------
    CorruptHeaderError
        If a field cannot be true.

    Examples
    --------
    >>> import io
    >>> head = struct.pack("<HIH4d7H", 64, 20000, 1200, 0.0, 1e-3, 0.0, 0.0, 2009, 5, 4, 10, 0, 0, 0)
    >>> beta = read_beta(BinaryFile("p.raw", io.BytesIO(head), 54 + 1280))
    >>> beta.data_set.n_blocks, beta.data_set.started, len(beta.plate.electrodes)
    (10, '2009-05-04T10:00:00.000', 64)
    """
    n_channels, rate, gain, *coefficients, date = _HEAD.unpack(file.bytes(0, BETA_BYTES, _NAME))
    if n_channels != _N_CHANNELS:
        raise corrupt(file, f"the {_NAME} states {n_channels} channels instead of {_N_CHANNELS}")
    text, _ = date_text(date)
    data_set = DataSet(
        name="",
        description="",
        kind=RAW,
        dtype=np.dtype("<i2"),
        sampling_rate=checked_rate(file, rate, _NAME),
        voltage_scale=checked_scale(file, coefficients[1] / _COUNTS_PER_COEFFICIENT, _NAME),
        n_channels=n_channels,
        start=BETA_BYTES,
        length=file.size - BETA_BYTES,
        started=text,
    )
    labels = tuple(f"ch{number:02d}" for number in range(1, n_channels + 1))
    layout = PlateLayout(f"Axion {n_channels}-electrode array", 1, 1, labels)
    electrodes = np.array([("A1", label, 0, 0, np.nan, np.nan, False) for label in labels], ELECTRODE)
    rows = np.arange(n_channels)
    problems = ["The file does not say where its electrodes are: they have the numbers of their channels."]
    if rest := data_set.length - data_set.n_blocks * data_set.block_bytes:
        problems.append(f"The last time point is incomplete ({rest} bytes); it was left out.")
    plate = PlateMap(layout.name, layout, False, electrodes, rows, rows.astype(np.uint16))
    return Beta(data_set, plate, gain, tuple(problems))
