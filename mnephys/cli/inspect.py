"""``mnephys inspect``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnephys.cli.common import PATH, emit_json, given, json_option
from mnephys.cli.text import printable

if TYPE_CHECKING:
    from mnephys.readers import Recording
    from mnephys.recording import PlateRecording, SweepRecording
    from mnephys.summary import PlateSummary

__all__ = ["command", "describe"]


@click.command(name="inspect")
@click.argument("file", type=PATH)
@json_option
def command(file: Path, as_json: bool) -> None:
    """Show what is in FILE: sweeps and their command, or wells, electrodes, spikes and voltage; and its problems."""
    from mnephys.readers import read_all

    given(file)
    descriptions = [describe(recording) for recording in read_all(file)]
    if as_json:
        emit_json(descriptions)
        return
    for description in descriptions:
        width = max(len(key) for key in description)
        for key, value in description.items():
            shown = (
                "\n".join(printable(str(item)) for item in value) if isinstance(value, list) else printable(str(value))
            )
            indented = shown.replace("\n", "\n" + " " * (width + 2))
            click.echo(f"{key.replace('_', ' '):<{width}}  {indented or '-'}")


def describe(recording: Recording) -> dict[str, Any]:
    """Return what a person wants to know of a recording before analysing it.

    Parameters
    ----------
    recording : SweepRecording, PlateRecording or PlateSummary
        As read.

    Returns
    -------
    dict
        JSON-ready.
    """
    from mnephys.recording import SweepRecording
    from mnephys.summary import PlateSummary

    origin = recording.provenance
    head = {
        "file": origin.path,
        "format": f"{origin.format} {origin.format_version}".strip(),
        "sha256": origin.sha256 or "not computed: only the headers were read",
    }
    if isinstance(recording, SweepRecording):
        return head | _describe_sweeps(recording)
    if isinstance(recording, PlateSummary):
        return head | _describe_summary(recording)
    return head | _describe_plate(recording)


def _describe_plate(plate: PlateRecording) -> dict[str, Any]:
    return {
        "plate": plate.layout.name,
        "electrodes": plate.electrodes.size,
        "electrodes_switched_off": int((~plate.electrodes["enabled"]).sum()),
        **_describe_trains(plate),
        **_describe_signal(plate),
        "start_s": round(plate.start, 9),
        "duration_s": round(plate.duration, 9),
        "duration_source": plate.duration_source.value,
        "wells": _facts(plate.well_facts),
        "events": [f"{time:.3f} s: {text}" for time, text in plate.events],
        "well_problems": [f"{well}: {why}" for well, why in plate.well_problems.items()],
        **({"streams_not_measured": list(aside)} if (aside := plate.metadata.get("streams_not_measured")) else {}),
        "problems": list(plate.problems),
    }


def _describe_trains(plate: PlateRecording) -> dict[str, Any]:
    if (trains := plate.trains) is None:
        return {"spikes": "none in the file: it holds raw voltage"}
    waveforms = {} if trains.waveforms is None else {"samples_of_a_waveform": trains.waveforms.shape[1]}
    return {"spikes": trains.n_spikes, "electrodes_with_spikes": int((trains.counts > 0).sum()), **waveforms}


def _describe_signal(plate: PlateRecording) -> dict[str, Any]:
    if (signal := plate.signal) is None:
        return {}
    n_samples, n_channels = signal.shape
    return {
        "channels": n_channels,
        "samples": n_samples,
        "sampling_rate_hz": signal.sampling_rate,
        "stretches_without_a_gap": len(signal.segments),
    }


def _describe_summary(summary: PlateSummary) -> dict[str, Any]:
    of_plate = [row for row in summary.table if row.level == "plate"]
    return {
        "plate": summary.layout.name,
        "metrics": len({row.feature for row in summary.table if row.level == "well" and row.ok}),
        "settings": [f"{row.feature}: {row.text or row.value if row.ok else row.reason}" for row in of_plate],
        "wells": _facts(summary.well_facts),
        "wells_without_data": [r.id for r in summary.table.select("qc_well", level="well") if not r.ok],
        "problems": list(summary.problems),
    }


def _facts(facts: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return what the file says of wells, one line per set of facts that several share."""
    from mnephys.maturity.plate_score import well_ranges

    together: dict[str, list[str]] = {}
    for well, said in facts.items():
        together.setdefault(", ".join(f"{key} {value}" for key, value in said.items()), []).append(well)
    return [f"{well_ranges(wells)}: {said}" for said, wells in together.items() if said]


def _describe_sweeps(recording: SweepRecording) -> dict[str, Any]:
    import numpy as np

    from mnephys.recording import Clamp

    seen = recording.response[np.isfinite(recording.response)]
    span = f"{seen.min():.4g} to {seen.max():.4g} {recording.response_unit}" if seen.size else "no sample"
    description: dict[str, Any] = {
        "clamp": recording.clamp.value,
        "channel": recording.channel,
        "sweeps": recording.n_sweeps,
        "sweep_duration_s": recording.duration,
        "sampling_rate_hz": recording.sampling_rate,
        "response": span,
        "command_source": recording.command_source.value,
        "holding": "unknown" if recording.holding is None else f"{recording.holding:g} {recording.command_unit}",
        "steps": [],
        "tags": [f"{time:.3f} s: {text}" for time, text in recording.tags],
        "problems": list(recording.problems),
    }
    if recording.clamp is Clamp.CURRENT:
        description["steps"] = _steps(recording)
        if recording.command is None and description["steps"]:
            description["command_source"] = "inferred"
    return description


def _steps(recording: SweepRecording) -> list[str]:
    """Return one line per test step: when it is, and its current in every sweep."""
    import numpy as np

    from mnephys.patch.steps import find_steps, infer_steps

    rate, valid = recording.sampling_rate, recording.n_valid
    if recording.command is None:
        steps = infer_steps(recording.response, rate, valid)
    else:
        steps = find_steps(recording.command, rate, valid)
    lines = []
    for order in np.unique(steps.order[steps.test]):
        rows = steps.test & (steps.order == order)
        currents = ", ".join("?" if np.isnan(i) else f"{i:.4g}" for i in steps.current[rows])
        when = f"{steps.start_time()[rows][0]:.4f} to {steps.stop_time()[rows][0]:.4f} s"
        lines.append(f"{when}: {currents} {recording.command_unit}")
    return lines
