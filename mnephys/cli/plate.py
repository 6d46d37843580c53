"""``mnephys plate``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnephys.cli.common import PATH, WRONG_USAGE, emit_json, fail, is_missing, json_option, warn
from mnephys.cli.text import printable

if TYPE_CHECKING:
    from mnephys.mea.plate.of_run import PlatesOfRun

_MOST_SHOWN = 5
_ALONE = "each is judged alone, and among many some are there by chance"


@click.command(name="plate")
@click.argument("folder", metavar="DIR", type=PATH)
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the tables here instead of into DIR.",
)
@click.option(
    "--baseline",
    metavar="NAME",
    default="",
    help="Recordings before treatment, `*` for anything: all values are then in percent of the same well there.",
)
@click.option(
    "--positive",
    metavar="TREATMENT",
    default="",
    help="The positive control, as the sample sheet spells it (`TTX`, or `TTX 1 uM`): its Z factor is Z'.",
)
@json_option
def command(folder: Path, output: Path | None, baseline: str, positive: str, as_json: bool) -> None:
    """Compare the wells of plates by treatment and dose, from the results in DIR; no recording is read.

    DIR is what `mnephys score ... -o DIR --samples FILE` wrote; the sample sheet says in the columns treatment, dose,
    dose_unit and control what was done to each well. Written are conditions.csv, with one row per recording, feature,
    treatment and dose (wells, mean, median, percent of the control wells with its 95 % interval, Z factor, SSMD),
    curves.csv, with the EC50 of every treatment that was given at several doses and its 95 % interval, and wells.csv,
    with every well in percent of its control wells.

    Every row is judged alone, and nothing is corrected for the many features and treatments: some intervals leave out
    100 %, some EC50s stand there and the best of many Z' is high by chance alone. Name the feature that counts before
    you look.

    \b
    Examples:
      mnephys plate results
      mnephys plate results --baseline "*before*" --positive TTX
    """  # noqa: D301 -- click knows a paragraph to leave as it is by the backspace character itself
    from mnephys.atomic import write_text
    from mnephys.export.tables import records_csv
    from mnephys.mea.plate.curves import CURVE_COLUMNS, curve_records
    from mnephys.mea.plate.of_run import left_out, wells_of_run
    from mnephys.mea.plate.screen import CONDITION_COLUMNS, WELL_COLUMNS, condition_records, well_records
    from mnephys.wording import joined

    plates = _plates(folder)
    features = list(wells_of_run(plates, baseline))
    conditions = [record for wells in features for record in condition_records(wells, positive)]
    if positive and not any(record["role"] == "positive" for record in conditions):
        raise fail(_unknown(positive, conditions), WRONG_USAGE)
    if as_json:
        emit_json(conditions)
    else:
        click.echo("\n".join(_lines(conditions)))
    where = output or folder
    where.mkdir(parents=True, exist_ok=True)
    write_text(where / "conditions.csv", records_csv(CONDITION_COLUMNS, conditions))
    curves = [record for wells in features for record in curve_records(wells)]
    write_text(where / "curves.csv", records_csv(CURVE_COLUMNS, curves))
    write_text(
        where / "wells.csv", records_csv(WELL_COLUMNS, (row for wells in features for row in well_records(wells)))
    )
    names: dict[str, list[str]] = {}
    for name, why in left_out(plates).items():
        names.setdefault(why, []).append(name)
    for why, of in names.items():
        warn(f"Note: no well has a value of {joined(of)}: {why}")
    if all(record["role"] == "control" or record["percent_of_control"] is None for record in conditions):
        warn("Note: no well is compared with control wells; a sample sheet (`mnephys score --samples`) says which are")
    found = sum(record["ec50"] is not None for record in curves)
    if found:
        warn(f"Note: {found} of {len(curves)} curves have an EC50; {_ALONE}")
    warn(f"Tables: {', '.join(str(where / name) for name in ('conditions.csv', 'curves.csv', 'wells.csv'))}")


def _plates(folder: Path) -> PlatesOfRun:
    from mnephys.batch.plates import plates_of_run
    from mnephys.batch.run import load_run
    from mnephys.batch.store import STORE_NAME, Store

    if is_missing(folder / STORE_NAME):
        raise fail(f"{folder}: holds no results; run `mnephys score ... -o {folder}` first", WRONG_USAGE)
    with Store.existing(folder) as store:
        document = load_run(store)
        if not document:
            raise fail(f"{folder}: the run was stopped before its end; run the same command again")
        plates = plates_of_run(store, document)
    if not plates.tables:
        raise fail(f"{folder}: holds no recording of a plate")
    return plates


def _unknown(positive: str, conditions: list[dict[str, Any]]) -> str:
    from mnephys.wording import nearest

    of = [record for record in conditions if record["role"] != "control" and record["treatment"]]
    treatments = {str(record["treatment"]): {record["treatment"]} for record in of}
    for record in of:
        treatments[record["treatment"]].add(_treated(record))
    named = [name for name in treatments if positive.casefold().startswith(f"{name.casefold()} ")]
    # Of a treatment that is there its doses are told, of another one the treatments.
    known = treatments[max(named, key=len)] if named else treatments
    return f"no well was treated with {positive!r}; {nearest(positive, known)}"


def _lines(conditions: list[dict[str, Any]]) -> list[str]:
    """Return what a terminal shows: of each recording its wells, and how well the positive control stands apart."""
    lines = []
    for recording in dict.fromkeys(record["recording"] for record in conditions):
        of = [record for record in conditions if record["recording"] == recording]
        measured: Counter[str] = Counter()
        for record in of:
            measured[record["feature"]] += record["n_measured"]
        # Wells without cells or data have no feature; those with them are counted by the one that most of them have.
        most = measured.most_common(1)[0][0]
        first = [record for record in of if record["feature"] == most and record["n_measured"]]
        n = {
            control: sum(r["n_measured"] for r in first if (r["role"] == "control") == control)
            for control in (True, False)
        }
        treated = sum(record["role"] != "control" for record in first)
        counted = f"{n[True]} control well{'s' * (n[True] != 1)}, {n[False]} other{'s' * (n[False] != 1)}"
        lines.append(f"{printable(recording)}: {counted} in {treated} condition{'s' * (treated != 1)}")
        positive = [record for record in of if record["role"] == "positive" and record["z_factor"] is not None]
        best = sorted(positive, key=lambda row: -row["z_factor"])[:_MOST_SHOWN]
        if best:
            lines.append(f"  The highest Z' of {len(positive)}; {_ALONE}:")
        lines += [f"  {printable(record['feature'])}{_beside(record)}: Z' {record['z_factor']:.2f}" for record in best]
    return lines or ["No feature of wells was measured."]


def _beside(record: Mapping[str, Any]) -> str:
    """Return of which wells a Z' is, where a recording may have several."""
    vehicle = f" beside {record['vehicle']}" if record["vehicle"] else ""
    of = ", ".join(filter(None, (record["line"], record["differentiation"], _treated(record) + vehicle)))
    return f" ({printable(of)})"


def _treated(record: Mapping[str, Any]) -> str:
    dose = "" if record["dose"] is None else f"{record['dose']:g} {record['dose_unit']}".strip()
    return " ".join(filter(None, (record["treatment"], dose)))
