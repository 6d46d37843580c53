"""What counts as active, as a burst and as a network burst: the vendor's generations of it.

The settings of the acquisition program changed over the years, and network bursts of the two generations cannot
be compared. Every result therefore names the definitions and carries their numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType

from mnephys.wording import nearest

__all__ = ["DEFINITIONS", "TIE", "Definitions", "check_threshold", "definitions"]

TIE = 1e-6
"""Spike times lie on the grid of the samples, so that intervals equal to a limit are common: ``<= x`` is
``<= x + TIE`` everywhere, in s."""


@dataclass(frozen=True, slots=True)
class Definitions:
    """The numbers that the metrics of a plate depend on.

    Parameters
    ----------
    name : str
        What to call them.
    active_min_rate : float
        Spikes per minute from which an electrode is active.
    burst_max_isi : float
        Longest interval within a burst of one electrode, in s.
    burst_min_spikes : int
        Fewest spikes of such a burst.
    network_burst_max_isi : float
        Longest interval within a network burst, over the spikes of all electrodes of the well, in s.
    network_burst_min_spikes : int
        Fewest spikes of a network burst.
    network_burst_min_electrodes : float
        Fraction of the electrodes of the well that need a spike in it.
    sttc_window : float
        Longest interval between two spikes that coincide, in s.

    Examples
    --------
    >>> from dataclasses import replace
    >>> replace(DEFINITIONS["axis-2023"], sttc_window=0.1).label
    'custom'
    """

    name: str
    active_min_rate: float = 5.0
    burst_max_isi: float = 0.1
    burst_min_spikes: int = 5
    network_burst_max_isi: float = 0.1
    network_burst_min_spikes: int = 50
    network_burst_min_electrodes: float = 0.35
    sttc_window: float = 0.05

    @property
    def label(self) -> str:
        """The name, if these are the numbers that are known by it, else ``custom``."""
        return self.name if DEFINITIONS.get(self.name) == self else "custom"

    @property
    def burst_parameters(self) -> dict[str, float]:
        """What bursts of electrodes depend on, as features declare it."""
        return {"max_isi_s": self.burst_max_isi, "min_spikes": self.burst_min_spikes}

    @property
    def network_burst_parameters(self) -> dict[str, float]:
        """What network bursts depend on, as features declare it."""
        return {
            "max_isi_s": self.network_burst_max_isi,
            "min_spikes": self.network_burst_min_spikes,
            "min_electrodes_fraction": self.network_burst_min_electrodes,
        }


DEFINITIONS = MappingProxyType(
    {
        each.name: each
        for each in (
            Definitions("axis-2015", network_burst_min_spikes=10, network_burst_min_electrodes=0.25),
            Definitions("axis-2023"),
        )
    }
)
"""The definitions that are known, by name: what the vendor's program of that year and later came with."""


def definitions(name: str) -> Definitions:
    """Return the definitions of a name.

    Parameters
    ----------
    name : str
        A key of `DEFINITIONS`.

    Returns
    -------
    Definitions
        Its entry.

    Raises
    ------
    ValueError
        If there are none of that name.

    Examples
    --------
    >>> definitions("axis-2015").network_burst_min_spikes
    10
    """
    if name not in DEFINITIONS:
        raise ValueError(f"definitions {name!r} are not known; {nearest(name, DEFINITIONS)}")
    return DEFINITIONS[name]


def check_threshold(max_isi: float, min_spikes: float) -> None:
    """Refuse what cannot define a burst.

    Parameters
    ----------
    max_isi : float
        Longest interval, in s.
    min_spikes : float
        Fewest spikes.

    Raises
    ------
    ValueError
        If the interval is negative or not finite, or a burst would need no interval.
    """
    if not (math.isfinite(max_isi) and max_isi >= 0):
        raise ValueError(f"a longest interval of {max_isi} s cannot be; give it in s")
    if not min_spikes >= 2:
        raise ValueError(f"a burst of {min_spikes} spikes has no interval; give at least 2")
