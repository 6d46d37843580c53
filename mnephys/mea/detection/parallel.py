"""Pieces of work side by side, their results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["side_by_side"]

_T = TypeVar("_T")
_R = TypeVar("_R")


def side_by_side(what: Callable[[_T], _R], items: Iterable[_T], jobs: int) -> Iterator[_R]:
    """Yield the results of a function in the order of what it was given.

    Parameters
    ----------
    what : callable
        Safe to run in several threads.
    items : iterable
        Taken as they are needed: no more than twice as many are under way as there are jobs.
    jobs : int
        Threads; with 1 everything runs in this one.

    Yields
    ------
    object
        One result for each item.

    Examples
    --------
    >>> list(side_by_side(abs, [-2, 3], 2))
    [2, 3]
    """
    if jobs == 1:
        yield from map(what, items)
        return
    with ThreadPoolExecutor(jobs) as pool:
        waiting: deque[Future[_R]] = deque()
        for item in items:
            waiting.append(pool.submit(what, item))
            if len(waiting) >= 2 * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
