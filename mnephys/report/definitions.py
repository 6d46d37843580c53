"""How the metrics of plates are defined, in words, for the methods of the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mnephys.plot import labels
from mnephys.report import rows
from mnephys.report.recordings import Recording

__all__ = ["methods"]

_NAMES = {
    "axis-2023": "the definitions axis-2023 (the vendor's current ones)",
    "axis-2015": "the definitions axis-2015 (the vendor's earlier ones)",
    "custom": "definitions of its own",
}
_MOST_NAMED = 3

Definitions = Mapping[str, Any]


def methods(recordings: Mapping[str, Recording]) -> list[str]:
    """Return the definitions behind the metrics of plates and how long the recordings lasted.

    Parameters
    ----------
    recordings : mapping of str to Recording
        Those of plates; others are left out.

    Returns
    -------
    list of str
        Sentences; recordings of the same definitions, and of the same duration, are told together.

    Examples
    --------
    >>> plate = {"definitions": {"name": "axis-2023", "active_min_rate": 5.0}}
    >>> recording = Recording(known=True, simulated=False, problems=(), source={"name": "a.csv"}, plate=plate)
    >>> methods({"a.csv": recording})[0].partition(". ")[2]
    'An electrode is active with at least 5 spikes per minute.'
    """
    of_plates = {name: recording for name, recording in recordings.items() if recording.plate is not None}
    defined = _together(of_plates, lambda recording: _definitions((recording.plate or {}).get("definitions") or {}))
    sources = _together(of_plates, _source)
    durations = _together(of_plates, lambda recording: recording.source.get("duration", ""))
    n_all = len(of_plates)
    told = [f"{_named(names, n_all)}: {words}" for words, names in [*defined.items(), *sources.items()]]
    told += [f"duration of {_named(names, n_all)}: {words}." for words, names in durations.items()]
    return [re.sub("^(all|duration)(?= )", lambda match: match[0].capitalize(), sentence) for sentence in told]


def _together(recordings: Mapping[str, Recording], words: Callable[[Recording], str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, recording in recordings.items():
        if said := words(recording):
            found.setdefault(said, []).append(name)
    return found


def _named(names: Sequence[str], n_all: int) -> str:
    if len(names) == n_all > 1:
        return f"all {n_all} recordings"
    shown = ", ".join(labels.plain(name) for name in names[:_MOST_NAMED])
    return f"{shown} and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else shown


def _source(recording: Recording) -> str:
    if recording.held == "metrics":
        return "the metrics are those of the export; mnephys has not seen the spikes behind them."
    if how := labels.plain((recording.plate or {}).get("detection") or ""):
        return f"the file holds raw voltage, and mnephys detected the spikes in it ({how})."
    return ""


def _definitions(definitions: Definitions) -> str:
    name = labels.plain(definitions.get("name") or "")
    sentences = [f"by {_NAMES.get(name, name)}."] if name else []
    if active := _number(definitions, "active_min_rate"):
        sentences.append(f"An electrode is active with at least {active} spikes per minute.")
    burst = _run(definitions, "burst")
    if burst:
        sentences.append(f"A burst is a run of {burst} on one electrode.")
    if network := _run(definitions, "network_burst"):
        share = _number(definitions, "network_burst_min_electrodes")
        part = f", with a spike on at least {share}\N{NO-BREAK SPACE}% of the electrodes" if share else ""
        sentences.append(f"A network burst is a run of {network} on all electrodes of a well together{part}.")
    if window := _number(definitions, "sttc_window", 1000):
        sentences.append(
            f"The spike time tiling coefficient counts spikes as together within {window}\N{NO-BREAK SPACE}ms; that of "
            "a well is the mean over pairs of active electrodes."
        )
    if window := _number(definitions, "synchrony_window", 1000):
        sentences.append(f"Synchrony was exported for a window of {window}\N{NO-BREAK SPACE}ms.")
    joined = " ".join(sentences)
    return joined[:1].upper() + joined[1:] if not name else joined


def _run(definitions: Definitions, kind: str) -> str:
    spikes, interval = _number(definitions, f"{kind}_min_spikes"), _number(definitions, f"{kind}_max_isi", 1000)
    if not (spikes and interval):
        return ""
    return f"at least {spikes} spikes with intervals of at most {interval}\N{NO-BREAK SPACE}ms"


def _number(definitions: Definitions, key: str, factor: float = 1) -> str:
    value = rows.finite(definitions.get(key))
    return "" if value is None else labels.compact(value * factor)
