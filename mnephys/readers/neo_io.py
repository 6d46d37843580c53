"""The readers of formats that neo does not know, as neo's objects: blocks, segments, signals, spike trains."""

from __future__ import annotations

from pathlib import Path

from neo.io.basefromrawio import BaseFromRaw

from mnephys.readers.axion_rawio import AxionRawIO
from mnephys.readers.mcs_rawio import McsHdf5RawIO

__all__ = ["AxionIO", "McsHdf5IO"]


class AxionIO(AxionRawIO, BaseFromRaw):
    """Axion AxIS files, ``.raw`` and ``.spk``.

    Parameters
    ----------
    filename : str or Path
        The file.

    Examples
    --------
    >>> AxionIO("no_such_plate.raw")
    Traceback (most recent call last):
    mnephys.errors.MissingFileError: no_such_plate.raw: does not exist; check the spelling of the path
    """

    name = "Axion AxIS"
    description = "Raw voltage and spikes of multiwell plates"
    mode = "file"

    def __init__(self, filename: str | Path) -> None:
        AxionRawIO.__init__(self, filename=filename)
        BaseFromRaw.__init__(self, filename)


class McsHdf5IO(McsHdf5RawIO, BaseFromRaw):
    """HDF5 files of Multi Channel Systems.

    Parameters
    ----------
    filename : str or Path
        The file.
    recording : int, optional
        Which recording, from 0; all of them if omitted.

    Examples
    --------
    >>> McsHdf5IO("no_such_plate.h5")
    Traceback (most recent call last):
    mnephys.errors.MissingFileError: no_such_plate.h5: does not exist; check the spelling of the path
    """

    name = "Multi Channel Systems HDF5"
    description = "Raw voltage, spikes and events, protocol 1 to 3"
    mode = "file"

    def __init__(self, filename: str | Path, recording: int | None = None) -> None:
        McsHdf5RawIO.__init__(self, filename, recording)
        BaseFromRaw.__init__(self, filename)
