"""What is measured of postsynaptic currents, and from when on."""

from __future__ import annotations

from mnephys.measurement import Feature
from mnephys.patch.synaptic.finding import DECAY_MS, RISE_MS, THRESHOLD_SD

__all__ = [
    "FEATURES",
    "FEWEST_EVENTS",
    "LEAST_NOISE_PA",
    "METHOD",
    "NEEDED_PA",
    "PREFIX",
    "SAME_LEVEL_MV",
    "SEARCHED_S",
    "SILENT_S",
]

METHOD = "deconvolution"
SEARCHED_S = 10.0
SILENT_S = 30.0
NEEDED_PA = 10.0
FEWEST_EVENTS = 5
LEAST_NOISE_PA = 1e-3
SAME_LEVEL_MV = 5.0

_CELL = ("cell",)
_OWN = "mnephys"
_DOI = "10.1016/j.bpj.2012.08.039"
_SEARCH: dict[str, float | str] = {
    "rise_ms": RISE_MS,
    "decay_ms": DECAY_MS,
    "threshold_sd": THRESHOLD_SD,
    "method": METHOD,
}
PREFIX = {"inward": "spsc", "outward": "spsc_outward"}


def _declared(polarity: str) -> list[Feature]:
    name = PREFIX[polarity]
    sign = (-1000.0, 0.0) if polarity == "inward" else (0.0, 1000.0)
    many: dict[str, float | str] = {**_SEARCH, "fewest_events": FEWEST_EVENTS}
    kind = f"{polarity} postsynaptic currents"
    return [
        Feature(
            f"{name}_frequency",
            "Hz",
            _CELL,
            f"Spontaneous {kind} per second of constant command",
            _DOI,
            (0, 500),
            {**_SEARCH, "least_s": SEARCHED_S, "least_silent_s": SILENT_S},
        ),
        Feature(f"{name}_amplitude", "pA", _CELL, f"Median peak of {kind} above their baseline", _OWN, sign, many),
        Feature(f"{name}_rise_time", "ms", _CELL, f"Median 10-90 % rise time of {kind}", _OWN, (0, 100), many),
        Feature(f"{name}_decay_time", "ms", _CELL, f"Median decay time constant of {kind}", _OWN, (0, 500), many),
    ]


FEATURES = {
    f.name: f
    for f in (
        *_declared("inward"),
        *_declared("outward"),
        Feature("qc_spsc_noise", "pA", _CELL, "SD of the searched current about its mean over 20 ms", _OWN, (0, 1e4)),
        Feature(
            "qc_spsc_smallest_amplitude",
            "pA",
            _CELL,
            "The smallest postsynaptic current that reaches the threshold",
            _OWN,
            (0, 1e5),
            _SEARCH,
        ),
        Feature(
            "qc_spsc_left_out",
            "1",
            _CELL,
            "Events above 1 nA, too fast for a synaptic current, or steps",
            _OWN,
            (0, 1e6),
        ),
    )
}
"""The features that this module measures."""
