"""``mnephys reference fit`` and ``mnephys reference show``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnephys.cli.common import PATH, emit_json, given, json_option, warn
from mnephys.cli.text import printable

if TYPE_CHECKING:
    from mnephys.maturity.reference import Reference
    from mnephys.maturity.reference.cuts import Cut


@click.command(name="fit")
@click.argument("cells", metavar="CELLS", type=PATH)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the reference here (TOML).",
)
@click.option(
    "--rubric", "rubric_file", metavar="NAME-OR-FILE", type=PATH, help="Compare with these cuts, not the built-in."
)
@json_option
def fit(cells: Path, output: Path, rubric_file: Path | None, as_json: bool) -> None:
    """Learn from CELLS, a table of your own cells of known stage, for a second opinion on cells.

    CELLS is CSV or Excel with one row per cell: stage (immature, intermediate, mature), the features as `mnephys
    features` names and measures them, and if you have it batch (a differentiation). Leave empty what was not
    measured. Shown is how the cuts of the rubric stand among your cells, and where these would put them.

    \b
    Example:
      mnephys reference fit cells.csv -o our-cells.toml
    """  # noqa: D301 -- click knows a paragraph to leave as it is by the backspace character itself
    from mnephys.atomic import write_text
    from mnephys.maturity.reference.cells import read_cells
    from mnephys.maturity.reference.cuts import cuts_among
    from mnephys.maturity.reference.fit import reference_toml
    from mnephys.maturity.reference.parse import load_reference, parse_reference
    from mnephys.maturity.rubric import load_rubric

    given(cells)
    own = read_cells(cells)
    text = reference_toml(own, output.stem)
    parse_reference(text.encode(), str(cells))  # What cannot be compared is refused before anything is written.
    cuts = cuts_among(own, load_rubric(rubric_file))
    write_text(output, text)
    reference = load_reference(output)
    if as_json:
        emit_json({**_document(reference), "cuts": [cut.to_json() for cut in cuts]})
    else:
        counts = ", ".join(f"{int((own.stage == stage).sum())} {stage}" for stage in reference.stages)
        click.echo("\n".join([f"Cells: {counts}.", *_lines(reference), *_cut_lines(cuts)]))
    warn(f"Reference: {output}")


@click.command(name="show")
@click.argument("file", metavar="[FILE]", required=False, type=PATH)
@json_option
def show(file: Path | None, as_json: bool) -> None:
    """Show what cells of each stage measure: of the published sets, or of FILE.

    \b
    Examples:
      mnephys reference show
      mnephys reference show our-cells.toml
    """  # noqa: D301 -- click knows a paragraph to leave as it is by the backspace character itself
    from mnephys.maturity.reference.parse import load_reference

    reference = load_reference(given(file))
    if as_json:
        emit_json(_document(reference))
    else:
        click.echo("\n".join(_lines(reference)))


def _document(reference: Reference) -> dict[str, Any]:
    return {
        **reference.identification,
        "title": reference.title,
        "note": reference.note,
        "stages": list(reference.stages),
        "features": {
            name: {
                "unit": feature.unit,
                "scale": feature.scaling.value,
                "location": reference.location[:, column].tolist(),
                "spread": reference.scale[:, column].tolist(),
                "behind": [list(entry) for entry in reference.behind(name)],
            }
            for column, (name, feature) in enumerate(reference.features.items())
        },
        "categories": {
            name: {
                "values": list(model.values),
                "shares": reference.shares[name].tolist(),
                "behind": [list(entry) for entry in reference.behind(name)],
            }
            for name, model in reference.categories.items()
        },
        "correlation": reference.correlation.tolist(),
        "not_used": dict(reference.not_used),
    }


def _lines(reference: Reference) -> list[str]:
    """Return the middle of each stage with the range of two thirds of its cells, and how many sources are behind."""
    lines = [f"{printable(reference.title)}, version {printable(reference.version)} ({reference.sha256[:12]})"]
    for column, (name, feature) in enumerate(reference.features.items()):
        lines.append(f"{name} ({feature.unit})" if feature.unit != "1" else name)
        behind = reference.behind(name)
        for row, stage in enumerate(reference.stages):
            at, width = reference.location[row, column], reference.scale[row, column]
            low, middle, high = (float(feature.scaling.back(at + k * width)) for k in (-1, 0, 1))
            n = sum(entry[0] == stage for entry in behind)
            source = f"{n} source{'s' * (n != 1)}" if n else f"as {feature.borrow[stage]}"
            lines.append(f"  {stage:<13}{middle:9.4g}  ({low:.4g} to {high:.4g}; {source})")
    for name, model in reference.categories.items():
        lines.append(name)
        for row, stage in enumerate(reference.stages):
            shares = zip(model.values, reference.shares[name][row].tolist(), strict=True)
            lines.append(f"  {stage:<13}{', '.join(f'{value} {share:.0%}' for value, share in shares)}")
    return [*lines, *(f"Not used: {printable(name)}, {why}." for name, why in reference.not_used.items())]


def _cut_lines(cuts: tuple[Cut, ...]) -> list[str]:
    lines = ["Cuts of the rubric among your cells:"] if cuts else []
    for cut in cuts:
        own = "too few cells" if cut.own is None else f"yours {cut.own:.4g} {cut.unit}"
        reached = ", ".join(f"{share:.0%} of {cut.n[stage]} {stage}" for stage, share in cut.reached.items())
        note = "; your stages overlap" if cut.overlap else ""
        lines.append(f"  {cut.feature}, {cut.side} at {cut.cut:.4g} {cut.unit}: {own}; reached by {reached}{note}")
    return lines
