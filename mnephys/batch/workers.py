"""Several processes side by side, none of which can cost more than the file it works on."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import TypeVar

__all__ = ["side_by_side"]

A = TypeVar("A")
R = TypeVar("R")
AHEAD = 2


def side_by_side(work: Callable[[A], R], arguments: Sequence[A], jobs: int, *, killed: Callable[[A], R]) -> Iterator[R]:
    """Do independent work in several processes.

    Parameters
    ----------
    work : callable
        A function of a module, called with one argument; raises nothing.
    arguments : sequence
        One per piece of work.
    jobs : int
        Processes to use.
    killed : callable
        What stands for the result of work whose process was killed while it did nothing else.

    Yields
    ------
    object
        One result per argument, in the order of completion.

    Notes
    -----
    A process that dies takes its pool with it. What was under way is then done again, one by one in a
    process of its own: only work that kills its own process is given up.

    Examples
    --------
    >>> sorted(side_by_side(abs, [-1, 2, -3], 2, killed=int))
    [1, 2, 3]
    """
    waiting = deque(arguments)
    while waiting:
        running: dict[Future[R], A] = {}
        try:
            with _pool(jobs) as pool:
                while waiting or running:
                    while waiting and len(running) < AHEAD * jobs:
                        # Taken off only once submitted: the pool may break in between.
                        running[pool.submit(work, waiting[0])] = waiting[0]
                        waiting.popleft()
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        result = future.result()
                        del running[future]
                        yield result
        except BrokenProcessPool:
            for argument in running.values():
                yield _alone(work, argument, killed)


def _alone(work: Callable[[A], R], argument: A, killed: Callable[[A], R]) -> R:
    try:
        with _pool(1) as pool:
            return pool.submit(work, argument).result()
    except BrokenProcessPool:
        return killed(argument)


@contextmanager
def _pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    # Fresh processes: a fork would inherit whatever threads and open files the caller has.
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_prepare)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _prepare() -> None:
    """Leave interrupts to the parent, and do not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
