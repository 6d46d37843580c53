"""Events that are no postsynaptic currents, by what they are instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.recording import FloatArray, IntArray

__all__ = ["KINDS", "LeftOut"]

KINDS = ("above 1 nA", "too fast for a synapse", "a step and no current that decays")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What was found and does not count.

    Parameters
    ----------
    sweep : ndarray, int, shape (n,)
        0-based.
    time : ndarray, float, shape (n,)
        Onset within the sweep in s.
    sign : ndarray, float, shape (n,)
        Negative for inward ones.
    kind : ndarray, int, shape (n,)
        Index into `KINDS`.
    """

    sweep: IntArray
    time: FloatArray
    sign: FloatArray
    kind: IntArray

    def of(self, polarity: str) -> LeftOut:
        """Return those of one polarity.

        Parameters
        ----------
        polarity : str
            ``inward`` or ``outward``.

        Returns
        -------
        LeftOut
            In the same order.
        """
        side: NDArray[Any] = (self.sign < 0) == (polarity == "inward")
        return LeftOut(self.sweep[side], self.time[side], self.sign[side], self.kind[side])

    def with_more(self, more: LeftOut) -> LeftOut:
        """Return these and others.

        Parameters
        ----------
        more : LeftOut
            The others.

        Returns
        -------
        LeftOut
            Those after these.
        """
        return LeftOut(
            np.concatenate([self.sweep, more.sweep]),
            np.concatenate([self.time, more.time]),
            np.concatenate([self.sign, more.sign]),
            np.concatenate([self.kind, more.kind]),
        )

    def words(self) -> str:
        """Say how many of each kind there are.

        Returns
        -------
        str
            Empty where there are none.

        Examples
        --------
        >>> none = np.zeros(0, dtype=int)
        >>> LeftOut(none, np.zeros(0), np.zeros(0), none).words()
        ''
        >>> one = np.array([1])
        >>> LeftOut(one, np.ones(1), np.ones(1), one).words()
        '1 too fast for a synapse'
        """
        number = np.bincount(self.kind, minlength=len(KINDS))
        return ", ".join(f"{n} {kind}" for n, kind in zip(number, KINDS, strict=True) if n)
