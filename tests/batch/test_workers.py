"""Processes that are killed cost what they worked on, and nothing else."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool

import pytest

from mnephys.batch.store import Store
from mnephys.batch.workers import side_by_side


def double_or_die(number: int) -> int:
    """Die on 13, as if for want of memory."""
    if number == 13:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def give_up(number: int) -> int:
    return -number


def test_every_result_comes_once():
    assert sorted(side_by_side(double_or_die, range(10), 2, killed=give_up)) == list(range(0, 20, 2))


def test_only_the_work_that_kills_its_process_is_lost():
    numbers = list(range(30))
    expected = sorted(-n if n == 13 else 2 * n for n in numbers)
    assert sorted(side_by_side(double_or_die, numbers, 2, killed=give_up)) == expected


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_stopped_ends_soon_and_leaves_no_process_behind(tmp_path, data, number):
    whole = data("patch/File_axon_5.abf").read_bytes()
    (tmp_path / "in").mkdir()
    for i in range(30):
        (tmp_path / "in" / f"c{i:02}.abf").write_bytes(whole)
    command = [sys.executable, "-m", "mnephys", "score", "in", "-o", "out", "--jobs", "2"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert "1 of 30" in process.stderr.readline()
    process.send_signal(number)
    # An exception raised by a signal may land where Python drops it: then the second signal counts.
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=4)
    if process.returncode is None:
        process.send_signal(number)
    # A worker that outlived its parent would hold the pipe open, and this would not return.
    process.communicate(timeout=60)
    assert process.returncode != 0
    with Store.existing(tmp_path / "out") as store:
        kept = store.fingerprints()
    assert 1 <= len(kept) < 30


def test_a_pool_that_breaks_between_two_submissions_loses_nothing(monkeypatch):
    class Breaking:
        """A pool that is found broken at the third submission, as if a process had died meanwhile."""

        def __init__(self) -> None:
            self.submitted = 0

        def submit(self, work, argument):
            self.submitted += 1
            if self.submitted == 3:
                raise BrokenProcessPool
            future: Future[int] = Future()
            future.set_result(work(argument))
            return future

    @contextlib.contextmanager
    def pool(jobs):
        del jobs
        yield Breaking()

    monkeypatch.setattr("mnephys.batch.workers._pool", pool)
    numbers = list(range(1, 12))
    assert sorted(side_by_side(double_or_die, numbers, 2, killed=give_up)) == [2 * n for n in numbers]
