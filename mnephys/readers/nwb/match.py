"""Which units of an NWB file belong to which of its electrical series."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mnephys.readers.nwb.series import Series
from mnephys.readers.nwb.units import Units
from mnephys.recording import IntArray

__all__ = ["series_of_units"]

_NONE, _SEVERAL = -1, -2


def series_of_units(units: Units, series: Sequence[Series]) -> tuple[IntArray | None, str]:
    """Return the series that each unit belongs to.

    Parameters
    ----------
    units : Units
        Of a file.
    series : sequence of Series
        Of the same file, at least one.

    Returns
    -------
    which : ndarray, int, shape (n_units,), or None
        Position of the series, -1 for a silent unit without an electrode. Of an acquired series and those that were
        computed from it, the acquired one. None where it is not clear.
    why : str
        Why it is not, as a sentence.
    """
    electrode = units.electrode
    if electrode is None:
        return None, "Units are not on one electrode each: it is not clear to which series they belong."
    which = np.where(electrode < 0, _NONE, _owners(series, int(electrode.max(initial=0)) + 1)[electrode])
    homeless = (electrode >= 0) & (which < 0)
    if homeless.any():
        first = int(np.argmax(homeless))
        holders = "several series have" if which[first] == _SEVERAL else "no series has"
        return None, f"It is not clear to which series unit {units.ids[first]} belongs: {holders} its electrode."
    for i, each in enumerate(series):
        times = units.times[np.repeat(which == i, units.counts)]
        start, stop = each.edges
        if times.size and (times.min() < start - 1 / each.rate or times.max() > stop + 1 / each.rate):
            spans = f"spikes at {times.min():.6g} to {times.max():.6g} s, but series {each.place} lasts"
            return None, f"Units have {spans} from {start:.6g} to {stop:.6g} s: they are a recording of their own."
    return which, ""


def _owners(series: Sequence[Series], n_electrodes: int) -> IntArray:
    """Return the series of each electrode, negative where it is none or not clear which."""
    acquired = [each.place.startswith("acquisition/") for each in series]
    owner = np.full(n_electrodes, _NONE)
    for chosen in (False, True):
        here = np.full(n_electrodes, _NONE)
        for i, each in enumerate(series):
            if each.rows is not None and acquired[i] is chosen:
                rows = each.rows[each.rows < n_electrodes]
                here[rows] = np.where(here[rows] == _NONE, i, _SEVERAL)
        owner = np.where(here == _NONE, owner, here)
    return owner
