"""Prints at the end of a run what became of the damaged files."""

from __future__ import annotations

import pytest
from fuzz.run import table


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, ())]
    rows = [row for report in reports for name, row in getattr(report, "user_properties", ()) if name == "fuzz"]
    if rows:
        terminalreporter.write_sep("=", "damaged files")
        for line in table(rows):
            terminalreporter.write_line(line)
