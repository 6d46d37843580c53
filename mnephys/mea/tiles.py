"""The stretches within reach of a train's spikes, and how many spikes of others are in them: all pairs at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mnephys.mea.clock import covered_time, recording_length
from mnephys.mea.segments import intervals, segment_sum
from mnephys.recording import BoolArray, FloatArray, IntArray, SpikeTrains
from mnephys.recording.stretches import stretch_of

__all__ = ["Tiles", "count_inside", "spikes_of", "tiled_fraction", "tiles", "tiles_in_stretches"]

_OCTET = 8
# Which of eight bits are set in each byte.
_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, np.newaxis], axis=1, bitorder="little").astype(np.float64)


class Tiles(NamedTuple):
    """Stretches of time within reach of the spikes of one train, which do not touch one another.

    Parameters
    ----------
    opens, closes : ndarray, int, shape (n_tiles,)
        First and last tick of each.
    owner : ndarray, int, shape (n_tiles,)
        Whose spikes they are around.
    """

    opens: IntArray
    closes: IntArray
    owner: IntArray


def spikes_of(trains: SpikeTrains, members: IntArray) -> tuple[IntArray, IntArray]:
    """Return where the spikes of some trains are.

    Parameters
    ----------
    trains : SpikeTrains
        Any.
    members : ndarray, int, shape (n_members,)
        Which trains.

    Returns
    -------
    index : ndarray, int, shape (n_spikes,)
        Positions in the times of the trains, member by member.
    row : ndarray, int, shape (n_spikes,)
        Position in `members` of the train of each.

    Examples
    --------
    >>> import numpy as np
    >>> spikes_of(SpikeTrains.from_lists([[1.0], [2.0, 3.0], [4.0]]), np.array([2, 1]))
    (array([3, 1, 2]), array([0, 1, 1]))
    """
    counts = trains.counts[members]
    before = np.cumsum(counts) - counts
    row = np.repeat(np.arange(members.size), counts)
    return np.arange(row.size) + (trains.offsets[members] - before)[row], row


def tiles(spikes: IntArray, row: IntArray, reach: int) -> Tiles:
    """Return the stretches within reach of the spikes of each train.

    Parameters
    ----------
    spikes : ndarray, int, shape (n_spikes,)
        In ticks; the trains one after the other, each ascending.
    row : ndarray, int, shape (n_spikes,)
        The train of each.
    reach : int
        In ticks.

    Returns
    -------
    Tiles
        Train by train, in the order of time.

    Examples
    --------
    >>> import numpy as np
    >>> tiles(np.array([5, 9, 20, 8]), np.array([0, 0, 0, 1]), 2)
    Tiles(opens=array([ 3, 18,  6]), closes=array([11, 22, 10]), owner=array([0, 0, 1]))
    """
    apart = np.ones(spikes.size + 1, dtype=bool)
    apart[1:-1] = (np.diff(spikes) > 2 * reach) | (np.diff(row) != 0)
    first, last = apart[:-1], apart[1:]
    return Tiles(spikes[first] - reach, spikes[last] + reach, row[first])


def tiles_in_stretches(spikes: IntArray, row: IntArray, reach: int, stretches: IntArray) -> Tiles:
    """Return the time within reach of the spikes of each train that a recording with gaps covers.

    Parameters
    ----------
    spikes, row, reach
        As in `tiles`.
    stretches : ndarray, int, shape (n_stretches, 2)
        Of `mnephys.mea.clock.Clock.stretches`; each spike is in one.

    Returns
    -------
    Tiles
        Train by train, in the order of time; a spike reaches neither into a gap nor across it.

    Examples
    --------
    >>> import numpy as np
    >>> tiles_in_stretches(np.array([5, 9, 12]), np.array([0, 0, 0]), 2, np.array([[0, 10], [12, 20]]))
    Tiles(opens=array([ 3, 12]), closes=array([10, 14]), owner=array([0, 0]))
    """
    at = np.searchsorted(stretches[:, 0], spikes, side="right") - 1
    whole = tiles(spikes, row * len(stretches) + at, reach)
    owner, at = np.divmod(whole.owner, len(stretches))
    opens = np.maximum(whole.opens, stretches[at, 0])
    return Tiles(opens, np.maximum(np.minimum(whole.closes, stretches[at, 1]), opens), owner)


def tiled_fraction(trains: SpikeTrains, reach: float) -> FloatArray:
    """Return the fraction of the recording within reach of a spike of each train.

    Parameters
    ----------
    trains : SpikeTrains
        Any.
    reach : float
        In s.

    Returns
    -------
    ndarray, float, shape (n_trains,)
        Of the time that was recorded, from 0, which a silent train has, to 1.

    Examples
    --------
    >>> tiled_fraction(SpikeTrains.from_lists([[1.0, 2.0], [9.5], []], stop=10.0), 1.0)
    array([0.3 , 0.15, 0.  ])
    """
    times, length = trains.times - trains.start, recording_length(trains)
    stretches, breaks = covered_time(trains), trains.breaks
    between, offsets = intervals(times, trains.offsets, breaks)
    tiled = segment_sum(np.minimum(between, 2.0 * reach), offsets)

    def ends(first: IntArray, last: IntArray) -> FloatArray:
        """Return what is within reach before the first spikes of stretches, and behind the last ones."""
        begin, end = stretches[stretch_of(times[first], stretches), 0], stretches[stretch_of(times[last], stretches), 1]
        within: FloatArray = np.minimum(times[first] - begin, reach) + np.minimum(end - times[last], reach)
        return within

    firing: BoolArray = trains.counts > 0
    tiled[firing] += ends(trains.offsets[:-1][firing], trains.offsets[1:][firing] - 1)
    cut = np.searchsorted(trains.offsets, breaks, side="right") - 1
    tiled += np.bincount(cut, weights=ends(breaks, breaks - 1), minlength=trains.n_trains)
    if length <= 0:  # All spikes are at one time, and so is the recording.
        return firing.astype(np.float64)
    # Rounding must not make more of it than there is.
    fraction: FloatArray = np.minimum(tiled / length, 1.0)
    return fraction


def count_inside(spikes: IntArray, row: IntArray, within: Tiles, n: int) -> FloatArray:
    """Count the spikes of each train that are in the tiles of each other.

    Parameters
    ----------
    spikes : ndarray, int, shape (n_spikes,)
        In ticks, in any order; fastest where the trains are one after the other, each ascending.
    row : ndarray, int, shape (n_spikes,)
        The train of each spike, below `n`.
    within : Tiles
        Those of one train do not touch.
    n : int
        Number of trains.

    Returns
    -------
    ndarray, float, shape (n, n)
        Row: whose spikes; column: whose tiles.

    Examples
    --------
    >>> import numpy as np
    >>> spikes, row = np.array([5, 9, 20, 8]), np.array([0, 0, 0, 1])
    >>> count_inside(spikes, row, tiles(spikes, row, 2), 2)
    array([[3., 1.],
           [1., 1.]])
    """
    # Spikes and edges of tiles are put in the order of time together. At one tick a tile opens before spikes are
    # counted, and closes after: so are the kinds numbered.
    shift = n.bit_length()
    opens, spike, closes = 0 << shift, 1 << shift, 2 << shift
    keys = np.concatenate([within.opens, spikes, within.closes])
    keys <<= shift + 2
    keys |= np.concatenate([within.owner | opens, row | spike, within.owner | closes])
    keys.sort(kind="stable")  # Each train is a run that ascends, and sorting by merging uses that.
    keys &= (4 << shift) - 1
    is_spike = (keys & spike).astype(bool)
    entry = (keys[is_spike] - spike) * 256
    at = np.flatnonzero(~is_spike)
    edge = keys[at]
    spikes_before = at - np.arange(at.size)
    owner = edge & (spike - 1)
    # A tile that opens sets the bit of its train, one that closes takes it away: -b and 256 - b are one in a byte.
    bit = np.left_shift(1, owner % _OCTET)
    step = np.where(edge < spike, bit, 256 - bit).astype(np.uint8)
    octet = (owner // _OCTET).astype(np.uint16)
    order = np.argsort(octet, kind="stable")  # small integers are sorted in linear time
    n_octets = -(-n // _OCTET)
    borders = np.searchsorted(octet[order], np.arange(n_octets + 1)).tolist()
    found = np.zeros((n, n_octets * _OCTET))
    for k in range(n_octets):
        # Which of eight trains' tiles each spike is in, as a byte; spikes of one train and one byte are counted.
        own = order[borders[k] : borders[k + 1]]
        inside = np.zeros(entry.size + 1, dtype=np.uint8)
        np.add.at(inside, spikes_before[own], step[own])
        np.cumsum(inside, out=inside, dtype=np.uint8)
        table = np.bincount(entry + inside[:-1], minlength=256 * n).reshape(n, 256)
        found[:, _OCTET * k : _OCTET * (k + 1)] = table.astype(np.float64) @ _BITS
    return found[:, :n]
