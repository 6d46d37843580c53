"""The command of an ABF file, rebuilt from its epoch table and user list.

A sweep begins at the holding level for 1/64 of its length, runs through the epochs that are on, and ends
at the holding level, or at the level of the last epoch where the output was told to keep it.
Reference: Molecular Devices, *Axon Binary File Format User Guide*, and the waveform routines published with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.readers.abf.header import AbfHeader, DacChannel, Epoch
from mnephys.recording import CommandSource

__all__ = ["Waveform", "command_waveform", "user_values"]

STEP, RAMP, PULSES, TRIANGLES, COSINES, BIPHASIC = 1, 2, 3, 4, 5, 7
_KNOWN = {STEP, RAMP, PULSES, TRIANGLES, COSINES, BIPHASIC}
_TRAINS = {PULSES, TRIANGLES, COSINES, BIPHASIC}
_EPOCH_TABLE, _STIMULUS_FILE = 1, 2
_HOLDING_FRACTION = 64


@dataclass(frozen=True, slots=True)
class Waveform:
    """A rebuilt command.

    Parameters
    ----------
    values : ndarray, float32, shape (n_sweeps, n_samples), or None
        In the unit of the output; None where it cannot be rebuilt.
    source : CommandSource
        ``user list``, ``epoch table`` or ``none``.
    problems : tuple of str
        Why it is missing, or what is doubtful.
    """

    values: NDArray[np.float32] | None = None
    source: CommandSource = CommandSource.NONE
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Segments:
    """Epochs sweep by sweep; every array has the shape (n_sweeps, n_epochs)."""

    kinds: tuple[int, ...]
    level: NDArray[np.float64]
    duration: NDArray[np.int64]
    period: NDArray[np.int64]
    width: NDArray[np.int64]


class _CannotRebuildError(Exception):
    """Carries the sentence that says why a waveform is missing."""


def user_values(text: str, n_sweeps: int, *, repeat: bool) -> NDArray[np.float64]:
    """Return the values of a user list, sweep by sweep.

    Parameters
    ----------
    text : str
        Numbers separated by commas or spaces.
    n_sweeps : int
        How many are needed.
    repeat : bool
        Whether a list that is too short starts again; otherwise its last value stays.

    Returns
    -------
    ndarray, shape (n_sweeps,)
        One value per sweep.

    Raises
    ------
    ValueError
        If there is no number, or something that is not one.

    Examples
    --------
    >>> user_values("-100, 0, 50,", 4, repeat=False).tolist()
    [-100.0, 0.0, 50.0, 50.0]
    """
    listed = np.array([float(word) for word in text.replace(",", " ").split()])
    if len(listed) == 0 or not np.isfinite(listed).all():
        raise ValueError("no numbers")
    sweep = np.arange(n_sweeps)
    return np.asarray(listed[sweep % len(listed) if repeat else np.minimum(sweep, len(listed) - 1)])


def command_waveform(header: AbfHeader, dac: DacChannel) -> Waveform:
    """Rebuild what an output put out.

    Parameters
    ----------
    header : AbfHeader
        Of the recording.
    dac : DacChannel
        One of its outputs.

    Returns
    -------
    Waveform
        In the unit of the output. Missing where the output was off, the sweeps are no episodes, or the table
        holds something that cannot be rebuilt: never a guess.
    """
    if not dac.drives:
        return Waveform()
    try:
        return _rebuild(header, dac)
    except _CannotRebuildError as error:
        return Waveform(problems=(f"The command of output {dac.name!r} was not rebuilt: {error}.",))


def _rebuild(header: AbfHeader, dac: DacChannel) -> Waveform:
    lengths = header.sweeps.length
    n_samples = int(lengths.max())
    if dac.source == _STIMULUS_FILE:
        raise _CannotRebuildError("it came from a stimulus file, which is not inside the recording")
    if dac.source != _EPOCH_TABLE:
        raise _CannotRebuildError(f"its source has the unknown number {dac.source}")
    if np.any(lengths != n_samples):
        raise _CannotRebuildError("the sweeps differ in length")
    if dac.holding is None:
        raise _CannotRebuildError("its holding level is not a credible number")
    first = max(n_samples // _HOLDING_FRACTION, 1)
    segments, source, problems = _segments(header, dac, n_samples)
    if np.any(segments.duration.sum(axis=1) > n_samples - first):
        problems.append(f"The epochs of output {dac.name!r} are longer than the sweep; they were cut at its end.")
    if header.alternating and dac.index in {0, 1}:
        # The two outputs take turns: the other one drives every second sweep.
        segments.level[1 - dac.index :: 2] = dac.holding
        problems.append("Two outputs took turns, sweep by sweep.")
    if dac.conditioning:
        problems.append(
            f"A conditioning train of output {dac.name!r} came before each sweep; it is not in the command."
        )
    values = _draw(segments, dac, n_samples, first)
    return Waveform(values, source, tuple(problems))


def _segments(header: AbfHeader, dac: DacChannel, n_samples: int) -> tuple[_Segments, CommandSource, list[str]]:
    """Return the epochs sweep by sweep, the user list already in them."""
    epochs = dac.epochs
    n_sweeps = len(header.sweeps.length)
    unknown = sorted({epoch.kind for epoch in epochs.values()} - _KNOWN)
    if unknown:
        raise _CannotRebuildError(f"its epoch table holds epochs of the unknown type {unknown[0]}")
    if not np.isfinite([[epoch.level, epoch.level_step] for epoch in epochs.values()]).all():
        raise _CannotRebuildError("its epoch table holds levels that are not finite")
    sweep = np.arange(n_sweeps)[:, np.newaxis]

    def column(field: str) -> NDArray[np.float64]:
        return np.array([float(getattr(epoch, field)) for epoch in epochs.values()])

    table = {
        "level": column("level") + sweep * column("level_step"),
        "duration": column("duration") + sweep * column("duration_step"),
        "period": np.broadcast_to(column("period"), (n_sweeps, len(epochs))).copy(),
        "width": np.broadcast_to(column("width"), (n_sweeps, len(epochs))).copy(),
    }
    source, problems = CommandSource.EPOCH_TABLE, list[str]()
    chosen = dac.user_list
    if chosen is not None and chosen.parameter in table:
        values = _user_column(header, dac, n_samples)
        table[chosen.parameter][:, list(epochs).index(chosen.epoch)] = values
        source = CommandSource.USER_LIST
    whole = {name: np.clip(table[name], 0, n_samples).astype(np.int64) for name in ("duration", "period", "width")}
    kinds = tuple(epoch.kind for epoch in epochs.values())
    trains = [number for number, kind in enumerate(kinds) if kind in _TRAINS]
    if np.any(whole["period"][:, trains] <= 0):
        raise _CannotRebuildError("its epoch table holds a train without a period")
    return _Segments(kinds, table["level"], **whole), source, problems


def _user_column(header: AbfHeader, dac: DacChannel, n_samples: int) -> NDArray[np.float64]:
    """Return the values of the user list in the unit of the table."""
    chosen = dac.user_list
    assert chosen is not None  # noqa: S101 -- the one caller has looked
    if chosen.epoch not in dac.epochs:
        raise _CannotRebuildError(f"its user list varies epoch {chosen.epoch}, which is off")
    try:
        values = user_values(chosen.text, len(header.sweeps.length), repeat=chosen.repeat)
    except ValueError:
        raise _CannotRebuildError(f"its user list holds {chosen.text[:40]!r}, which are no numbers") from None
    if chosen.parameter == "level":
        return values
    return _in_samples(values, chosen.parameter, dac.epochs[chosen.epoch], header.sampling_rate, n_samples)


def _in_samples(
    values: NDArray[np.float64], parameter: str, epoch: Epoch, sampling_rate: float, n_samples: int
) -> NDArray[np.float64]:
    """Return listed times as samples.

    The format counts them in samples, but lists in milliseconds exist. The table still holds the first time,
    in samples: it says which they are.
    """
    per_ms = sampling_rate / 1000
    stored = getattr(epoch, parameter)
    in_ms = stored not in values and stored in np.rint(values * per_ms)
    if in_ms or not np.array_equal(values, np.rint(values)):
        values = np.rint(values * per_ms)
    if values.max() > n_samples:
        raise _CannotRebuildError(f"its user list holds a {parameter} that is longer than the sweep")
    return values


def _draw(segments: _Segments, dac: DacChannel, n_samples: int, first: int) -> NDArray[np.float32]:
    """Return the waveform; steps and holding levels at once, other epochs drawn over them."""
    n_sweeps, n_epochs = segments.level.shape
    holding = np.full((n_sweeps, 1), dac.holding)
    last = holding
    before = holding
    if dac.keep_last_level and n_epochs:
        last = segments.level[:, -1:]
        before = np.concatenate([holding[:1], last[:-1]])
    ends = np.minimum(first + np.cumsum(segments.duration, axis=1), n_samples)
    starts = np.concatenate([np.full((n_sweeps, 1), first), ends[:, :-1]], axis=1)
    levels = np.concatenate([before, segments.level, last], axis=1).astype(np.float32)
    lengths = np.concatenate(
        [np.full((n_sweeps, 1), first), ends - starts, n_samples - (ends[:, -1:] if n_epochs else first + 0 * holding)],
        axis=1,
    ).astype(np.int64)
    values = np.repeat(levels.ravel(), lengths.ravel()).reshape(n_sweeps, n_samples)
    previous = before[:, 0]
    for number, kind in enumerate(segments.kinds):
        if kind != STEP:
            _draw_shape(values, segments, number, previous, starts[:, number], ends[:, number])
        # An epoch that lasts no time changes nothing, also not where the next ramp begins.
        previous = np.where(segments.duration[:, number] > 0, segments.level[:, number], previous)
    return values


def _draw_shape(
    values: NDArray[np.float32],
    segments: _Segments,
    number: int,
    previous: NDArray[np.float64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
) -> None:
    """Draw a ramp or a train over its epoch in all sweeps."""
    columns = (start, end, segments.duration[:, number], segments.period[:, number], segments.width[:, number])
    # Most tables keep the times of an epoch: then one row of sample numbers serves all sweeps.
    rows = slice(0, 1) if all(np.all(column == column[0]) for column in columns) else slice(None)
    start, end, duration, period, width = (column[rows, np.newaxis] for column in columns)
    a, b = int(start.min()), int(end.max())
    k = np.arange(a, b) - start
    inside = (k >= 0) & (k < end - start)
    shape = np.where(inside, _shape(segments.kinds[number], k, duration, np.maximum(period, 1), width), 0.0)
    low = previous[:, np.newaxis]
    swing = segments.level[:, number, np.newaxis] - low
    region = values[:, a:b]
    np.copyto(region, (low + swing * shape).astype(np.float32), where=inside)


def _shape(
    kind: int, k: NDArray[np.int64], duration: NDArray[np.int64], period: NDArray[np.int64], width: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the course of an epoch, from 0 at the level before it to 1 at its own; `k` counts its samples."""
    phase = k % period
    if kind == RAMP:
        return k / np.maximum(duration - 1, 1)
    if kind == PULSES:
        return (phase < width).astype(np.float64)
    if kind == TRIANGLES:
        rise = phase / np.maximum(width - 1, 1)
        fall = 1 - (phase - width) / np.maximum(period - width - 1, 1)
        return np.where(phase < width, rise, fall)
    if kind == COSINES:
        return np.asarray((1 - np.cos(2 * np.pi * phase / period)) / 2)
    return np.where(phase < width // 2, 1.0, np.where(phase < width, -1.0, 0.0))
