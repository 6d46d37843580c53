"""``mnephys explain``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mnephys.cli.common import PATH, WRONG_USAGE, emit_json, fail, is_missing, json_option, rubric_option
from mnephys.cli.text import printable

__all__ = ["command", "explained", "lines_of"]

Score = dict[str, Any]


@click.command(name="explain")
@click.argument("path", metavar="DIR-OR-FILE", type=PATH)
@click.argument("subjects", metavar="[SUBJECT]...", nargs=-1)
@rubric_option
@json_option
def command(path: Path, subjects: tuple[str, ...], rubric_files: tuple[Path, ...], as_json: bool) -> None:
    """Say why a cell or well got its stage, what would change it, and what would resolve an indeterminate.

    DIR is the folder of an earlier `mnephys score -o DIR`; a recording is scored first. SUBJECT is a cell, a plate or
    a well as the scores name it ("plate A1"), or the id of a well alone ("A1"); all, if none is given.

    \b
    Examples:
      mnephys explain results
      mnephys explain results cell07 "MW16-28 B3"
      mnephys explain cell07.abf
    """  # noqa: D301 -- click knows a paragraph to leave as it is by the backspace character itself
    from mnephys.pipeline.rubrics import load_rubrics

    rubrics = load_rubrics(rubric_files)
    chosen = _chosen(_scores(path, rubric_files), subjects, path)
    found = [explained(score, rubrics.well) for score in chosen]
    if as_json:
        emit_json(found)
    else:
        click.echo("\n\n".join("\n".join(lines_of(score)) for score in found))


def _scores(path: Path, rubric_files: tuple[Path, ...]) -> list[Score]:
    """Return the scores of an earlier run, or of recordings that are scored now."""
    from mnephys.batch.run import load_run
    from mnephys.batch.store import STORE_NAME, Store
    from mnephys.cli.score import score_paths

    if is_missing(path):
        raise fail(f"{path}: does not exist; give the folder of an earlier run, or a recording", WRONG_USAGE)
    if is_missing(path / STORE_NAME):
        return score_paths([path], None, rubric_files=rubric_files).scores
    with Store.existing(path) as store:
        kept = load_run(store)
    if not kept:
        raise fail(f"{path}: the run was stopped before its end; run the same command again")
    scores: list[Score] = kept["scores"]
    return scores


def _chosen(scores: list[Score], subjects: tuple[str, ...], path: Path) -> list[Score]:
    """Return the scores of some subjects, of all where none is named."""
    from mnephys.wording import nearest

    if not scores:
        raise fail(f"{path}: nothing in it was scored")
    chosen = []
    for subject in subjects or ("",):
        own = [score for score in scores if subject in {"", score["subject"], score["id"] or None}]
        if not own:
            known = [score["subject"] for score in scores]
            raise fail(f"no subject {subject!r} was scored; {nearest(subject, known)}", WRONG_USAGE)
        chosen += own
    return chosen


def explained(score: Score, well_rubric: Any) -> Score:
    """Return a score with what would change its stage.

    Parameters
    ----------
    score : dict
        As `Score.to_json` gives it; of a cell it holds this already.
    well_rubric : NetworkRubric
        By which wells were scored.

    Returns
    -------
    dict
        With ``changes`` and ``resolutions``; of a well that another rubric scored with neither.
    """
    from mnephys.maturity.network_what_if import what_if_of_well

    if score["level"] != "well" or score["rubric"] != well_rubric.identification:
        return score
    changes, resolutions = what_if_of_well(score["criteria"], well_rubric)
    return {
        **score,
        "changes": [change.to_json() for change in changes],
        "resolutions": [resolution.to_json() for resolution in resolutions],
    }


def lines_of(score: Score) -> list[str]:
    """Return what a terminal shows of an explanation.

    Parameters
    ----------
    score : dict
        From `explained`.

    Returns
    -------
    list of str
        Without line ends.
    """
    stage = score["stage"] or f"network {score['network_stage']}"
    index = score["maturity_index"]
    number = "no maturity index" if index is None else f"maturity index {index:.2f}"
    # Names are not unique where a well was recorded on several days.
    where = f" ({score['recording']})" if score["level"] != "cell" and score["recording"] else ""
    lines = [f"{score['subject']}{where}: {stage}, {number}", *(f"  {reason}" for reason in score["reasons"])]
    counted = [line for line in score["criteria"] if line["points"] is not None]
    if counted:
        lines += ["What counted:", *(f"  {_evidence(line)}" for line in counted)]
    for heading, key in (("What would change the stage:", "changes"), ("What would decide:", "resolutions")):
        if score.get(key):
            lines += [heading, *(f"  {each['sentence']}" for each in score[key])]
    return [printable(line) for line in lines]


def _evidence(line: dict[str, Any]) -> str:
    unit = "" if line["unit"] in {"", "1"} else f" {line['unit']}"
    found = line["text"] or ("not measured" if line["value"] is None else f"{line['value']:.4g}{unit}")
    return f"{line['feature']} {found}: {line['points']:.2f} points ({line['cut']}; {line['basis']})"
