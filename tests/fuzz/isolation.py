"""Runs damaged files through a reader in child processes, so that no hang, crash or hunger for memory ends the run.

A child works through many cases. One that dies or does not come back is replaced by a new one, which goes on with the
next case: the guilty case is named, and all others are judged. It needs ``fork`` and ``/proc``, as Linux has them.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import resource
import select
import signal
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from fuzz.seed import Case

__all__ = ["LIMITS", "Limits", "Outcome", "SeedError", "Trial", "available", "run"]

_BATCH = 1000
_PREPARATION = 60.0
# Threads and arenas reserve addresses that they never use.
_ADDRESSES = 512 << 20
_TAIL = 700


@dataclass(frozen=True, slots=True)
class Limits:
    """What a case may take: seconds, and bytes of memory above those of the imported program.

    The alarm in the child ends what Python can end; the parent waits `grace` longer for it, and for the judge.
    """

    seconds: float = 2.0
    grace: float = 2.0
    file_factor: int = 2
    memory: int = 64 << 20


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case.

    `kind` is what the judge said, or ``hang``, ``died``, ``memory`` or ``judge`` (the judge itself failed).
    """

    case: Case
    kind: str
    detail: str
    seconds: float = 0.0
    memory: int = 0


class Trial(Protocol):
    """What is done with each case, in the child."""

    def prepare(self, folder: Path) -> None:
        """Do the same with the undamaged file, so that everything is loaded, and remember what was found."""

    def content(self, case: Case) -> bytes:
        """Return the damaged file."""

    def perform(self, path: Path) -> Any:
        """Read it; this is what time and memory are measured of."""

    def judge(self, case: Case, path: Path, found: Any, error: BaseException | None) -> tuple[str, str]:
        """Return kind and detail of what `perform` returned or raised."""


class SeedError(Exception):
    """The undamaged file could not be read."""


class _TimeUpError(BaseException):
    """The alarm; no ``except Exception`` of a reader catches it."""


def available() -> bool:
    """Return whether this system can isolate and measure."""
    return hasattr(os, "fork") and os.access("/proc/self/clear_refs", os.W_OK)


def run(trial: Trial, cases: Sequence[Case], limits: Limits = LIMITS) -> Iterator[Outcome]:
    """Yield the outcome of each case, in order.

    What took too long or too much is repeated alone before it counts: the machine may have been busy, and memory is
    that of all cases of a child.
    """
    position = 0
    while position < len(cases):
        for outcome in _of_one_child(trial, cases[position : position + _BATCH], limits):
            position += 1
            if outcome.kind in {"hang", "memory"}:
                yield next(_of_one_child(trial, [outcome.case], limits))
                break
            yield outcome


def _of_one_child(trial: Trial, cases: Sequence[Case], limits: Limits) -> Iterator[Outcome]:
    """Yield outcomes until the cases are done or the child is."""
    with tempfile.TemporaryDirectory(prefix="mnephys-fuzz-") as name:
        folder = Path(name)
        child = _Child(trial, cases, limits, folder)
        try:
            if (failure := child.message(_PREPARATION)) is None or failure[0] != "ready":
                raise SeedError(f"the undamaged file was not read: {child.said() or failure}")
            for case in cases:
                message = child.message(limits.seconds + limits.grace)
                if message is None:
                    yield Outcome(case, *child.end())
                    return
                yield Outcome(case, *message)
                if message[0] in {"hang", "memory"}:
                    return
        finally:
            child.kill()


