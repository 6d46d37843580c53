"""Bursts of single electrodes: one module for each method, and the columns that all of them return."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping

from mnephys.mea.bursts.columns import Bursts
from mnephys.mea.bursts.isi_threshold import isi_threshold_bursts
from mnephys.mea.bursts.log_isi import log_isi_bursts
from mnephys.mea.bursts.max_interval import max_interval_bursts
from mnephys.mea.bursts.poisson_surprise import poisson_surprise_bursts
from mnephys.mea.bursts.rank_surprise import rank_surprise_bursts
from mnephys.recording import SpikeTrains
from mnephys.wording import nearest

__all__ = [
    "Bursts",
    "bursts",
    "isi_threshold_bursts",
    "log_isi_bursts",
    "max_interval_bursts",
    "poisson_surprise_bursts",
    "rank_surprise_bursts",
]

_METHODS: Mapping[str, Callable[..., Bursts]] = {
    "isi-threshold": isi_threshold_bursts,
    "max-interval": max_interval_bursts,
    "log-isi": log_isi_bursts,
    "poisson-surprise": poisson_surprise_bursts,
    "rank-surprise": rank_surprise_bursts,
}


def bursts(trains: SpikeTrains, method: str = "isi-threshold", **parameters: float) -> Bursts:
    """Find the bursts of every train.

    Parameters
    ----------
    trains : SpikeTrains
        Groups make no difference.
    method : str
        ``"isi-threshold"``, see `isi_threshold_bursts`; ``"max-interval"``, see `max_interval_bursts`; ``"log-isi"``,
        see `log_isi_bursts`; ``"poisson-surprise"``, see `poisson_surprise_bursts`; or ``"rank-surprise"``, see
        `rank_surprise_bursts`.
    **parameters : float
        Those of the method.

    Returns
    -------
    Bursts
        Train by train, in the order of time.

    Raises
    ------
    ValueError
        If there is no such method or parameter, or a parameter cannot be.

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[1.0, 1.05, 1.1, 5.0], [2.0, 2.01, 2.02, 2.03]])
    >>> found = bursts(trains, max_isi=0.1, min_spikes=3)
    >>> found
    Bursts: 2 bursts in 2 of 2 trains
    >>> found.start, found.n_spikes
    (array([1., 2.]), array([3, 4]))
    """
    if method not in _METHODS:
        raise ValueError(f"burst method {method!r} is not known; {nearest(method, _METHODS)}")
    find = _METHODS[method]
    known = [name for name in inspect.signature(find).parameters if name != "trains"]
    for name in parameters:
        if name not in known:
            raise ValueError(f"burst method {method!r} has no parameter {name!r}; {nearest(name, known)}")
    return find(trains, **parameters)
