"""``mnephys score``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mnephys.cli.common import (
    DONE,
    NOTHING_DONE,
    SOME_FAILED,
    WRONG_USAGE,
    definitions_option,
    detection_option,
    duration_option,
    emit_json,
    existing,
    fail,
    given,
    jobs_option,
    json_option,
    measuring,
    paths_argument,
    pattern_option,
    progress,
    quality_option,
    rubric_option,
    samples_option,
    warn,
    well_reference_option,
)
from mnephys.cli.text import score_lines

if TYPE_CHECKING:
    from mnephys.batch.measure import Settings
    from mnephys.batch.run import Result

__all__ = ["command", "exit_code", "score_paths"]


@click.command(name="score")
@paths_argument
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write all outputs here; go on where a run into the same folder stopped.",
)
@samples_option
@pattern_option
@rubric_option
@well_reference_option
@duration_option
@definitions_option
@quality_option
@detection_option
@jobs_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[Path, ...],
    output: Path | None,
    samples: Path | None,
    name_pattern: str | None,
    rubric_files: tuple[Path, ...],
    well_reference: Path | None,
    duration: float | None,
    definitions: str,
    quality: Path | None,
    detection: Path | None,
    jobs: int,
    as_json: bool,
) -> None:
    """Score the maturity of every cell, and of the network in every well, in files and folders.

    Without -o the scores are printed. With -o the folder also gets features.csv, spikes.csv, scores.csv,
    scores.json and report.html.

    \b
    Examples:
      mnephys score cell07.abf
      mnephys score recordings/ -o results --samples samples.csv --jobs 4
      mnephys score plates/ -o results --name-pattern "(?P<plate>MW[0-9-]+)_DIV(?P<div>[0-9]+)"
    """  # noqa: D301 -- click knows a paragraph to leave as it is by the backspace character itself
    present, missing = existing(paths)
    given(samples)
    result = score_paths(
        present,
        output,
        samples=samples,
        name_pattern=name_pattern,
        rubric_files=rubric_files,
        well_reference=well_reference,
        settings=measuring(definitions, duration, quality, detection),
        jobs=jobs,
    )
    if as_json:
        emit_json(result.scores)
    else:
        click.echo("\n".join(score_lines(result.scores)))
    if output is not None:
        warn(f"Report: {output / 'report.html'}")
    ctx.exit(exit_code(result, missing=bool(missing)))


def exit_code(result: Result, *, missing: bool) -> int:
    """Return what the shell is told.

    Parameters
    ----------
    result : Result
        Of the run.
    missing : bool
        Whether a path that was given does not exist.

    Returns
    -------
    int
        0 to 3, as in the help of `mnephys`.
    """
    if missing:
        return WRONG_USAGE
    if not result.failures:
        return DONE
    return SOME_FAILED if result.scores else NOTHING_DONE


def score_paths(
    paths: list[Path],
    output: Path | None,
    *,
    samples: Path | None = None,
    rubric_files: Sequence[Path] = (),
    well_reference: Path | None = None,
    name_pattern: str | None = None,
    settings: Settings | None = None,
    jobs: int = 1,
) -> Result:
    """Score files and folders, and write the outputs where a folder is given.

    Parameters
    ----------
    paths : list of Path
        That exist.
    output : Path or None
        Folder for the outputs.
    samples : Path, optional
        Sample sheet.
    rubric_files : sequence of Path, optional
        Rubrics.
    well_reference : Path, optional
        What was learnt from control wells.
    name_pattern : str, optional
        Regular expression with named groups, for file names.
    settings : Settings, optional
        How plates and cells are measured.
    jobs : int
        Processes to use.

    Returns
    -------
    Result
        Of the run.

    Raises
    ------
    click.ClickException
        If there is no recording, or the rubric does not exist.
    """
    from mnephys.batch.discover import find_recordings
    from mnephys.batch.measure import Settings
    from mnephys.batch.run import Run, run
    from mnephys.batch.store import Store
    from mnephys.cli.outputs import write_outputs
    from mnephys.maturity.activity_file import read_well_reference
    from mnephys.pipeline.rubrics import load_rubrics
    from mnephys.readers.sniff import FORMATS
    from mnephys.samples import load_sheet

    rubrics = load_rubrics(rubric_files)
    reference = None if well_reference is None else read_well_reference(given(well_reference) or well_reference)
    sheet = None if samples is None else load_sheet(samples)
    found = find_recordings(paths)
    if not found.names and not found.unreadable:
        where = ", ".join(found.empty_folders)
        raise fail(f"{where}: holds no recording that can be read; give a folder with {', '.join(FORMATS)}")
    for folder in found.empty_folders:
        warn(f"Warning: {folder}: holds no recording that can be read")
    for error in found.unreadable.values():
        warn(f"Error: {error}")
    with Store(output) as store:
        with progress(len(found.names)) as done:
            plan = Run(found, rubrics, sheet, name_pattern, jobs, settings or Settings(), reference)
            result = run(plan, store, done=done)
        if output is not None:
            write_outputs(result, output)
    for note in result.notes:
        warn(f"Note: {note}")
    return result
