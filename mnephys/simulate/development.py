"""How a simulated network develops: the parameters of its activity along one coordinate from 0 to 1.

The curves are set by hand so that wells of development 0.15 to 0.95 look, roughly, like published
recordings of human stem-cell-derived motor neurons on multi-electrode arrays from day 5 to day 34 after
plating (data set ALS-motor-neuron-MEA-ML: twelve wells of a control line, eight electrodes each, 120 s,
mean +- SD by day). The mean firing rate is over all electrodes, the last two columns are of network bursts:

===========  ===  =================  =======================  ============  ================
development  day  active electrodes  mean firing rate         per min       % of spikes
===========  ===  =================  =======================  ============  ================
0.15           5  .17 +- .11         .06 +- .05 Hz            0             0
0.43          15  .64 +- .18         .37 +- .19 Hz             .9 +- 1.6    5 +- 9
0.59          21  .76 +- .20         .85 +- .41 Hz            7.3 +- 6.2    23 +- 17
0.78          28  .82 +- .17         .97 +- .37 Hz            9.5 +- 4.4    45 +- 14
0.95          34  .88 +- .12         1.77 +- .62 Hz           15 +- 9       75 +- 12
===========  ===  =================  =======================  ============  ================

They are fitted to no recording and say nothing about why a culture develops: simulated networks show the
program, no biology.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

__all__ = ["LEAST_BURST_SPIKES", "NetworkParameters", "parameters_at"]

LEAST_BURST_SPIKES = 5
"""Spikes of the smallest single-electrode burst that is drawn: what the usual definitions ask for."""

_PROBABILITIES = ("pickup_probability", "participation")


@dataclass(frozen=True, slots=True)
class NetworkParameters:
    """What one network does; the model itself is described at `simulate_well`.

    Parameters
    ----------
    pickup_probability : float
        Probability that an electrode picks up active cells.
    background_rate : float
        In Hz, of an active electrode of gain 1.
    burst_rate : float
        Single-electrode bursts of an active electrode of gain 1, in Hz.
    burst_spikes : float
        Mean number of spikes of such a burst, 5 or more.
    burst_interval : float
        Mean interval between them in s.
    network_burst_rate : float
        Network bursts of the well, in Hz.
    participation : float
        Probability that an active electrode takes part in a network burst.
    network_spikes : float
        Mean number of spikes of an electrode of gain 1 that takes part, 1 or more.
    network_duration : float
        Median length of a network burst in s.
    duration_spread : float
        Standard deviation of the logarithm of that length.
    network_jitter : float
        Mean delay in s with which an electrode joins a network burst.
    stray_rate : float
        False detections of every electrode, in Hz.
    refractory : float
        Least interval between two spikes of an electrode in s.

    Raises
    ------
    ValueError
        If a number is not possible, or network bursts would leave no pause between them.

    Examples
    --------
    >>> from dataclasses import replace
    >>> replace(parameters_at(0.8), participation=1.5)
    Traceback (most recent call last):
    ValueError: participation is 1.5, needs to be from 0 to 1
    """

    pickup_probability: float
    background_rate: float
    burst_rate: float
    burst_spikes: float
    burst_interval: float
    network_burst_rate: float
    participation: float
    network_spikes: float
    network_duration: float
    duration_spread: float
    network_jitter: float
    stray_rate: float
    refractory: float

    def __post_init__(self) -> None:
        for name in (field.name for field in fields(self)):
            value = getattr(self, name)
            if not 0 <= value < math.inf:
                raise ValueError(f"{name} is {value}, needs to be finite and not negative")
            if name in _PROBABILITIES and value > 1:
                raise ValueError(f"{name} is {value}, needs to be from 0 to 1")
        if self.burst_spikes < LEAST_BURST_SPIKES or self.network_spikes < 1:
            raise ValueError(
                f"burst_spikes is {self.burst_spikes} and network_spikes {self.network_spikes}; "
                f"they need to be {LEAST_BURST_SPIKES} and 1 at least"
            )
        if self.network_burst_rate > 0 and self.network_duration == 0:
            raise ValueError("network_duration is 0 s, needs to be positive where there are network bursts")
        if self.network_burst_rate * self.mean_network_duration >= 1:
            raise ValueError(
                f"{self.network_burst_rate} network bursts per s of {self.mean_network_duration:g} s leave no pause"
            )

    @property
    def mean_network_duration(self) -> float:
        """Mean length of a network burst in s, from its median and the spread of its logarithm."""
        return self.network_duration * math.exp(self.duration_spread**2 / 2)


def parameters_at(development: float) -> NetworkParameters:
    """Return the parameters of a network at one point of its development.

    More electrodes pick up active cells; unsynchronised firing first rises and then gives way to network
    bursts, which become more frequent, longer, sharper and richer in spikes, with more electrodes in each.

    Parameters
    ----------
    development : float
        From 0, where nothing fires, to 1, a strongly organised network.

    Returns
    -------
    NetworkParameters
        At that point.

    Raises
    ------
    ValueError
        If it is not from 0 to 1.

    Examples
    --------
    >>> young, old = parameters_at(0.15), parameters_at(0.95)
    >>> round(young.pickup_probability, 2), round(old.pickup_probability, 2)
    (0.17, 0.88)
    >>> round(60 * young.network_burst_rate, 1), round(60 * old.network_burst_rate, 1)
    (0.1, 14.9)
    """
    d = float(development)
    if not 0 <= d <= 1:
        raise ValueError(f"development is {development}, needs to be from 0 to 1")
    risen = d**2.2
    return NetworkParameters(
        pickup_probability=0.95 * risen / (risen + 0.3**2.2),
        background_rate=math.sqrt(d) * (1 - 0.6 * d**3),
        burst_rate=0.01 * d,
        burst_spikes=7.0,
        burst_interval=0.03,
        network_burst_rate=0.29 * d**3,
        participation=0.5 + 0.45 * d,
        network_spikes=2 + 5 * d**2,
        network_duration=0.3 + 0.2 * d,
        duration_spread=0.3,
        network_jitter=0.08 * (1 - 0.75 * d),
        stray_rate=0.001,
        refractory=0.002,
    )
