"""What several commands share: arguments, messages, progress, exit codes."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnephys.cli.text import printable

if TYPE_CHECKING:
    from mnephys.batch.measure import Settings
    from mnephys.batch.store import Entry

__all__ = [
    "DONE",
    "NOTHING_DONE",
    "SOME_FAILED",
    "WRONG_USAGE",
    "emit_json",
    "existing",
    "fail",
    "given",
    "is_missing",
    "measuring",
    "not_there",
    "progress",
    "warn",
]

DONE, NOTHING_DONE, WRONG_USAGE, SOME_FAILED = 0, 1, 2, 3

# A file that cannot be read is the reader's to report, beside the others that can.
PATH = click.Path(path_type=Path, readable=False)

paths_argument = click.argument("paths", metavar="FILE-OR-FOLDER...", nargs=-1, required=True, type=PATH)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
jobs_option = click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes to use.")
samples_option = click.option(
    "--samples",
    metavar="FILE",
    type=PATH,
    help="Sample sheet, CSV or Excel: which file is which cell, what is in which well.",
)
pattern_option = click.option(
    "--name-pattern", metavar="REGEX", help="Read cell, plate, line, day (div) ... from file names by named groups."
)
rubric_option = click.option(
    "--rubric",
    "rubric_files",
    metavar="NAME-OR-FILE",
    type=PATH,
    multiple=True,
    help="Another rubric, built in (see `mnephys rubric list`) or your own; once for cells, once for wells.",
)
well_reference_option = click.option(
    "--well-reference",
    metavar="FILE",
    type=PATH,
    help="What `mnephys reference wells` learnt from your control wells: a second opinion on each well.",
)
duration_option = click.option(
    "--duration",
    metavar="S",
    type=click.FloatRange(min=0, min_open=True),
    help="Length in s of plate recordings whose files do not state it.",
)
definitions_option = click.option(
    "--definitions",
    type=click.Choice(["axis-2015", "axis-2023"]),
    default="axis-2023",
    show_default=True,
    help="What is an active electrode, a burst, a network burst: the vendor's defaults of which generation.",
)

quality_option = click.option(
    "--quality",
    metavar="FILE",
    type=PATH,
    help="Your own limits of quality control for cells (TOML), see `mnephys settings`.",
)
detection_option = click.option(
    "--detection",
    metavar="FILE",
    type=PATH,
    help="Your own settings of spike detection in raw voltage of plates (TOML), see `mnephys settings`.",
)


def warn(message: str) -> None:
    """Write one line to standard error.

    Parameters
    ----------
    message : str
        The line; control characters of file names in it are shown as question marks.
    """
    click.echo(printable(message), err=True)


class Failure(click.ClickException):
    """An error that ends a command with its own exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.exit_code = code  # type: ignore[misc]  # click declares it on the class and reads it from the instance


def fail(message: str, code: int = NOTHING_DONE) -> click.ClickException:
    """Return the exception that ends a command with one line on standard error.

    Parameters
    ----------
    message : str
        What went wrong, and what to do.
    code : int
        Exit code.

    Returns
    -------
    click.ClickException
        To be raised.
    """
    return Failure(printable(message), code)


def existing(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Split paths into those that exist and those that do not; each of the latter gets its line.

    Parameters
    ----------
    paths : sequence of Path
        As the user typed them.

    Returns
    -------
    present, missing : list of Path
        In the order given.

    Raises
    ------
    click.ClickException
        With exit code 2, if none exists.
    """
    missing = [path for path in paths if is_missing(path)]
    present = [path for path in paths if path not in missing]
    for path in missing[: None if present else -1]:
        warn(f"Error: {not_there(path)}")
    if not present:
        raise fail(not_there(missing[-1]), WRONG_USAGE)
    return present, missing


def is_missing(path: Path) -> bool:
    """Return whether nothing is at a path; what is there and cannot be looked at is not missing.

    Parameters
    ----------
    path : Path
        As the user typed it.

    Returns
    -------
    bool
        True where nothing is there.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def not_there(path: Path) -> str:
    """Return the message for a path at which nothing is.

    Parameters
    ----------
    path : Path
        As the user typed it.

    Returns
    -------
    str
        What is wrong and what to do.
    """
    return f"{path}: does not exist; check the spelling of the path"


def given(path: Path | None) -> Path | None:
    """Return the file of an option.

    Parameters
    ----------
    path : Path or None
        As the user typed it; None where the option was not used.

    Returns
    -------
    Path or None
        The same.

    Raises
    ------
    click.ClickException
        With exit code 2, if nothing is there.
    """
    if path is not None and is_missing(path):
        raise fail(not_there(path), WRONG_USAGE)
    return path


def measuring(
    definitions: str, duration: float | None, quality: Path | None = None, detection: Path | None = None
) -> Settings:
    """Return how plates and cells are measured.

    Parameters
    ----------
    definitions : str
        Name of the generation.
    duration : float or None
        As the user typed it.
    quality : Path or None
        File of the limits of quality control, as the user typed it.
    detection : Path or None
        File of the settings of spike detection, as the user typed it.

    Returns
    -------
    Settings
        For `mnephys.batch`.

    Raises
    ------
    click.ClickException
        With exit code 2, if a file does not exist.
    """
    from mnephys.batch.measure import Settings
    from mnephys.mea.definitions import DEFINITIONS
    from mnephys.mea.detection.stated import read_settings
    from mnephys.patch.limits import QualityLimits

    return Settings(
        DEFINITIONS[definitions], duration, QualityLimits.read(given(quality)), read_settings(given(detection))
    )


def emit_json(document: Any) -> None:
    """Write one JSON document to standard output.

    Parameters
    ----------
    document : dict or list
        Without NaN.
    """
    # Made whole before anything is written, in ASCII: any terminal or pipe takes it.
    click.echo(json.dumps(document, indent=1, allow_nan=False))


@contextmanager
def progress(total: int) -> Iterator[Callable[[Entry], None]]:
    """Show on standard error how many recordings are done, and say which ones failed.

    Parameters
    ----------
    total : int
        How many there are.

    Yields
    ------
    callable
        To be called with each entry.
    """
    from tqdm import tqdm

    if sys.stderr.isatty():
        with tqdm(total=total, unit="file", file=sys.stderr, ncols=80) as bar:

            def advance(entry: Entry) -> None:
                if entry.error:
                    bar.write(f"Error: {printable(entry.error)}", file=sys.stderr)
                bar.update()

            yield advance
        return
    count = itertools.count(1)

    def tell(entry: Entry) -> None:
        """Write lines, not a bar: this goes to a log."""
        number = next(count)
        if entry.error:
            warn(f"Error: {entry.error}")
        if number % max(1, total // 20) == 0 or number == total:
            warn(f"{number} of {total} files done")

    yield tell
