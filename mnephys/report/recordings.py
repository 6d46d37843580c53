"""What the page says of each recording in words: little enough to be held for all of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mnephys.plot import labels
from mnephys.report import text

__all__ = ["Recording", "look_up"]

Record = Mapping[str, Any]

# What only recordings of cells, or only those of plates, are told by: empty for the others.
_OF_ONE_KIND = ("clamp", "length", "command", "layout", "duration", "spikes", "content")


@dataclass(frozen=True, slots=True)
class Recording:
    """What is kept of an evidence record when its traces are let go.

    Parameters
    ----------
    known : bool
        Whether there is an evidence record.
    simulated : bool
        Whether its cell is not one of flesh.
    problems : tuple of str
        Sentences.
    source : mapping of str to str
        Name, format, clamp, length and so on.
    plate : mapping, optional
        Of a recording of a plate: its layout and the definitions behind its metrics.
    has_spikes : bool
        Whether its evidence holds spikes to draw.
    held : str
        What its file held: ``spikes``, ``metrics`` alone, or a ``signal`` alone; empty where unknown.
    """

    known: bool
    simulated: bool
    problems: tuple[str, ...]
    source: Mapping[str, str]
    plate: Record | None = None
    has_spikes: bool = False
    held: str = ""


def look_up(evidence: Mapping[str, Record], names: Iterable[str]) -> dict[str, Recording]:
    """Read the evidence records of some recordings, each once and one at a time.

    Parameters
    ----------
    evidence : mapping of str to mapping
        May be one that reads a record only when it is asked for.
    names : iterable of str
        Recordings; those without a record are in the answer too.

    Returns
    -------
    dict of str to Recording
        By name.

    Examples
    --------
    >>> found = look_up({"a.abf": {"origin": "simulated"}}, ["a.abf", "b.abf"])
    >>> [(r.known, r.simulated) for r in found.values()]
    [(True, True), (False, False)]
    """
    return {name: _summary(name, evidence.get(name)) for name in dict.fromkeys(names)}


def _summary(name: str, record: Record | None) -> Recording:
    if record is None:
        return Recording(known=False, simulated=False, problems=(), source={"name": labels.plain(name)})
    simulated = record.get("origin") == "simulated"
    problems = _problems(name, record)
    if record.get("kind") != "plate":
        return Recording(known=True, simulated=simulated, problems=problems, source=_source(name, record))
    return Recording(
        known=True,
        simulated=simulated,
        problems=problems,
        source=_plate_source(name, record),
        plate={key: record.get(key) or {} for key in ("layout", "definitions", "detection")},
        has_spikes=bool((record.get("raster") or {}).get("wells")),
        held=str(record.get("source") or ""),
    )


def _problems(name: str, record: Record) -> tuple[str, ...]:
    """Return what is wrong with a recording; sweeps that were excluded for one reason stand together."""
    sentences = [labels.prose(problem) for problem in record.get("problems") or ()]
    together: dict[str, list[str]] = {}
    for sweep, reason in (record.get("excluded_sweeps") or {}).items():
        together.setdefault(labels.prose(reason), []).append(labels.plain(sweep))
    for reason, sweeps in together.items():
        sentences.append(f"sweep{'s' * (len(sweeps) > 1)} {', '.join(sweeps)} excluded: {reason}")
    return tuple(f"{labels.plain(name)}: {sentence}" for sentence in sentences)


def _source(name: str, record: Record) -> dict[str, str]:
    rate, duration = (_finite(record.get(key)) for key in ("sampling_rate", "duration"))
    sweeps = text.counted(int(record["n_sweeps"]), "sweep") if record.get("n_sweeps") is not None else ""
    length = f"{sweeps} of {labels.compact(duration)} s" if sweeps and duration is not None else sweeps
    return _file(name, record) | {
        "clamp": labels.plain(record.get("clamp") or ""),
        "length": f"{length} at {labels.compact(rate / 1000)} kHz" if rate is not None else length,
        "command": labels.plain(record.get("command_source") or ""),
    }


def _plate_source(name: str, record: Record) -> dict[str, str]:
    duration, n_spikes = _finite(record.get("duration")), _finite(record.get("n_spikes"))
    layout = labels.plain((record.get("layout") or {}).get("name") or "")
    length = "" if duration is None else f"{labels.compact(round(duration, 1))}\N{NO-BREAK SPACE}s"
    stated = labels.plain(record.get("duration_source") or "")
    return _file(name, record) | {
        "layout": f"{layout} plate" if layout else "",
        "duration": f"{length} ({stated})" if length and stated else length,
        "spikes": "" if n_spikes is None else f"{int(n_spikes):,} spikes".replace(",", "\N{NO-BREAK SPACE}"),
        "content": "metrics alone, no spike times" if record.get("source") == "metrics" else "",
    }


def _file(name: str, record: Record) -> dict[str, str]:
    provenance: Record = record.get("provenance") or {}
    version = f"{provenance.get('format') or ''} {provenance.get('format_version') or ''}"
    return dict.fromkeys(_OF_ONE_KIND, "") | {
        "name": labels.plain(name),
        "format": labels.plain(version),
        "size": text.size(provenance["size"]) if provenance.get("size") else "",
        "sha256": labels.plain(provenance.get("sha256") or "")[:12],
        "reader": labels.plain(provenance.get("reader") or ""),
    }


def _finite(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None
