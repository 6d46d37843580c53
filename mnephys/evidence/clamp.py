"""What the report of a voltage-clamp recording needs besides its sweeps: the currents of its steps, its events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["clamp_evidence"]

N_EVENTS = 5000
_CURRENTS = ("command", "inward_peak", "inward_peak_raw", "outward_peak", "sustained", "sustained_raw")
_EVENTS = {"sweep": 0, "peak_time": 5, "amplitude": 2, "decay_time": 3}


def clamp_evidence(
    currents: Mapping[str, NDArray[np.generic]], events: Mapping[str, NDArray[np.generic]]
) -> dict[str, Any]:
    """Return the tables of a voltage-clamp recording that its figures are drawn from.

    Parameters
    ----------
    currents : mapping of str to ndarray, shape (n_steps,)
        The current-voltage table of `mnephys.patch.currents`; may be empty.
    events : mapping of str to ndarray, shape (n_events,)
        The columns of `mnephys.patch.synaptic.events` and ``polarity``; may be empty.

    Returns
    -------
    dict
        JSON-ready: `currents`, the steps of the current-voltage family with potentials in mV and currents in pA, and
        `synaptic`, at most 5,000 events spread over all; `n_events` of them were found.

    Examples
    --------
    >>> clamp_evidence({}, {})
    {'currents': {}, 'synaptic': {}, 'n_events': 0}
    """
    family = np.asarray(currents.get("family", ()), dtype=bool)
    n_events = len(events.get("sweep", ()))
    some = np.unique(np.linspace(0, n_events - 1, min(N_EVENTS, n_events)).astype(np.int64))
    found = {name: _numbers(np.asarray(events[name])[some], digits) for name, digits in _EVENTS.items() if n_events}
    if n_events:
        found["polarity"] = np.asarray(events["polarity"])[some].tolist()
    table = {name: _numbers(np.asarray(currents[name])[family], 3) for name in _CURRENTS if family.any()}
    return {"currents": table, "synaptic": found, "n_events": n_events}


def _numbers(values: NDArray[Any], digits: int) -> list[float | None]:
    rounded = np.round(values.astype(np.float64), digits)
    return [value if np.isfinite(value) else None for value in rounded.tolist()]
