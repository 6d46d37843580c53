"""The channels of a stream: where each lies, what it is called, and what its numbers mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.errors import CorruptHeaderError, FileUnitsError, UnsupportedFormatError
from mnephys.readers.hdf5.file import Hdf5File
from mnephys.readers.hdf5.numbers import checked_gain
from mnephys.readers.mcs.tables import COPY_AGAIN, InfoTable, brief, read_table, scaled
from mnephys.recording import FloatArray, IntArray

__all__ = ["Channels", "read_channels"]

_RATES = (100.0, 200_000.0)
_FILTERS = ("FilterType", "FilterCutOffFrequency", "FilterOrder")


@dataclass(frozen=True, slots=True, eq=False)
class Channels:
    """The channels of a stream, of which a stored number means ``(number - zero) * factor * 10 ** exponent``.

    Parameters
    ----------
    path, place : str
        Of the file, and of the table in it, for messages.
    ids, rows, groups : ndarray of int, shape (n_channels,)
        Number of each, its row in the data, and the well it is in.
    labels, units : tuple of str
        Name of each, and its unit.
    zero, factor : ndarray of float, shape (n_channels,)
        Stored number that means 0, and one step.
    exponent : ndarray of int, shape (n_channels,)
        Power of ten of the step.
    tick : int
        From one sample to the next, in us.
    filters : dict of str to str
        What the amplifier or the program did to all of them.
    """

    path: str
    place: str
    ids: IntArray
    rows: IntArray
    groups: IntArray
    labels: tuple[str, ...]
    units: tuple[str, ...]
    zero: FloatArray
    factor: FloatArray
    exponent: IntArray
    tick: int
    filters: dict[str, str]

    @property
    def sampling_rate(self) -> float:
        """In Hz."""
        return 1e6 / self.tick

    @property
    def step(self) -> FloatArray:
        """One step in the unit of each channel, shape (n_channels,); 0 where the numbers are no measurement."""
        return scaled(self.factor, self.exponent)

    def step_uv(self) -> FloatArray:
        """Return one step of each channel in uV.

        Returns
        -------
        ndarray, float64, shape (n_channels,)
            Never 0.

        Raises
        ------
        FileUnitsError
            If a channel is not in volt, or its step is 0 or that of no amplifier.
        """
        steps = scaled(self.factor, self.exponent + 6)
        for label, unit, step in zip(self.labels, self.units, steps.tolist(), strict=True):
            if unit != "V":
                raise FileUnitsError(
                    self.path,
                    f"{self.place} gives channel {brief(label)!r} the unit {brief(unit)!r}, not V",
                    "export electrode data in volt",
                )
            if step == 0:
                raise FileUnitsError(self.path, f"{self.place} gives channel {brief(label)!r} steps of 0 V", COPY_AGAIN)
            checked_gain(self.path, f"{self.place} of channel {brief(label)!r}", step)
        return steps


def read_channels(content: Hdf5File, place: str, problems: list[str]) -> Channels:
    """Read the table of the channels of a stream.

    Parameters
    ----------
    content : Hdf5File
        Open.
    place : str
        Where the table is.
    problems : list of str
        Takes a sentence for everything that had to be assumed.

    Returns
    -------
    Channels
        In the order of the table.

    Raises
    ------
    CorruptHeaderError
        If it is missing, or a number in it cannot be true.
    UnsupportedFormatError
        If the channels were not sampled at one rate.
    FileUnitsError
        If the table does not say what the numbers mean.
    ReadError
        If it cannot be read.
    """
    table = read_table(content, place)
    if table is None or table.n_rows == 0:
        raise CorruptHeaderError(content.path, f"{place} is missing or empty", COPY_AGAIN)
    for field in ("Unit", "Exponent", "ConversionFactor"):
        if field not in table.columns:
            raise FileUnitsError(content.path, f"{place} has no field {field}, so its voltages are unknown", COPY_AGAIN)
    for field, assumed in {"ADZero": "0 is the zero", "RowIndex": "channels lie in the order of the table"}.items():
        # Cut-outs of spikes have no rows.
        if field not in table.columns and not (field == "RowIndex" and "SegmentStream" in place):
            problems.append(f"{place} has no field {field}; it is assumed that {assumed}.")
    _compare_scales(table, problems)
    position = np.arange(table.n_rows)
    ids = table.whole("ChannelID", position)
    if np.unique(ids).size != ids.size:
        raise table.corrupt("gives two channels one ChannelID")
    labels = table.texts("Label")
    return Channels(
        content.path,
        place,
        ids,
        table.whole("RowIndex", position),
        table.whole("GroupID", 0),
        tuple(label or f"channel {number}" for label, number in zip(labels, ids.tolist(), strict=True)),
        table.texts("Unit"),
        table.whole("ADZero", 0).astype(np.float64),
        table.whole("ConversionFactor").astype(np.float64),
        table.exponents(),
        _tick(table),
        _filters(table),
    )


def _compare_scales(table: InfoTable, problems: list[str]) -> None:
    """Say it where channels in volt differ in scale: the amplifiers of an array are alike, a damaged number is not."""
    in_volt = np.array(table.texts("Unit")) == "V"
    columns = [table.whole(field, 0)[in_volt] for field in ("ConversionFactor", "Exponent", "ADZero")]
    if any((values != values[:1]).any() for values in columns):
        problems.append(f"{table.place} gives its channels different scales: check their gains and zeros.")


def _tick(table: InfoTable) -> int:
    """Return the time between two samples in us, which is one for all channels."""
    ticks = np.unique(table.whole("Tick")).tolist()
    if len(ticks) > 1:
        problem = f"{table.place} states several sampling rates: ticks from {ticks[0]} to {ticks[-1]} us"
        raise UnsupportedFormatError(table.path, problem, "export channels of one sampling rate")
    if ticks[0] <= 0 or not _RATES[0] <= 1e6 / ticks[0] <= _RATES[1]:
        raise table.corrupt(f"states a Tick of {ticks[0]} us; sampling rates of 100 Hz to 200 kHz are read")
    return int(ticks[0])


def _filters(table: InfoTable) -> dict[str, str]:
    found = {}
    for name in (f"{side}{what}" for side in ("HighPass", "LowPass") for what in _FILTERS):
        if name in table.columns:
            values = dict.fromkeys(str(value).strip() for value in table.columns[name].ravel().tolist())
            # -1 stands for no filter.
            if stated := [value for value in values if value not in {"", "-1"}]:
                found[name] = ", ".join(stated[:8])
    return found
