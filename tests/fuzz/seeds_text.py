"""Undamaged CSV exports: spike list, metrics of two programs, burst list."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fuzz.seed import Field, Seed
from fuzz.seeds_patch import real
from readers.axion_exports import (
    ELECTRODE_ROWS,
    EXPORTS,
    FOOTER,
    MOTOR,
    REAL,
    SETTINGS,
    SPIKES,
    STATISTICS,
    csv_of,
    export,
    many,
    tables,
)

__all__ = ["burst_list_seeds", "metrics_seeds", "spike_list_seeds"]

_BURSTS = [
    *(
        ("00001.000000", "A1_11", "5", "0.2"),
        ("00003.000000", "A1_11", "11", "0.4"),
        ("00008.000000", "A1_11", "5", "0.3"),
    ),
    *(("00002.000000", "A1_12", "9", "0.1"), ("00002.500000", "D6_44", "6", "0.25")),
]
_REAL_BURSTS = "mea/exports/axis36_electrode_burst_list.csv"
_BURST_TITLES = ("Time (s)", "Electrode", "Size (spikes)", "Duration (s)")
# The words of a text that are forged, and what each of them alone decides.
_DURATION, _PLATE = frozenset({"duration"}), frozenset({"channels", "electrodes", "spikes"})
_PANEL: Mapping[str, frozenset[str]] = {
    "12.5 kHz": frozenset(),
    "CytoView MEA 24": _PLATE,
    "3.6.2.2": frozenset(),
    "0s to 1m0s": _DURATION,
    "0s": _DURATION,
    "Time (s)": frozenset(),
    "Electrode": frozenset(),
    "Sampling Frequency": frozenset(),
    "Plate Type": frozenset(),
    "Actual File Section Run": frozenset(),
    "A1_11": frozenset(),
    "D6_44": frozenset(),
}


def spike_list_seeds() -> list[Seed]:
    """Return a list with a footer, and one of another locale."""
    spikes = [*SPIKES, *many(40, 50.0)]
    own = csv_of(spikes, Description='"two\r\nlines"', footer=FOOTER)
    words = {
        **_PANEL,
        "Amplitude(mV)": frozenset(),
        "0.30008": frozenset(),
        "CAP": frozenset(),
        "Well,A1,A2": frozenset(),
    }
    foreign = csv_of(
        [(time.replace(".", ","), name, size.replace(".", ",")) for time, name, size in spikes], delimiter=";"
    )
    found = [_seed("spike list", b"\xef\xbb\xbf" + own, words), _seed("spike list with decimal commas", foreign, words)]
    if (content := real(REAL)) is not None:
        whole = content[: content.rindex(b"\n", 0, 60_000) + 1]
        found.append(_seed("first rows of a real spike list", whole, words))
    return found


def burst_list_seeds() -> list[Seed]:
    """Return a list of bursts."""
    panel = {
        "   Burst Detection Algorithm": "Inter-Spike Interval (ISI) Threshold",
        "   Maximum Inter-Spike Interval": "100 ms",
        "   Minimum Number of Spikes": "5",
    }
    content = csv_of(_BURSTS * 6, titles=_BURST_TITLES, footer=FOOTER, **panel)
    words = {
        **_PANEL,
        "Size (spikes)": frozenset(),
        "Duration (s)": frozenset(),
        "100 ms": frozenset(),
        "0.25": frozenset(),
    }
    return [_seed("burst list", content, words), *_real({"real burst list": _REAL_BURSTS}, words)]


def metrics_seeds() -> list[Seed]:
    """Return an export of the metric tool and one of the Statistics Compiler."""
    wells, electrodes = tables(empty="0")
    few = {label: electrodes[label] for label in list(ELECTRODE_ROWS)[:3]}
    words = ("24-well", "100", "5", "35", "20", "Well Averages", "Measurement", "A1_11", "Number of Spikes", "0.063125")
    compiler = (
        "Maestro 24-Well",
        "100 ms",
        "25",
        "20 ms",
        "5 spikes/minute",
        "1 µM",
        "Analysis Duration (s): ,100",
        "Well,A1,A2",
    )
    return [
        _seed("metric tool", export(wells, few, settings=SETTINGS), dict.fromkeys(words, frozenset())),
        _seed("Statistics Compiler", export(wells, settings=STATISTICS), dict.fromkeys(compiler, frozenset())),
        *_real(
            {f"real metrics, {name}": EXPORTS[name] for name in ("statistics", "2025")},
            dict.fromkeys(words, frozenset()),
        ),
        *_real({"real metrics, DIV 5": MOTOR["DIV05"]}, {}),
    ]


def _real(names: Mapping[str, str], words: Mapping[str, frozenset[str]]) -> list[Seed]:
    found = {name: real(path) for name, path in names.items()}
    return [_seed(name, content, words) for name, content in found.items() if content is not None]


def _seed(name: str, content: bytes, words: Mapping[str, frozenset[str]]) -> Seed:
    fields = []
    for word, carries in words.items():
        # As a whole cell where it is one, so that 5 is not found in 3.5.
        raw = re.escape(word.encode())
        found = re.search(rb"(?<=[,;])" + raw + rb"(?=[\r\n,;])", content) or re.search(raw, content)
        if found:
            fields.append(Field(found.start(), len(word.encode()), word, "word", carries))
    return Seed(name, content, len(content), fields, text=True, file_name="case.csv")
