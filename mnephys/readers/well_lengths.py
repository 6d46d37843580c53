"""Which wells of one recording lasted equally long, so that one begin and one end are true of all of them."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["groups_of_length"]

# Wells differ by a chunk or a packet that was lost when the recording was stopped.
_SAME = 0.01


def groups_of_length(lengths: Sequence[float | None]) -> list[list[int]]:
    """Return which wells lasted equally long.

    Parameters
    ----------
    lengths : sequence of (float or None)
        How long each well lasted, in any unit; None where the file does not say it.

    Returns
    -------
    list of list of int
        Positions of wells of which none is shorter than the longest by more than 1 %, in the order of the first of
        each. Wells of unknown length are with the others where these are of one length, and else on their own.

    Examples
    --------
    >>> groups_of_length([10.0, 2.5, 9.95, None]), groups_of_length([None, 3.0])
    ([[0, 2], [1], [3]], [[0, 1]])
    """
    known = {position: length for position, length in enumerate(lengths) if length is not None}
    groups: list[list[int]] = []
    longest = 0.0
    for position in sorted(known, key=lambda position: -known[position]):
        if not groups or known[position] < longest * (1 - _SAME):
            longest = known[position]
            groups.append([])
        groups[-1].append(position)
    unknown = [position for position in range(len(lengths)) if position not in known]
    if len(groups) == 1:
        groups[0] += unknown
    elif unknown:
        groups.append(unknown)
    return sorted(sorted(group) for group in groups)
