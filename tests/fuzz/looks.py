"""What was seen of a recording, and in what it differs from what was seen of another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.pipeline import extract
from mnephys.readers import Recording, read_all
from mnephys.recording import DurationSource, PlateRecording, Signal, SweepRecording
from mnephys.summary import PlateSummary

__all__ = ["FACTS", "Look", "differences", "looks_at"]

_WINDOW = 1000
_ROWS = 100
#: What never changes silently; `values` shows the gain.
FACTS = (
    "recordings",
    "kind",
    "rate",
    "unit",
    "sweeps",
    "channels",
    "electrodes",
    "length",
    "duration",
    "spikes",
    "values",
)


@dataclass(frozen=True, slots=True)
class Look:
    """One recording: facts to compare as they are, stretches of samples, spikes, rows of a table."""

    facts: Mapping[str, Any]
    sentences: frozenset[str]
    windows: Mapping[tuple[int, int], NDArray[Any]] = field(default_factory=dict)
    spikes: Mapping[tuple[str, float], int] = field(default_factory=dict)
    amplitudes: Mapping[tuple[str, float], float] = field(default_factory=dict)
    waveforms: NDArray[Any] | None = None
    table: Mapping[tuple[str, str, str], Any] = field(default_factory=dict)


def looks_at(path: Path, *, whole: bool = False) -> list[Look]:
    """Read and measure all recordings of a file and look at them: at some stretches of samples, or at the whole."""
    found = []
    for recording in read_all(path):
        extract(recording)
        found.append(_look(recording, whole=whole))
    return found


def _look(recording: Recording, *, whole: bool) -> Look:
    if isinstance(recording, SweepRecording):
        return _sweeps(recording)
    return _summary(recording) if isinstance(recording, PlateSummary) else _plate(recording, whole=whole)


def _sweeps(recording: SweepRecording) -> Look:
    channels = recording.metadata["channels"]
    return Look(
        {
            "kind": "sweeps",
            "rate": recording.sampling_rate,
            "unit": (recording.response_unit, recording.command_unit),
            "sweeps": tuple(recording.n_valid.tolist()),
            "channels": len(channels),
        },
        frozenset(recording.problems),
        {(0, recording.response.size): recording.response.ravel()},
    )


def _plate(recording: PlateRecording, *, whole: bool) -> Look:
    signal, trains, electrodes = recording.signal, recording.trains, recording.electrodes
    facts: dict[str, Any] = {
        "kind": ("plate", signal is not None, trains is not None),
        "channels": (
            recording.layout.rows,
            recording.layout.columns,
            electrodes.size,
            int(electrodes["enabled"].sum()),
        ),
        "electrodes": tuple(electrodes[["well", "label", "enabled"]].tolist()),
        "duration": (recording.start, recording.stop, recording.duration_source.value),
    }
    windows: dict[tuple[int, int], NDArray[Any]] = {}
    if signal is not None:
        facts["rate"] = signal.sampling_rate
        facts["length"] = (signal.shape[0], tuple(signal.segments.tolist()))
        facts["channels"] = (*facts["channels"], signal.shape[1])
        facts["electrodes"] = (*facts["electrodes"], *np.asarray(signal.electrodes).tolist())
        windows = _windows(signal, whole=whole)
        signal.close()
    sentences = frozenset((*recording.problems, *recording.well_problems.values()))
    if trains is None:
        return Look(facts, sentences, windows)
    names = np.char.add(np.char.add(electrodes["well"], "_"), electrodes["label"])
    keys = list(zip(names[trains.train_of_spike].tolist(), trains.times.tolist(), strict=True))
    amplitudes = {} if trains.amplitudes is None else dict(zip(keys, trains.amplitudes.tolist(), strict=True))
    waveforms = None
    if (cut := trains.waveforms) is not None:
        rows = slice(None) if whole else slice(0, _ROWS)
        waveforms = np.asarray(cut[rows])
        facts["length"] = cut.shape[1]
    return Look(facts, sentences, windows, Counter(keys), amplitudes, waveforms)


def _windows(signal: Signal, *, whole: bool) -> dict[tuple[int, int], NDArray[Any]]:
    """Return the first, middle and last 1000 samples, or all."""
    n = signal.shape[0]
    width = min(_WINDOW, n)
    places = [(0, n)] if whole else sorted({(at, at + width) for at in (0, (n - width) // 2, n - width)})
    return {place: signal.read(*place) for place in places}


def _summary(summary: PlateSummary) -> Look:
    rows = {
        (row.feature, row.level, row.id): (row.value, row.text, row.unit) if row.ok else row.reason
        for row in summary.table
    }
    facts = {"kind": "summary", "channels": (summary.layout.name, tuple(summary.layout.wells))}
    return Look(facts, frozenset(summary.problems), table=rows)


def differences(before: Sequence[Look], after: Sequence[Look], allowed: int, *, part: bool = False) -> set[str]:
    """Return which facts of two lists of looks differ.

    Of spikes and samples so many may have changed as `allowed`. For a `part` of the recording it is enough that what
    is there is as it was: spikes, the end of the signal, or one of the two kinds of data may be missing.
    """
    found = {"recordings"} if len(before) != len(after) else set()
    for number, other in enumerate(after):
        if len(before) == len(after):
            found |= _differ(before[number], other, allowed, part=part)
        else:
            found |= min((_differ(one, other, allowed, part=part) for one in before), key=len, default=set())
    return found


def _differ(one: Look, other: Look, allowed: int, *, part: bool) -> set[str]:
    found = {name for name in one.facts.keys() | other.facts.keys() if one.facts.get(name) != other.facts.get(name)}
    if other.facts.get("duration", ("", "", ""))[2] == DurationSource.SPIKES.value:
        # The recording says itself that nobody stated how long it lasted; no rate comes of it.
        found.discard("duration")
    if part:
        found -= {"length", "duration"}
        if all(had or not has for had, has in zip(one.facts["kind"], other.facts["kind"], strict=False)):
            found.discard("kind")
        if one.facts.get("rate") and "rate" not in other.facts:
            # The signal is what is missing.
            found -= {"rate", "channels", "electrodes"}
    found |= _of_windows(one, other, allowed)
    found |= _of_spikes(one, other, allowed, part=part)
    # A burst that moves changes two electrodes and two wells.
    if _changed_features(one, other) > 2 * allowed:
        found.add("values")
    return found


def _of_windows(before: Look, after: Look, allowed: int) -> set[str]:
    if not before.windows or before.facts["channels"] != after.facts["channels"]:
        return set()
    ((_, stop),) = before.windows
    whole = before.windows[0, stop]
    for (begin, end), values in after.windows.items():
        expected = whole[begin:end]
        differ = expected != values[: len(expected)]
        # NaN pads short sweeps.
        differ &= ~(np.isnan(expected) & np.isnan(values[: len(expected)]))
        if np.count_nonzero(differ) > allowed:
            return {"values"}
    return set()


def _of_spikes(before: Look, after: Look, allowed: int, *, part: bool) -> set[str]:
    one, other = Counter(before.spikes), Counter(after.spikes)
    found = set()
    if (0 if part else (one - other).total()) > allowed or (other - one).total() > allowed:
        found.add("spikes")
    common = one.keys() & other.keys()
    if (
        before.amplitudes
        and not (part and not after.amplitudes)
        and sum(before.amplitudes[key] != after.amplitudes.get(key) for key in common if key in before.amplitudes)
        > allowed
    ):
        found.add("values")
    if before.waveforms is not None and one == other and not (part and after.waveforms is None):
        n = 0 if after.waveforms is None else len(after.waveforms)
        expected = before.waveforms[:n]
        if n == 0 or expected.shape != after.waveforms.shape or np.count_nonzero(expected != after.waveforms) > allowed:
            found.add("values")
    return found


def _changed_features(before: Look, after: Look) -> int:
    """Return how many features, or places, whichever are fewer, have a value that they did not have.

    A reason why there is none is no silent change, and a row that is gone belongs to a line that nobody can read.
    """
    changed = {
        key for key, value in after.table.items() if not isinstance(value, str) and before.table.get(key) != value
    }
    return min(len({feature for feature, _, _ in changed}), len({place for _, _, place in changed}))
