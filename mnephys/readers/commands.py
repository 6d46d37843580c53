"""Which command to believe: the recorded one, the one rebuilt from the protocol, or none.

A recorded command comes first, with its noise, because protocols are edited and files are saved again. It is
passed over only where it plainly carries no command: where the protocol moves and the channel does not move
with it. Where both speak and disagree, the recorded one is used and the disagreement is put into words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.recording import CommandSource

__all__ = ["Command", "choose_command"]

Array = NDArray[np.float32]

# Together they tell a monitor of the command from a channel that shows something else.
_FOLLOWS, _FOLLOWS_WEAKLY = 0.8, 0.3
_SAME_SCALE = (0.9, 1.1)
_CREDIBLE_SCALE = (0.5, 2.0)
_LEVEL_TOLERANCE = 0.05
_NOISE_SD = 3.0
_MOST_POINTS = 2_000_000
_BLOCK_SECONDS = 0.005
# A channel whose 5 ms medians stay within this is at rest.
_REST = {"pA": 20.0, "mV": 5.0}


@dataclass(frozen=True, slots=True)
class Command:
    """The command that was chosen.

    Parameters
    ----------
    values : ndarray, float32, shape (n_sweeps, n_samples), or None
        In pA or mV.
    source : CommandSource
        Where it came from.
    problems : tuple of str
        Where the candidates disagree.
    """

    values: Array | None = None
    source: CommandSource = CommandSource.NONE
    problems: tuple[str, ...] = ()


def _thinned(values: Array) -> Array:
    """Return as many samples of each sweep as a comparison needs."""
    return values[:, :: max(1, values.size // _MOST_POINTS)]


def _fit(recorded: Array, rebuilt: Array) -> tuple[float, float]:
    """Return slope and correlation of a recorded command against a rebuilt one that moves."""
    y, x = recorded.ravel().astype(np.float64), rebuilt.ravel().astype(np.float64)
    x, y = x - x.mean(), y - y.mean()
    sxx, syy, sxy = float(x @ x), float(y @ y), float(x @ y)
    if sxx == 0 or syy == 0:
        return 0.0, 0.0
    return sxy / sxx, sxy / (sxx * syy) ** 0.5


def _swing(values: Array, sampling_rate: float) -> float:
    """Return the range of the 5 ms medians: what moves, without noise."""
    block = max(1, round(_BLOCK_SECONDS * sampling_rate))
    n_blocks = values.shape[1] // block
    if n_blocks == 0:
        return float(np.nanmax(values) - np.nanmin(values))
    medians = np.median(values[:, : n_blocks * block].reshape(len(values), n_blocks, block), axis=2)
    return float(np.nanmax(medians) - np.nanmin(medians))


def _peak_levels(recorded: Array, rebuilt: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return, sweep by sweep, the level of the strongest step in both."""
    rest = np.median(rebuilt)
    distance = np.abs(rebuilt - rest)
    peak = distance.max(axis=1, keepdims=True)
    chosen = distance >= 0.999 * peak
    return (
        np.asarray(np.nanmedian(np.where(chosen, recorded, np.nan), axis=1), dtype=np.float64),
        np.asarray(np.nanmedian(np.where(chosen, rebuilt, np.nan), axis=1), dtype=np.float64),
    )


def _disagreement(name: str, recorded: Array, rebuilt: Array, slope: float, unit: str, source: str) -> tuple[str, ...]:
    """Return a sentence where the levels differ by more than noise."""
    measured, expected = _peak_levels(recorded, rebuilt)
    worst = int(np.argmax(np.abs(measured - expected)))
    both = f"{measured[worst]:.4g} {unit} where the {source} says {expected[worst]:.4g} {unit} (sweep {worst})"
    if not _SAME_SCALE[0] <= slope <= _SAME_SCALE[1]:
        what = f"is {slope:.3g} times the one of the {source}: it reads {both}"
        return (f"The recorded command (channel {name!r}) {what}. The recorded one is used.",)
    residual = (recorded - rebuilt).astype(np.float64)
    noise = 1.4826 * float(np.median(np.abs(residual - np.median(residual))))
    largest_step = float(np.abs(expected - np.median(rebuilt)).max())
    if abs(measured[worst] - expected[worst]) <= max(_LEVEL_TOLERANCE * largest_step, _NOISE_SD * noise):
        return ()
    return (f"The recorded command (channel {name!r}) reads {both}. The recorded one is used.",)


