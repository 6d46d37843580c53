"""Steps at which the membrane may have escaped the clamp and fired.

A clamped Na current grows smoothly with the step and comes sooner. A spike in a neurite beyond the clamp is all or
none, comes later than the current at the smaller step before, or comes back while the step lasts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.currents.activation import Limb

__all__ = ["suspected_levels"]

JUMP_MV = 10.0
JUMP_FROM, JUMP_TO = 0.1, 0.7
LATER_MS, LATER_SHARE = 0.3, 0.25
STRONG_SHARE = 0.1
SPIKE_CURRENT_PA = 100.0


def suspected_levels(limb: Limb) -> dict[str, NDArray[np.bool_]]:
    """Return the potentials whose current behaves like a spike.

    Parameters
    ----------
    limb : Limb
        A family's currents.

    Returns
    -------
    dict of str to ndarray, bool, shape (n_levels,)
        ``jump``: more than 70 % of the largest current, and less than 10 % at most 10 mV below;
        ``delayed``: by more than 0.3 ms and a quarter later than at the potential before.

    Examples
    --------
    >>> level, latency = np.arange(-50.0, 0.0, 10.0), np.array([9.0, 5.0, 2.0, 1.5, 1.2])
    >>> peak = np.array([-10.0, -30.0, -900.0, -1000.0, -950.0])
    >>> suspected_levels(Limb(level, peak, latency, peak, 20.0))["jump"]
    array([False, False,  True, False, False])
    """
    share = np.maximum(-limb.peak / max(-float(limb.peak.min()), 1e-9), 0.0)
    strong = -limb.peak > max(SPIKE_CURRENT_PA, limb.clear)
    apart = limb.level[:, np.newaxis] - limb.level
    near = (apart > 0) & (apart <= JUMP_MV + 0.5)
    jump = strong & (share > JUMP_TO) & (near & (share < JUMP_FROM)).any(axis=1)
    # The levels above the first are spikes too, but look like any other.
    jump[1:] &= ~jump[:-1]
    delayed = np.zeros(share.size, dtype=bool)
    pair = strong[1:] & strong[:-1] & (share[1:] > STRONG_SHARE) & (share[:-1] > STRONG_SHARE)
    later = np.diff(limb.latency)
    delayed[1:] = pair & (later > LATER_MS) & (later > LATER_SHARE * limb.latency[:-1])
    return {"jump": jump, "delayed": delayed}
