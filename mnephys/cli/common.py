"""What several commands share: arguments, messages, progress, exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnephys.cli.text import printable

if TYPE_CHECKING:
    from mnephys.batch.store import Entry

__all__ = ["DONE", "NOTHING_DONE", "SOME_FAILED", "WRONG_USAGE", "emit_json", "existing", "fail", "progress", "warn"]

DONE, NOTHING_DONE, WRONG_USAGE, SOME_FAILED = 0, 1, 2, 3

paths_argument = click.argument(
    "paths", metavar="FILE-OR-FOLDER...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
jobs_option = click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes to use.")
samples_option = click.option(
    "--samples",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Sample sheet, CSV or Excel: which file is which cell.",
)
pattern_option = click.option(
    "--name-pattern", metavar="REGEX", help="Read cell, line, day ... from file names by named groups."
)
rubric_option = click.option(
    "--rubric",
    "rubric_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Your own rubric instead of the built-in one.",
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
    present = [path for path in paths if path.exists()]
    missing = [path for path in paths if not path.exists()]
    for path in missing[: None if present else -1]:
        warn(f"Error: {path}: does not exist; check the spelling of the path")
    if not present:
        raise fail(f"{missing[-1]}: does not exist; check the spelling of the path", WRONG_USAGE)
    return present, missing


def emit_json(document: Any) -> None:
    """Write one JSON document to standard output.

    Parameters
    ----------
    document : dict or list
        Without NaN.
    """
    json.dump(document, sys.stdout, indent=1, ensure_ascii=False, allow_nan=False)
    sys.stdout.write("\n")


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

    log = not sys.stderr.isatty()
    with tqdm(total=total, unit="file", file=sys.stderr, ascii=log, ncols=80, mininterval=5.0 if log else 0.1) as bar:

        def done(entry: Entry) -> None:
            if entry.error:
                bar.write(f"Error: {printable(entry.error)}", file=sys.stderr)
            bar.update()

        yield done