def _beside_rest(name: str, recorded: Array, table: Command, sampling_rate: float, unit: str) -> Command:
    """Choose where the rebuilt command never moves."""
    assert table.values is not None  # noqa: S101 -- the one caller has looked
    swing = _swing(recorded, sampling_rate)
    level, seen = float(table.values.flat[0]), float(np.median(recorded))
    stays = f"where the {table.source.value} stays at {level:.4g} {unit}"
    if swing > _REST[unit]:
        what = f"moves by {swing:.4g} {unit} {stays}"
        sentence = f"The recorded command (channel {name!r}) {what}. The recorded one is used."
        return Command(recorded, CommandSource.RECORDED, (sentence,))
    if abs(seen - level) > _REST[unit]:
        sentence = f"Channel {name!r} rests at {seen:.4g} {unit} {stays}. The {table.source.value} is used."
        return Command(table.values, table.source, (sentence,))
    return table


def choose_command(
    recorded: Sequence[tuple[str, Array]],
    rebuilt: Array | None,
    source: CommandSource,
    *,
    sampling_rate: float,
    unit: str,
) -> Command:
    """Choose between recorded commands and one rebuilt from the protocol.

    Parameters
    ----------
    recorded : sequence of (str, ndarray)
        Name and values of each channel that may hold the command: float32, shape (n_sweeps, n_samples), in
        `unit`, the most likely one first.
    rebuilt : ndarray, float32, of the same shape, or None
        The command according to the protocol.
    source : CommandSource
        Where `rebuilt` came from.
    sampling_rate : float
        In Hz.
    unit : str
        ``"pA"`` or ``"mV"``.

    Returns
    -------
    Command
        The recorded one that follows the protocol best; the rebuilt one where no channel follows it; without
        a protocol the first recorded one.

    Examples
    --------
    >>> table = np.repeat(np.float32([[0, 50, 0], [0, 100, 0]]), 100, axis=1)
    >>> monitor = [("Im", 1.5 * table)]
    >>> choose_command(monitor, table, CommandSource.EPOCH_TABLE, sampling_rate=1e4, unit="pA").problems[0][:70]
    "The recorded command (channel 'Im') is 1.5 times the one of the epoch "
    """
    table = Command(rebuilt, source)
    if not recorded:
        return table
    if rebuilt is None:
        return Command(recorded[0][1], CommandSource.RECORDED)
    if np.all(rebuilt == rebuilt.flat[0]):
        return _beside_rest(*recorded[0], table, sampling_rate, unit)
    thin = _thinned(rebuilt)
    fits = [_fit(_thinned(values), thin) for _, values in recorded]
    best = max(range(len(fits)), key=lambda index: abs(fits[index][1]))
    slope, correlation = fits[best]
    name, values = recorded[best]
    weakly = correlation >= _FOLLOWS_WEAKLY and _CREDIBLE_SCALE[0] <= slope <= _CREDIBLE_SCALE[1]
    if abs(correlation) >= _FOLLOWS or weakly:
        doubts = _disagreement(name, _thinned(values), thin, slope, unit, source.value)
        return Command(values, CommandSource.RECORDED, doubts)
    measured, expected = _peak_levels(_thinned(values), thin)
    strongest = int(np.argmax(np.abs(expected - np.median(thin))))
    both = f"{measured[strongest]:.4g} {unit} where the {source.value} says {expected[strongest]:.4g} {unit}"
    sentence = f"Channel {name!r} does not carry the command: it reads {both} (sweep {strongest})."
    return Command(rebuilt, source, (f"{sentence} The {source.value} is used.",))
