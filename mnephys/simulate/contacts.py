"""How the electrodes of a simulated well lie to its cells."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Contacts", "draw_contacts"]

_GAIN_SPREAD = 0.5
_AMPLITUDE = 40.0
_AMPLITUDE_SPREAD = 0.3
_CUT = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Contacts:
    """How the electrodes of a well lie to its cells; the same on every day.

    Parameters
    ----------
    threshold : ndarray, float64, shape (n_electrodes,)
        From 0 to 1: an electrode is active where the probability of picking up active cells is larger.
    gain : ndarray, float64, shape (n_electrodes,)
        Factor on all rates of an active electrode, about 1.
    amplitude : ndarray, float64, shape (n_electrodes,)
        Median height of its spikes in uV.
    """

    threshold: NDArray[np.float64]
    gain: NDArray[np.float64]
    amplitude: NDArray[np.float64]


def draw_contacts(n_electrodes: int, rng: np.random.Generator) -> Contacts:
    """Draw how electrodes lie to the cells.

    Parameters
    ----------
    n_electrodes : int
        Of the well.
    rng : numpy.random.Generator
        The only source of chance.

    Returns
    -------
    Contacts
        Thresholds uniform, gains log-normal with mean 1, amplitudes log-normal with median 40 uV; the latter
        two cut at two standard deviations.

    Examples
    --------
    >>> contacts = draw_contacts(1000, np.random.default_rng(0))
    >>> float(contacts.gain.mean().round(1)), float(np.median(contacts.amplitude).round(-1))
    (1.0, 40.0)
    """
    normal = np.clip(rng.standard_normal((2, n_electrodes)), -_CUT, _CUT)
    return Contacts(
        threshold=rng.random(n_electrodes),
        gain=np.exp(_GAIN_SPREAD * normal[0]) / _mean_of_cut_lognormal(_GAIN_SPREAD),
        amplitude=_AMPLITUDE * np.exp(_AMPLITUDE_SPREAD * normal[1]),
    )


def _mean_of_cut_lognormal(spread: float) -> float:
    """Return the mean of exp(spread * z) for a standard normal z that is clipped to +-2."""

    def below(x: float) -> float:
        return 0.5 * math.erfc(-x / math.sqrt(2))

    inside = math.exp(spread**2 / 2) * (below(_CUT - spread) - below(-_CUT - spread))
    return inside + below(-_CUT) * (math.exp(spread * _CUT) + math.exp(-spread * _CUT))
