"""``mnephys features``."""

from __future__ import annotations

from pathlib import Path

import click

from mnephys.cli.common import (
    DONE,
    NOTHING_DONE,
    PATH,
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
    pattern_option,
    progress,
    quality_option,
    samples_option,
    warn,
)


@click.command(name="features")
@click.argument("paths", metavar="FILE-OR-FOLDER...", nargs=-1, type=PATH)
@click.option("--list", "as_list", is_flag=True, help="List every feature with unit, meaning and source instead.")
@samples_option
@pattern_option
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
    as_list: bool,
    samples: Path | None,
    name_pattern: str | None,
    duration: float | None,
    definitions: str,
    quality: Path | None,
    detection: Path | None,
    jobs: int,
    as_json: bool,
) -> None:
    """Print the features of files and folders as a tidy table, CSV or JSON."""
    if as_list:
        _list_features(as_json)
        return
    if not paths:
        raise click.UsageError("Missing argument 'FILE-OR-FOLDER...'; or use --list.")
    present, missing = existing(paths)
    from mnephys.batch.discover import find_recordings
    from mnephys.batch.measure import measure_all
    from mnephys.batch.store import Store
    from mnephys.export.tables import features_csv
    from mnephys.measurement import FeatureTable
    from mnephys.samples import known_samples, load_sheet

    given(samples)
    sheet = None if samples is None else load_sheet(samples)
    found = find_recordings(present)
    if not found.names and not found.unreadable:
        raise fail(f"{', '.join(found.empty_folders)}: holds no recording that can be read")
    for error in found.unreadable.values():
        warn(f"Error: {error}")
    settings = measuring(definitions, duration, quality, detection)
    known, notes = known_samples(found.names, sheet, name_pattern)
    with Store() as store, progress(len(found.names)) as done:
        measure_all(found.paths, known, store, settings, jobs=jobs, done=done)
        entries = list(store)
    for note in notes:
        warn(f"Note: {note}")
    table = FeatureTable.concatenate(entry.table for entry in entries)
    if as_json:
        emit_json(table.records())
    else:
        click.echo(features_csv(table), nl=False)
    failed = sum(bool(entry.error) for entry in entries) + len(found.unreadable)
    code = NOTHING_DONE if not len(table) else SOME_FAILED if failed else DONE
    ctx.exit(WRONG_USAGE if missing else code)


def _list_features(as_json: bool) -> None:
    from mnephys.mea.plate.of_run import FEATURES
    from mnephys.pipeline import declared_features

    features = [*declared_features(), *FEATURES.values()]
    if as_json:
        emit_json(
            [
                {
                    "feature": f.name,
                    "unit": f.unit,
                    "levels": list(f.levels),
                    "meaning": f.meaning,
                    "source": f.source,
                    "parameters": dict(f.parameters),
                    "version": f.version,
                }
                for f in features
            ]
        )
        return
    width = max(len(f.name) for f in features)
    for f in features:
        click.echo(f"{f.name:<{width}}  {f.unit:<6}  {'/'.join(f.levels):<14}  {f.meaning} [{f.source}]")
