"""The command line. Nothing but click is imported until a command runs."""

from __future__ import annotations

import signal
import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import click

from mnephys._version import __version__
from mnephys.cli.common import NOTHING_DONE, WRONG_USAGE, fail
from mnephys.errors import DetectionError, LimitsError, MnephysError, ReferenceSetError, RubricError, SampleSheetError

__all__ = ["main"]

COMMANDS = (
    *("demo", "inspect", "features", "score", "explain", "plate", "rubric", "reference", "report", "protocols"),
    "settings",
)

_WRONG_USAGE = (SampleSheetError, RubricError, ReferenceSetError, LimitsError, DetectionError)


class LazyGroup(click.Group):
    """A group whose commands are modules of this package, imported when asked for.

    Whatever goes wrong on purpose ends a command with one line and its exit code.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command.

        Parameters
        ----------
        ctx : click.Context
            What was typed.

        Returns
        -------
        object
            What the command returns.

        Raises
        ------
        click.ClickException
            For every error that mnephys raises on purpose and for every error of the operating system.
        """
        signal.signal(signal.SIGTERM, _end)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="replace")
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise
        except (MnephysError, OSError) as error:
            wrong_usage = isinstance(error, _WRONG_USAGE)
            raise fail(str(error), WRONG_USAGE if wrong_usage else NOTHING_DONE) from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands in the order in which a newcomer needs them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, or None where there is none of that name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"mnephys.cli.{cmd_name}").command
        assert isinstance(command, click.Command)  # noqa: S101 -- each module of this package has one; mypy cannot know
        return command


def _end(number: int, frame: object) -> None:
    """Leave by an exception, so that what is under way is cleaned up; a second signal ends the process at once."""
    del frame
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sys.exit(128 + number)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="mnephys")
def main() -> None:
    """Score the functional maturity of motor neurons.

    mnephys reads patch-clamp recordings and spikes of multi-electrode arrays, measures action potentials,
    firing, passive properties, bursts and synchrony, and scores each cell, and the network in each well,
    with the evidence for it. Start with `mnephys demo`.

    Exit codes: 0 done; 1 nothing could be done; 2 wrong usage, also a path that does not exist; 3 done, but
    some recordings failed.
    """
