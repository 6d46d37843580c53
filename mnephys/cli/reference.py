"""``mnephys reference``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnephys.cli.common import PATH, WRONG_USAGE, emit_json, fail, is_missing, json_option, warn
from mnephys.cli.reference_cells import fit, show
from mnephys.cli.text import printable

if TYPE_CHECKING:
    from mnephys.maturity.activity_file import WellReference
    from mnephys.measurement import FeatureTable

_MOST_SHOWN = 8


@click.group(name="reference")
def command() -> None:
    """Learn from your own cells and wells, for a second opinion beside the rubric."""


command.add_command(fit)
command.add_command(show)


@command.command(name="wells")
@click.argument("folders", metavar="DIR...", nargs=-1, required=True, type=PATH)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write what was learnt here (TOML), for `mnephys score --well-reference FILE`.",
)
@json_option
def wells(folders: tuple[Path, ...], output: Path, as_json: bool) -> None:
    """Learn from the control wells in DIR what their metrics have in common as they grow older.

    DIR is what `mnephys score ... -o DIR --samples FILE` wrote; no recording is read again. The wells to learn from
    are those that the sample sheet calls controls, on all their days: the days tell which end of the score is old.

    \b
    Example:
      mnephys reference wells results -o my-wells.toml
      mnephys score new-plates -o new-results --samples samples.csv --well-reference my-wells.toml
    """  # noqa: D301 -- click knows a paragraph to leave as it is by the backspace character itself
    from mnephys.atomic import write_text
    from mnephys.batch.well_reference import control_wells, gather_metrics, learn_from_wells
    from mnephys.maturity.activity_file import read_well_reference, well_reference_toml

    scores: list[dict[str, Any]] = []
    tables: dict[str, FeatureTable] = {}
    for number, folder in enumerate(folders):
        found, measured = _kept(folder)
        # Recordings of two folders may have the same name.
        scores += [{**score, "recording": f"{number}/{score['recording']}"} for score in found]
        tables |= {f"{number}/{name}": table for name, table in measured.items()}
    controls, note = control_wells(scores)
    learnt = learn_from_wells(gather_metrics(controls, tables), output.stem)
    write_text(output, well_reference_toml(learnt))
    reference = read_well_reference(output)
    if as_json:
        emit_json(_document(reference))
    else:
        click.echo("\n".join(_lines(reference)))
    if note:
        warn(f"Note: {note}")
    warn(f"Reference: {output}")


def _kept(folder: Path) -> tuple[list[dict[str, Any]], dict[str, FeatureTable]]:
    """Return scores and measurements of a run."""
    from mnephys.batch.plates import plates_of_run
    from mnephys.batch.run import load_run
    from mnephys.batch.store import STORE_NAME, Store

    if is_missing(folder / STORE_NAME):
        raise fail(f"{folder}: holds no results; run `mnephys score ... -o {folder}` first", WRONG_USAGE)
    with Store.existing(folder) as store:
        document = load_run(store)
        if not document:
            raise fail(f"{folder}: the run was stopped before its end; run the same command again")
        return document["scores"], dict(plates_of_run(store, document).tables)


def _document(reference: WellReference) -> dict[str, Any]:
    model = reference.model
    return {
        **reference.identification,
        "wells": model.n_wells,
        "explained": round(model.component.explained, 6),
        "oriented_by": model.oriented_by,
        "orientation": round(model.orientation, 6),
        "loadings": dict(zip(model.names, model.component.loadings.round(6).tolist(), strict=True)),
        "left_out": model.left_out,
    }


def _lines(reference: WellReference) -> list[str]:
    model = reference.model
    pairs = sorted(
        zip(model.component.loadings.tolist(), model.names, strict=True), key=lambda pair: (-abs(pair[0]), pair[1])
    )
    share = 100 * model.component.explained
    return [
        f"Learnt from {model.n_wells} control wells and days: {len(pairs)} metrics, {len(model.left_out)} left out.",
        f"The score explains {share:.0f} % of what varies among them.",
        f"It rises with the {model.oriented_by} (rank correlation {model.orientation:.2f}).",
        "It weighs most:",
        *(f"  {loading:+.2f} {printable(name)}" for loading, name in pairs[:_MOST_SHOWN]),
    ]
