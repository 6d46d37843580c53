"""Spike trains of one simulated well, with everything that is true of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnephys.recording import BoolArray, FloatArray, IntArray, SpikeTrains
from mnephys.simulate.contacts import Contacts
from mnephys.simulate.development import LEAST_BURST_SPIKES, NetworkParameters

__all__ = ["KINDS", "SAMPLING_RATE", "SimulatedWell", "simulate_well"]

SAMPLING_RATE = 12500.0
"""All times lie on the grid of this rate, in Hz."""

KINDS = ("stray", "background", "burst", "network burst")
"""Where a spike comes from: a false detection, or an active electrode's firing, bursts or part in network bursts."""

_AMPLITUDE_SPREAD = 0.12
_CUT = 2.0
_BURST_SHAPE = 4.0
_PAUSE_SHAPE = 3.0
_PROFILE = (1.5, 3.0)
_LEAD = 10.0
_NEVER = 1e-9


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SimulatedWell:
    """Spike trains and their truth.

    Parameters
    ----------
    trains : SpikeTrains
        One per electrode, with amplitudes, from 0 s to the end of the recording.
    kinds : ndarray, int, shape (n_spikes,)
        Position in `KINDS` of each spike.
    bursts : ndarray, int, shape (n_spikes,)
        The network burst that it belongs to; -1 for all other kinds.
    onsets, ends : ndarray, float64, shape (n_network_bursts,)
        Of the network bursts that were drawn, in s; they do not overlap, and all their spikes lie within.
    active : ndarray, bool, shape (n_electrodes,)
        Which electrodes pick up active cells.
    parameters : NetworkParameters
        They were drawn with these.
    """

    trains: SpikeTrains
    kinds: IntArray
    bursts: IntArray
    onsets: FloatArray
    ends: FloatArray
    active: BoolArray
    parameters: NetworkParameters

    def truth(self, labels: Sequence[str]) -> dict[str, Any]:
        """Put what is true into plain values, ready for JSON.

        Parameters
        ----------
        labels : sequence of str
            Name of each electrode.

        Returns
        -------
        dict
            `parameters`, `active_electrodes`, `spike_count`, `spike_counts` (by kind) and `network_bursts`, in
            columns: `onset_s`, `end_s`, `electrode_count` and `spike_count` of those that were drawn.
        """
        n_bursts, n_electrodes = self.onsets.size, self.active.size
        inside = self.bursts >= 0
        pairs = np.unique(self.bursts[inside] * n_electrodes + self.trains.train_of_spike[inside])
        by_kind = np.bincount(self.kinds, minlength=len(KINDS))
        return {
            "parameters": {name: round(value, 6) for name, value in asdict(self.parameters).items()},
            "active_electrodes": [labels[index] for index in np.flatnonzero(self.active).tolist()],
            "spike_count": self.trains.n_spikes,
            "spike_counts": dict(zip(KINDS, by_kind.tolist(), strict=True)),
            "network_bursts": {
                "onset_s": self.onsets.round(6).tolist(),
                "end_s": self.ends.round(6).tolist(),
                "electrode_count": np.bincount(pairs // n_electrodes, minlength=n_bursts).tolist(),
                "spike_count": np.bincount(self.bursts[inside], minlength=n_bursts).tolist(),
            },
        }

    def __repr__(self) -> str:
        return (
            f"SimulatedWell: {self.trains.n_spikes} spikes, {int(self.active.sum())} of {self.active.size} electrodes "
            f"active, {self.onsets.size} network burst{'s' * (self.onsets.size != 1)}"
        )


def simulate_well(
    parameters: NetworkParameters, contacts: Contacts, duration: float, rng: np.random.Generator
) -> SimulatedWell:
    """Draw the spikes of one well.

    The model, for an electrode of gain g:

    * every electrode has stray detections, a Poisson process of `stray_rate`; all else is of active ones;
    * background firing is a Poisson process of g times `background_rate`;
    * single-electrode bursts begin as a Poisson process of g times `burst_rate`; each has 5 spikes and a
      Poisson number more, at intervals that are gamma distributed with shape 4;
    * network bursts are those of the well: lengths are log-normal, and a pause, gamma distributed with shape 3,
      stands between the end of one and the onset of the next. Those that are not whole within the recording
      are left out. Each active electrode takes part with the probability `participation`, and joins
      with an exponential delay, half the length at most. Its first spike is then, and further ones, a Poisson
      number of mean g (`network_spikes` - 1) in a burst of mean length and in proportion to the length, follow
      between then and the end with a beta (1.5, 3) profile: a fast rise and a slower decay;
    * a spike that follows another of its electrode within the refractory period is not detected, whatever
      either of them comes from.

    Times are those of the sample, 12.5 kHz, in which a spike falls.

    Parameters
    ----------
    parameters : NetworkParameters
        From `parameters_at`, for example.
    contacts : Contacts
        Of the well's electrodes.
    duration : float
        Of the recording in s.
    rng : numpy.random.Generator
        The only source of chance.

    Returns
    -------
    SimulatedWell
        Spike trains and truth; simulated networks show the program, no biology.

    Raises
    ------
    ValueError
        If the duration is not finite and positive.

    Examples
    --------
    >>> from mnephys.simulate.contacts import draw_contacts
    >>> from mnephys.simulate.development import parameters_at
    >>> rng = np.random.default_rng(4)
    >>> contacts = draw_contacts(16, rng)
    >>> simulate_well(parameters_at(0.0), contacts, 120.0, rng)
    SimulatedWell: 3 spikes, 0 of 16 electrodes active, 0 network bursts
    >>> int(simulate_well(parameters_at(0.9), contacts, 120.0, rng).active.sum()) > 8
    True
    """
    if not 0 < duration < math.inf:
        raise ValueError(f"duration is {duration} s, needs to be finite and positive")
    active = contacts.threshold < parameters.pickup_probability
    gain = np.where(active, contacts.gain, 0.0)
    onsets, ends = _network_bursts(parameters, duration, rng)
    sources = (
        _scattered(np.full(gain.size, parameters.stray_rate), duration, rng),
        _scattered(gain * parameters.background_rate, duration, rng),
        _electrode_bursts(gain, parameters, duration, rng),
        _network_spikes(onsets, ends, active, gain, parameters, rng),
    )
    kinds = np.repeat(np.arange(len(KINDS)), [source.times.size for source in sources])
    times, electrodes, bursts = (np.concatenate(columns) for columns in zip(*sources, strict=True))
    # An onset is on the grid itself: rounding errors must not put its spikes one sample before it.
    ticks = np.floor(times * SAMPLING_RATE + 1e-6).astype(np.int64)
    order = np.lexsort((ticks, electrodes))
    order = order[_detected(ticks[order], electrodes[order], duration, parameters.refractory)]
    electrodes = electrodes[order]
    scatter = np.clip(rng.standard_normal(order.size), -_CUT, _CUT)
    trains = SpikeTrains(
        times=ticks[order] / SAMPLING_RATE,
        offsets=np.concatenate([[0], np.cumsum(np.bincount(electrodes, minlength=gain.size))]),
        stop=duration,
        amplitudes=contacts.amplitude[electrodes] * np.exp(_AMPLITUDE_SPREAD * scatter),
    )
    return SimulatedWell(trains, kinds[order], bursts[order], onsets, ends, active, parameters)


class _Spikes(NamedTuple):
    """Spikes from one source, in any order: time in s, electrode, and network burst or -1."""

    times: NDArray[np.float64]
    electrodes: NDArray[np.int64]
    bursts: NDArray[np.int64]


def _scattered(rates: NDArray[np.float64], duration: float, rng: np.random.Generator) -> _Spikes:
    """Draw a Poisson process on each electrode."""
    electrodes = np.repeat(np.arange(rates.size), rng.poisson(rates * duration))
    return _Spikes(rng.uniform(0.0, duration, electrodes.size), electrodes, np.full(electrodes.size, -1))


def _electrode_bursts(
    gain: NDArray[np.float64], parameters: NetworkParameters, duration: float, rng: np.random.Generator
) -> _Spikes:
    """Draw bursts of single electrodes; the end of the recording cuts the last ones off."""
    begun = _scattered(gain * parameters.burst_rate, duration, rng)
    sizes = LEAST_BURST_SPIKES + rng.poisson(parameters.burst_spikes - LEAST_BURST_SPIKES, begun.times.size)
    elapsed = np.cumsum(rng.gamma(_BURST_SHAPE, parameters.burst_interval / _BURST_SHAPE, sizes.sum()))
    first = np.cumsum(sizes) - sizes
    times = np.repeat(begun.times - elapsed[first], sizes) + elapsed
    return _Spikes(times, np.repeat(begun.electrodes, sizes), np.full(times.size, -1))


def _network_bursts(
    parameters: NetworkParameters, duration: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw onset and end of each network burst that is whole within the recording, on the grid of samples."""
    rate = parameters.network_burst_rate
    if rate * duration < _NEVER:
        return np.zeros(0), np.zeros(0)
    # Some pauses before the recording begins, so that its beginning is like any other moment. More bursts than
    # would fit: pauses vary so little that these are always enough.
    expected = _LEAD + duration * rate
    n = math.ceil(expected + 8 * math.sqrt(expected) + 8)
    lengths = rng.lognormal(math.log(parameters.network_duration), parameters.duration_spread, n)
    pauses = rng.gamma(_PAUSE_SHAPE, (1 / rate - parameters.mean_network_duration) / _PAUSE_SHAPE, n)
    ends = np.cumsum(pauses + lengths) - _LEAD / rate
    first, last = np.ceil((ends - lengths) * SAMPLING_RATE), np.floor(ends * SAMPLING_RATE)
    onsets, ends = first / SAMPLING_RATE, last / SAMPLING_RATE
    whole = (onsets >= 0) & (ends <= duration) & (last > first)
    return onsets[whole], ends[whole]


def _network_spikes(
    onsets: NDArray[np.float64],
    ends: NDArray[np.float64],
    active: BoolArray,
    gain: NDArray[np.float64],
    parameters: NetworkParameters,
    rng: np.random.Generator,
) -> _Spikes:
    """Draw which electrodes take part in each network burst, and their spikes in it."""
    taking_part = (rng.random((onsets.size, active.size)) < parameters.participation) & active
    burst, electrode = np.nonzero(taking_part)
    length = (ends - onsets)[burst]
    delay = np.minimum(rng.exponential(parameters.network_jitter, burst.size), length / 2)
    joined, left = onsets[burst] + delay, length - delay
    mean = (parameters.network_spikes - 1) * gain[electrode] * length / parameters.mean_network_duration
    further = np.repeat(np.arange(burst.size), rng.poisson(mean))
    times = joined[further] + left[further] * rng.beta(*_PROFILE, further.size)
    return _Spikes(
        np.concatenate([joined, times]),
        np.concatenate([electrode, electrode[further]]),
        np.concatenate([burst, burst[further]]),
    )


def _detected(ticks: IntArray, electrodes: IntArray, duration: float, refractory: float) -> BoolArray:
    """Say which spikes are within the recording and not within the refractory period of the one before."""
    # Two spikes of one electrode are never one sample's.
    least = max(1, math.ceil(refractory * SAMPLING_RATE - 1e-6))
    first = np.diff(electrodes, prepend=-1) != 0
    detected: BoolArray = (first | (np.diff(ticks, prepend=0) >= least)) & (ticks / SAMPLING_RATE <= duration)
    return detected
