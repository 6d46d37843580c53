"""What a vendor's export of metrics says of the whole plate: how long, and by which definitions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from mnephys.measurement import Measurement, Status
from mnephys.readers.axion_csv.settings import Settings, quantity
from mnephys.recording import SIMULATED_COMMENT

__all__ = ["StatedDefinitions", "analysis_duration", "plate_rows", "read_definitions"]

_UNITS = {
    "active_min_rate": "1",
    "burst_max_isi": "s",
    "burst_min_spikes": "1",
    "network_burst_max_isi": "s",
    "network_burst_min_spikes": "1",
    "network_burst_min_electrodes": "%",
    "synchrony_window": "s",
}
# The defaults of the program over the years; a window of synchrony decides about no burst.
_GENERATIONS = MappingProxyType(
    {"axis-2015": (5.0, 0.1, 5.0, 0.1, 10.0, 25.0), "axis-2023": (5.0, 0.1, 5.0, 0.1, 50.0, 35.0)}
)
# Where the metric tool and the Statistics Compiler write each: section, key, unit where none is written.
_PLACES = {
    "active_min_rate": (
        ("", "Active Electrode Criterion (spks/min)", ""),
        ("", "Minimum Spike Rate for Active Electrode", ""),
    ),
    "burst_max_isi": (
        ("Electrode Burst", "Max ISI (ms)", "ms"),
        ("Burst Detector", "Maximum Inter-Spike Interval", "ms"),
    ),
    "burst_min_spikes": (
        ("Electrode Burst", "Min # of Spikes", ""),
        ("Burst Detector", "Minimum Number of Spikes", ""),
    ),
    "network_burst_max_isi": (
        ("Network Burst", "Max ISI (ms)", "ms"),
        ("Burst Detector", "Maximum Inter-Spike Interval (network bursts)", "ms"),
    ),
    "network_burst_min_spikes": (
        ("Network Burst", "Min # of Spikes", ""),
        ("Burst Detector", "Minimum Number of Spikes (network bursts)", ""),
    ),
    "network_burst_min_electrodes": (
        ("Network Burst", "Min # of Electrodes (%)", "%"),
        ("Burst Detector", "Minimum Participating Electrodes (%)", "%"),
    ),
    "synchrony_window": (("", "Synchrony Window", "ms"),),
}
_ALGORITHMS = (
    ("Electrode Burst", "Algorithm"),
    ("Network Burst", "Algorithm"),
    ("Burst Detector", "Burst Detection Algorithm"),
)
# No setting and no length of a recording in s is larger.
_LARGEST = 1e9
# In s: no two spikes of an electrode are nearer.
_SHORTEST = 1e-3
_FACTORS = {"ms": 0.001, "spikes/second": 60.0, "spikes/sec": 60.0, "spikes/s": 60.0, "hz": 60.0}


@dataclass(frozen=True, slots=True)
class StatedDefinitions:
    """What counts as active, as a burst and as a network burst, as an export states it.

    Parameters
    ----------
    numbers : mapping of str to float
        In the units of the table; only those that are stated.
    algorithms : tuple of str
        What finds bursts.
    """

    numbers: Mapping[str, float] = field(default_factory=dict)
    algorithms: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The generation whose numbers these are, ``custom`` where they are of none, empty where none is stated."""
        names = [name for name in _UNITS if name != "synchrony_window"]
        stated = [self.numbers.get(name, math.nan) for name in names]
        if all(math.isnan(value) for value in stated):
            return ""
        if any("isi" not in text.lower() or "threshold" not in text.lower() for text in self.algorithms):
            return "custom"
        for generation, numbers in _GENERATIONS.items():
            if all(math.isclose(a, b, rel_tol=1e-9) for a, b in zip(stated, numbers, strict=True)):
                return generation
        return "custom"


def read_definitions(settings: Settings, decimal: str = ".") -> StatedDefinitions:
    """Return the definitions that an export states.

    Parameters
    ----------
    settings : Settings
        Of the export.
    decimal : str
        The decimal sign.

    Returns
    -------
    StatedDefinitions
        Without what it does not state.

    Examples
    --------
    >>> said = {"Active Electrode Criterion (spks/min)": "5"}
    >>> read_definitions(Settings({"": said, "Network Burst Settings": {"Max ISI (ms)": "100"}})).numbers
    {'active_min_rate': 5.0, 'network_burst_max_isi': 0.1}
    """
    numbers = {}
    for name, places in _PLACES.items():
        for section, key, assumed in places:
            value, unit = quantity(settings.find(key, section=section), decimal)
            if value is not None and 0 < value < _LARGEST:
                numbers[name] = value * _FACTORS.get((unit or assumed).lower(), 1.0)
                break
    algorithms = (settings.find(key, section=section) for section, key in _ALGORITHMS)
    return StatedDefinitions(numbers, tuple(text for text in algorithms if text))


def analysis_duration(settings: Settings, decimal: str = ".") -> float | None:
    """Return how long the analysed section is.

    Parameters
    ----------
    settings : Settings
        Of the export.
    decimal : str
        The decimal sign.

    Returns
    -------
    float or None
        In s; None where it is not stated or cannot be.

    Examples
    --------
    >>> analysis_duration(Settings({"": {"Analysis Start": "0", "Analysis End": "120"}}))
    120.0
    """

    def stated(*keys: str) -> float | None:
        return next((value for key in keys if (value := quantity(settings.find(key), decimal)[0]) is not None), None)

    duration = stated("Analysis Duration (s)", "Analysis Duration")
    start, end = stated("Analysis Start", "Analysis Start (s)"), stated("Analysis End", "Analysis End (s)")
    if duration is None and end is not None:
        duration = end - (start or 0.0)
    return duration if duration is not None and _SHORTEST < duration < _LARGEST else None


def plate_rows(
    settings: Settings, duration: float | None, definitions: StatedDefinitions, n_wells: int, excluded: int
) -> list[Measurement]:
    """Return the rows of the whole plate.

    Parameters
    ----------
    settings : Settings
        Of the export.
    duration : float or None
        In s.
    definitions : StatedDefinitions
        As the export states them.
    n_wells, excluded : int
        Wells of the plate, and those that cannot be judged.

    Returns
    -------
    list of Measurement
        Their names and units are those that a recording of spikes has.
    """

    def missing(feature: str, unit: str, why: str, status: Status = Status.NOT_APPLICABLE) -> Measurement:
        return Measurement(feature, None, "", unit, status, why, "plate")

    def category(feature: str, text: str, remark: str = "") -> Measurement:
        return Measurement(feature, None, text, "1", Status.OK, remark, "plate")

    rows = [
        Measurement("recording_duration", duration, "", "s", Status.OK, "stated by the file", "plate")
        if duration is not None
        else missing("recording_duration", "s", "the export does not state it"),
        category("qc_origin", "simulated" if settings.comment == SIMULATED_COMMENT else "recorded"),
        category("qc_recording", "ok", f"{excluded} of {n_wells} wells cannot be judged." if excluded else "")
        if excluded < n_wells
        else missing("qc_recording", "1", f"none of {n_wells} wells can be judged", Status.EXCLUDED),
        category("definitions", definitions.name)
        if definitions.name
        else missing("definitions", "1", "the export does not state what counts as active and as a burst"),
    ]
    for feature, unit in _UNITS.items():
        value = definitions.numbers.get(feature)
        if value is None:
            rows.append(missing(feature, unit, "the export does not state it"))
        else:
            rows.append(Measurement(feature, value, "", unit, Status.OK, "", "plate"))
    return rows
