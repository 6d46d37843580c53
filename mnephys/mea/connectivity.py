"""Functional connectivity: pairs of electrodes that fire together more often than shifted trains do."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mnephys.mea.clock import Clock, reach_of, recording_length
from mnephys.mea.stretched import Stretched, stretched_counts
from mnephys.mea.surrogates import Ring, surrogate_counts
from mnephys.mea.synchrony import coefficients
from mnephys.mea.tiles import spikes_of
from mnephys.recording import BoolArray, FloatArray, IntArray, SpikeTrains

__all__ = ["Connectivity", "connectivity"]

# So many surrogates where the caller gives no number, at least and at most.
_FEWEST_SURROGATES, _MOST_SURROGATES = 200, 10_000

# Sums of the same numbers in another order are equal up to this.
_EQUAL = 1e-9


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Connectivity:
    """The pairs of one group, each tested against surrogates.

    Parameters
    ----------
    trains : ndarray, int, shape (n,)
        The trains that were tested, as positions among all trains of the recording.
    sttc : ndarray, float, shape (n, n)
        Spike time tiling coefficient of each pair.
    p : ndarray, float, shape (n, n)
        Share of surrogates, the pair itself among them, whose coefficient is no smaller; NaN on the diagonal.
    p_adjusted : ndarray, float, shape (n, n)
        The same, adjusted for the number of pairs of the group after Benjamini and Hochberg; NaN on the diagonal.
    alpha : float
        The false discovery rate that links are held to.
    surrogates : int
        Surrogates of each pair.
    """

    trains: IntArray
    sttc: FloatArray
    p: FloatArray
    p_adjusted: FloatArray
    alpha: float
    surrogates: int

    def __repr__(self) -> str:
        n = self.trains.size
        blind = f"; {self.surrogates} surrogates find no fewer than {self.fewest_links}" * (self.fewest_links > 1)
        return f"Connectivity: {int(self.links.sum()) // 2} links of {n * (n - 1) // 2} pairs of {n} trains{blind}"

    @property
    def links(self) -> BoolArray:
        """Which pairs are linked, shape (n, n): false on the diagonal."""
        return np.nan_to_num(self.p_adjusted, nan=np.inf) <= self.alpha

    @property
    def weights(self) -> FloatArray:
        """Coefficients of the linked pairs, 0 for the others, shape (n, n)."""
        return np.where(self.links, self.sttc, 0.0)

    @property
    def fewest_links(self) -> int:
        """The smallest number of links that so many surrogates can find: fewer than these are never found."""
        n_pairs = self.trains.size * (self.trains.size - 1) // 2
        return int(np.ceil(n_pairs / (self.surrogates + 1) / self.alpha - _EQUAL)) if n_pairs else 0


def connectivity(
    trains: SpikeTrains,
    window: float = 0.05,
    surrogates: int | None = None,
    seed: int = 0,
    alpha: float = 0.05,
    min_rate: float = 5.0,
    longest_shift: float | None = None,
) -> dict[str, Connectivity] | Connectivity:
    """Test which trains of each group fire together more often than by chance.

    Every train is shifted around the recording by a random time of its own: what left one end comes in at the
    other. Rates, bursts and intervals of each train stay as they are, and only what trains share is lost. A pair is
    linked if its tiling coefficient is larger than those of its shifted trains. Where the recording was interrupted,
    each train is shifted around each stretch by a time of its own, and nothing reaches across a gap: stretches that
    are short against the bursts tell little.

    What is refuted by a link is that the trains are independent, and that each is all along the recording what it is
    anywhere in it. Trains that share no more than a slow drift of their rates, as after a drug, refute the second and
    are linked too; with a `longest_shift` rates may drift over longer times than that.

    Parameters
    ----------
    trains : SpikeTrains
        Where `stop` is None, the last spike of all ends the recording.
    window : float
        As in `mnephys.mea.sttc`, in s.
    surrogates : int, optional
        How often all trains are shifted. The smallest p value is ``1 / (surrogates + 1)``, so that few links among
        many pairs need many surrogates: see `Connectivity.fewest_links`. If omitted, as many as a single link of each
        group needs, ``n_pairs / alpha``, from 200 to 10,000: those of 16 electrodes take some 20 s.
    seed : int
        Of the random shifts, not negative. The same seed gives the same result, whatever other groups there are.
    alpha : float
        Largest adjusted p value of a link.
    min_rate : float
        Trains with fewer spikes per minute are not tested; neither is one with fewer than two spikes.
    longest_shift : float, optional
        In s. The recording is cut into equal pieces of this length, or a little longer, and each train is shifted
        around each piece by a time of its own: the rate of each piece stays as it is. It needs to be longer than the
        bursts, and several times the window.

    Returns
    -------
    dict of str to Connectivity, or Connectivity
        One per group, or one of all trains where there are no groups; one of no trains where fewer than two are
        tested.

    Raises
    ------
    ValueError
        If a parameter cannot be.

    Notes
    -----
    Tiling coefficient: Cutts & Eglen 2014, 10.1523/JNEUROSCI.2767-14.2014. Surrogates that keep rates and
    intervals: Louis et al. 2010, 10.3389/fncom.2010.00127. p values that count the pair itself: Phipson & Smyth 2010,
    10.2202/1544-6115.1585. Many pairs: Benjamini & Hochberg 1995, 10.1111/j.2517-6161.1995.tb02031.x.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> shared = rng.uniform(0.0, 100.0, 60)
    >>> lists = [shared, shared + 0.01, rng.uniform(0.0, 100.0, 60)]
    >>> found = connectivity(SpikeTrains.from_lists(lists, stop=101.0))
    >>> found
    Connectivity: 1 links of 3 pairs of 3 trains
    >>> found.weights.round(2).tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    reach = reach_of(window)
    _check(surrogates, seed, alpha, min_rate)
    _check_shift(longest_shift, reach)
    clock = Clock.of(trains)
    ticks, reach_ticks = clock.times(trains), clock.reach(reach)
    longest = None if longest_shift is None else max(clock.reach(longest_shift), 1)
    labels, group = trains.grouped()
    tested = (trains.counts >= 2) & (trains.counts * 60.0 >= min_rate * recording_length(trains))
    results = {}
    for at, label in enumerate(labels):
        members = np.flatnonzero((group == at) & tested)
        if members.size < 2 or clock.span == 0:
            members = members[:0]
        index, row = spikes_of(trains, members)
        rng = np.random.default_rng([seed, *label.encode()])
        number = _enough(members.size, alpha) if surrogates is None else surrogates
        own: FloatArray = np.zeros((0, 0))
        p = own
        if members.size:
            spikes = ticks[index]
            if trains.stretches is None and longest is None:
                ring = Ring.of(spikes, row, clock.span, reach_ticks)
                recorded, surrogate = ring.as_recorded(), surrogate_counts(ring, number, rng)
            else:
                cut = Stretched.of(spikes, row, clock.stretches(trains), reach_ticks, longest)
                recorded, surrogate = cut.as_recorded(), stretched_counts(cut, number, rng)
            own, p = _tested(recorded, trains.counts[members], surrogate, number)
        results[label] = Connectivity(members, own, p, _adjusted(p), alpha, number)
    return results[""] if trains.groups is None else results


