"""mnephys: functional maturity of stem-cell-derived motor neurons, with the evidence for it.

Everything is reachable after ``import mnephys``, and loaded only when it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mnephys._version import __version__

if TYPE_CHECKING:
    from mnephys import (
        batch,
        errors,
        export,
        maturity,
        mea,
        measurement,
        patch,
        pipeline,
        plot,
        readers,
        recording,
        report,
        samples,
        simulate,
        summary,
        units,
    )
    from mnephys.export.to_neo import to_neo
    from mnephys.export.to_spikeinterface import to_spikeinterface
    from mnephys.maturity.conditions import Conditions
    from mnephys.maturity.network_rubric import load_network_rubric
    from mnephys.maturity.rubric import load_rubric
    from mnephys.pipeline import extract, score
    from mnephys.readers import read, read_all
    from mnephys.readers.from_neo import from_neo
    from mnephys.samples.sheet import load_sheet

__all__ = [
    "Conditions",
    "__version__",
    "batch",
    "errors",
    "export",
    "extract",
    "from_neo",
    "load_network_rubric",
    "load_rubric",
    "load_sheet",
    "maturity",
    "mea",
    "measurement",
    "patch",
    "pipeline",
    "plot",
    "read",
    "read_all",
    "readers",
    "recording",
    "report",
    "samples",
    "score",
    "simulate",
    "summary",
    "to_neo",
    "to_spikeinterface",
    "units",
]

_HOME = {
    "Conditions": "mnephys.maturity.conditions",
    "extract": "mnephys.pipeline",
    "from_neo": "mnephys.readers.from_neo",
    "load_network_rubric": "mnephys.maturity.network_rubric",
    "load_rubric": "mnephys.maturity.rubric",
    "load_sheet": "mnephys.samples.sheet",
    "read": "mnephys.readers",
    "read_all": "mnephys.readers",
    "score": "mnephys.pipeline",
    "to_neo": "mnephys.export.to_neo",
    "to_spikeinterface": "mnephys.export.to_spikeinterface",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if name in __all__:
        return import_module(f"mnephys.{name}")
    raise AttributeError(f"module 'mnephys' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
