"""Which data sets of an AxIS file are the voltage and the spikes of the plate, and whose columns are whose."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mnephys.errors import CorruptHeaderError
from mnephys.readers.axis.blocks import RAW, DataSet
from mnephys.readers.axis.content import AxisContent
from mnephys.readers.axis.fields import listed
from mnephys.readers.axis.signal import AxisSignal
from mnephys.readers.damage import DAMAGED
from mnephys.recording import IntArray

__all__ = ["is_voltage", "signal_of", "spike_set", "voltage_set"]

# Beating of heart cells and impedance are recorded at the same electrodes, and are no voltage of theirs.
_NO_VOLTAGE = ("contractility", "impedance", "viability")
_LIKE_VOLTAGE: tuple[Callable[[DataSet], bool], ...] = (
    lambda one: one.name.lower() == "voltage",
    lambda one: one.kind == RAW,
    lambda one: "voltage" in one.name.lower() or "raw" in one.name.lower().split(),
    lambda one: "high" in one.name.lower(),
)
_VOLTAGE_ITSELF = 3


def is_voltage(data_set: DataSet) -> bool:
    """Return whether the values of a continuous data set are a voltage.

    Parameters
    ----------
    data_set : DataSet
        Of the file.

    Returns
    -------
    bool
        By its name.

    Examples
    --------
    >>> is_voltage(DataSet("Contractility", "", 2, np.dtype("<i2"), 12500.0, -5e-8))
    False
    """
    return not data_set.is_spikes and not any(word in data_set.name.lower() for word in _NO_VOLTAGE)


def voltage_set(data_sets: Sequence[DataSet]) -> tuple[DataSet | None, list[str]]:
    """Return the continuous data set that is the voltage.

    Parameters
    ----------
    data_sets : sequence of DataSet
        Of the file.

    Returns
    -------
    data_set : DataSet or None
        The one called Voltage, else the first that is raw, else the first of high frequencies, else the first; None
        where none can be read.
    problems : list of str
        A sentence where it had to be chosen.

    Examples
    --------
    >>> sets = [DataSet(name, "", 2, np.dtype("<i2"), 12500.0, -5e-8) for name in ("LFP", "Voltage")]
    >>> voltage_set(sets)[0].name, voltage_set(sets)[1]
    ('Voltage', ["The file holds 2 continuous data sets; the data set 'Voltage' was read, not LFP."])
    """
    held = [one for one in data_sets if is_voltage(one)]
    best, problems = _chosen(held, "continuous data sets", _LIKE_VOLTAGE)
    if best is not None and not any(like(best) for like in _LIKE_VOLTAGE[:_VOLTAGE_ITSELF]):
        problems.append(f"None is called voltage or raw: {best.title} may be filtered.")
    return best, problems


def spike_set(data_sets: Sequence[DataSet]) -> tuple[DataSet | None, list[str]]:
    """Return the data set of spikes.

    Parameters
    ----------
    data_sets : sequence of DataSet
        Of the file.

    Returns
    -------
    data_set : DataSet or None
        The first that holds any; None where none can be read.
    problems : list of str
        A sentence where it had to be chosen.

    Examples
    --------
    >>> spike_set([])
    (None, [])
    """
    return _chosen([one for one in data_sets if one.is_spikes], "data sets of spikes", ())


def _chosen(
    held: list[DataSet], kind: str, preferences: tuple[Callable[[DataSet], bool], ...]
) -> tuple[DataSet | None, list[str]]:
    """Return the first that can be read, of those that the first preference with any holds for."""
    readable = [one for one in held if not one.obstacle]
    if not readable:
        return None, []
    usable = [one for one in readable if one.n_blocks] or readable
    pools = [[one for one in usable if preferred(one)] for preferred in preferences]
    best = next((pool[0] for pool in pools if pool), usable[0])
    if len(held) == 1:
        return best, []
    others = listed([one.name or "one without a name" for one in held if one is not best])
    return best, [f"The file holds {len(held)} {kind}; {best.title} was read, not {others}."]


def signal_of(content: AxisContent, data_set: DataSet) -> tuple[AxisSignal, list[str]]:
    """Return a continuous data set as a signal.

    Parameters
    ----------
    content : AxisContent
        Of the file.
    data_set : DataSet
        Continuous, without an obstacle.

    Returns
    -------
    signal : AxisSignal
        Of the columns that belong to an electrode.
    problems : list of str
        A sentence on the others.

    Raises
    ------
    CorruptHeaderError
        If it has no list of channels, and not as many columns as the channel array has channels; or none of its columns
        is of an electrode.

    Examples
    --------
    >>> from mnephys.readers.axis.channels import CHANNEL, map_plate
    >>> from mnephys.readers.axis.tags import Tags
    >>> plate = map_plate(0x1800001, np.array([(1, 1, 2, 1, 0, 5, 0)], CHANNEL))
    >>> content = AxisContent("p.raw", 2048, "1.3", [], plate, Tags())
    >>> voltage = DataSet("Voltage", "", 2, np.dtype("<i2"), 12500.0, -5e-8, start=1024, length=1024)
    >>> signal, problems = signal_of(content, voltage)
    >>> signal.shape, signal.electrodes.tolist(), problems
    ((512, 1), [4], [])
    """
    rows = _rows(content, data_set)
    # Of two columns of one electrode, the first counts.
    electrodes, first = np.unique(rows, return_index=True)
    columns = np.sort(first[electrodes >= 0])
    if not columns.size:
        raise CorruptHeaderError(
            content.path, f"no column of {data_set.title} is of an electrode of the plate", DAMAGED
        )
    problems = []
    if columns.size < rows.size:
        n_lost = f"{rows.size - columns.size} of {rows.size}"
        problems.append(f"{n_lost} columns of {data_set.title} are of no electrode of their own; they were left out.")
    signal = AxisSignal(
        path=content.path,
        size=content.size,
        start=data_set.start,
        n_samples=data_set.n_blocks,
        dtype=data_set.dtype,
        n_columns=data_set.n_channels,
        header_bytes=data_set.header_bytes,
        columns=columns,
        electrodes=rows[columns],
        sampling_rate=data_set.sampling_rate,
        microvolts=data_set.microvolts,
    )
    return signal, problems


def _rows(content: AxisContent, data_set: DataSet) -> IntArray:
    """Return the electrode of each column, -1 where there is none."""
    if data_set.codes is not None:
        rows: IntArray = content.plate.row_of_code()[data_set.codes]
        return rows
    n_listed = content.plate.rows.size
    if data_set.n_channels != n_listed:
        what = f"{data_set.title} has {data_set.n_channels} columns, but the channel array lists {n_listed} channels"
        raise CorruptHeaderError(content.path, what, DAMAGED)
    return content.plate.rows
