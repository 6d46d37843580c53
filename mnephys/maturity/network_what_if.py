"""What would change the stage of a well, from the evidence of its score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mnephys.maturity.network_rubric import STAGES, NetworkRubric
from mnephys.maturity.network_stage import judge_network
from mnephys.maturity.what_if import Change, Resolution, changes, resolutions
from mnephys.measurement import Measurement, Status

__all__ = ["what_if_of_well"]


def what_if_of_well(
    criteria: Sequence[Mapping[str, Any]], rubric: NetworkRubric
) -> tuple[tuple[Change, ...], tuple[Resolution, ...]]:
    """Return what would change the stage of a well, and what would decide it.

    Parameters
    ----------
    criteria : sequence of mapping
        The evidence of its score, as `Score.to_json` gives it.
    rubric : NetworkRubric
        By which it was scored.

    Returns
    -------
    changes : tuple of Change
        As `mnephys.maturity.what_if.changes`.
    resolutions : tuple of Resolution
        As `mnephys.maturity.what_if.resolutions`.

    Examples
    --------
    >>> from mnephys.maturity.network_rubric import load_network_rubric
    >>> counted = {"active_electrode_fraction": 0.2, "active_electrode_count": 2.0}
    >>> lines = [{"feature": name, "value": value, "unit": "1", "status": "ok"} for name, value in counted.items()]
    >>> found, _ = what_if_of_well(lines, load_network_rubric())
    >>> found[0].sentence
    'With active electrodes of 0.0999 or less instead of 0.2 it would be absent.'
    """
    numbers = {
        line["feature"]: float(line["value"])
        for line in criteria
        if line["status"] == Status.OK and line["value"] is not None and line["feature"] in rubric.criteria
    }

    def stage_of(values: Mapping[str, float], _: Mapping[str, str]) -> str:
        rows = {
            name: Measurement(name, value, "", rubric.criteria[name].unit, level="well")
            for name, value in values.items()
        }
        return judge_network(rubric, rows).stage.value

    gates = tuple(gate for stage in STAGES for gate in rubric.stages[stage])
    return changes(rubric, gates, numbers, {}, stage_of), resolutions(rubric, gates, numbers, {}, stage_of)