class _Child:
    """A forked process, as the parent sees it."""

    def __init__(self, trial: Trial, cases: Sequence[Case], limits: Limits, folder: Path) -> None:
        self.output = folder / "output"
        self.output.touch()
        self.pipe, end = os.pipe()
        self.buffer = b""
        self.late = False
        self.parent = os.getpid()
        with warnings.catch_warnings():
            # Newer Pythons warn of threads, which numpy's libraries keep; none of them is used before the fork.
            warnings.simplefilter("ignore", DeprecationWarning)
            self.pid = os.fork()
        if self.pid == 0:
            os.close(self.pipe)
            _work(trial, cases, limits, folder, end)
        os.close(end)

    def message(self, seconds: float) -> list[Any] | None:
        """Return the next message; None where the child died or is late."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.pipe], [], [], left)[0]:
                self.late = True
                return None
            if not (more := os.read(self.pipe, 1 << 16)):
                return None
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\n", 1)
        found: list[Any] = json.loads(line)
        return found

    def end(self) -> tuple[str, str]:
        """Return how a child ended that sends no more messages: it died, or was hanging and is killed."""
        if self.late:
            # Where the signal comes through, it makes the child say where it is.
            os.kill(self.pid, signal.SIGABRT)
            time.sleep(0.3)
            self.kill()
            return "hang", f"ended by the watchdog; {self.said()}"
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        how = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else f"exit {os.WEXITSTATUS(status)}"
        return "died", f"{how}; {self.said()}"

    def said(self) -> str:
        """Return the last lines of what the child wrote."""
        lines = self.output.read_text(errors="replace").splitlines()
        # Of a thread dump the first lines are the innermost; of a traceback the last are.
        own = [line.strip() for line in lines if line.strip()]
        dump = next((i for i, line in enumerate(own) if line.startswith(("Fatal", "Current thread"))), None)
        return " | ".join(own[-8:] if dump is None else own[dump : dump + 8])[:_TAIL]

    def kill(self) -> None:
        """End the child, whatever it is doing."""
        if os.getpid() != self.parent:
            # A copy in another child, where the number may long be that of a stranger.
            return
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = 0
        if self.pipe >= 0:
            os.close(self.pipe)
            self.pipe = -1


def _work(trial: Trial, cases: Sequence[Case], limits: Limits, folder: Path, pipe: int) -> None:
    """Be the child: never return, whatever happens."""
    code = 1
    try:
        output = os.open(folder / "output", os.O_WRONLY | os.O_APPEND)
        os.dup2(output, 1)
        os.dup2(output, 2)
        faulthandler.enable(file=output)
        os.chdir(folder)
        warnings.simplefilter("error")
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        alarm = _Alarm(limits.seconds)
        gc.freeze()
        trial.prepare(folder)
        gc.collect()
        size = len(trial.content(Case("none", "undamaged")))
        most = _status("VmSize") + 2 * limits.file_factor * size + limits.memory + _ADDRESSES
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        baseline = _status("VmRSS")
        _send(pipe, "ready")
        for case in cases:
            _send(pipe, *_outcome(trial, case, limits, folder, alarm, baseline))
        code = 0
    except BaseException:  # noqa: BLE001 -- the parent reads it
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


def _send(pipe: int, *message: Any) -> None:
    os.write(pipe, json.dumps(message).encode() + b"\n")


def _outcome(
    trial: Trial, case: Case, limits: Limits, folder: Path, alarm: _Alarm, baseline: int
) -> tuple[str, str, float, int]:
    try:
        content = trial.content(case)
    except Exception:  # noqa: BLE001 -- the damage itself failed, which is reported
        return "judge", " | ".join(traceback.format_exc().splitlines()[-4:])[:_TAIL], 0.0, 0
    path = folder / (case.file_name or "case.bin")
    path.write_bytes(content)
    found, error = None, None
    Path("/proc/self/clear_refs").write_text("5")
    begin = time.monotonic()
    try:
        with alarm:
            found = trial.perform(path)
    except BaseException as raised:  # noqa: BLE001 -- whatever it is, it is judged
        error = raised
    seconds = time.monotonic() - begin
    memory = _status("VmHWM") - baseline
    kind, detail = _beyond(error, seconds, memory, len(content), limits)
    if not kind:
        try:
            kind, detail = trial.judge(case, path, found, error)
        except Exception:  # noqa: BLE001 -- reported as a failure
            kind, detail = "judge", " | ".join(traceback.format_exc().splitlines()[-4:])
    path.unlink()
    return kind, detail[:_TAIL], seconds, memory


def _beyond(error: BaseException | None, seconds: float, memory: int, size: int, limits: Limits) -> tuple[str, str]:
    """Return which limit a case broke; empty texts for none."""
    if isinstance(error, _TimeUpError) or seconds > limits.seconds:
        return "hang", f"{seconds:.1f} s; {place_of(error)}"
    most = limits.file_factor * size + limits.memory
    # A reader may have turned the refusal of the system into an error of its own.
    refused = any(isinstance(one, MemoryError) for one in _chain(error))
    if memory > most or refused:
        asked = "more than there is" if refused else f"{memory >> 20} MB"
        return "memory", f"asked for {asked}, {most >> 20} MB are allowed; {place_of(error)}"
    return "", ""


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def place_of(error: BaseException | None) -> str:
    """Return the last places of a traceback and the error, on one line."""
    if error is None:
        return "no error was raised"
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return " > ".join([*places, f"{type(error).__name__}: {error}".replace("\n", " ")[:300]])


class _Alarm:
    """Raises `_TimeUpError` in its block, again and again until the block is left."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.armed = seconds, False
        signal.signal(signal.SIGALRM, self._ring)

    def _ring(self, *_: Any) -> None:
        if self.armed:
            raise _TimeUpError

    def __enter__(self) -> None:
        self.armed = True
        # A bare except may swallow the first.
        signal.setitimer(signal.ITIMER_REAL, self.seconds, 0.2)

    def __exit__(self, *_: object) -> None:
        self.armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)


def _status(name: str) -> int:
    """Return an entry of the memory of this process, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) << 10
    raise LookupError(name)