def _enough(n: int, alpha: float) -> int:
    """Return the surrogates that find a single link of some trains, within bounds."""
    needed = math.ceil(min(n * (n - 1) / 2 / alpha, _MOST_SURROGATES + 1.0) - _EQUAL) - 1
    return max(needed, _FEWEST_SURROGATES)


def _check_shift(longest_shift: float | None, reach: float) -> None:
    if longest_shift is not None and not (math.isfinite(longest_shift) and longest_shift > 2 * reach):
        raise ValueError(f"a longest shift of {longest_shift} s cannot be; give more than twice the window, in s")


def _check(surrogates: int | None, seed: int, alpha: float, min_rate: float) -> None:
    if surrogates is not None and surrogates < 1:
        raise ValueError(f"{surrogates} surrogates test nothing; give at least 1")
    if seed < 0:
        raise ValueError(f"a seed of {seed} cannot be; give 0 or more")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha}, needs a number between 0 and 1")
    if not min_rate >= 0:
        raise ValueError(f"min_rate is {min_rate} spikes per minute, needs 0 or more")


def _tested(
    recorded: tuple[FloatArray, FloatArray],
    counts: IntArray,
    surrogate: Iterable[tuple[FloatArray, FloatArray]],
    surrogates: int,
) -> tuple[FloatArray, FloatArray]:
    """Return the coefficients of all pairs of a group, and their p values."""
    own = coefficients(recorded[0], counts, recorded[1])
    as_large = np.ones(own.shape)
    for found, tiled in surrogate:
        as_large += coefficients(found, counts, tiled) >= own - _EQUAL
    p = as_large / (surrogates + 1)
    np.fill_diagonal(p, np.nan)
    return own, p


def _adjusted(p: FloatArray) -> FloatArray:
    """Return p values adjusted for the number of pairs."""
    from scipy.stats import false_discovery_control

    adjusted = np.full(p.shape, np.nan)
    one, other = np.triu_indices(len(p), 1)
    if one.size:
        adjusted[one, other] = adjusted[other, one] = false_discovery_control(p[one, other])
    return adjusted
