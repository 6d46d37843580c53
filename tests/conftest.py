"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="also run the long modes, marked slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--long"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="long mode, run with --long"))


@pytest.fixture(scope="session")
def data() -> Callable[[str], Path]:
    """Return the path of a real recording below MNEPHYS_DATA, or skip and say so."""

    def path(name: str) -> Path:
        root = os.environ.get("MNEPHYS_DATA")
        if not root:
            pytest.skip("MNEPHYS_DATA is not set: the real recordings were not tested")
        found = Path(root) / name
        assert found.exists(), f"{found} is missing from MNEPHYS_DATA"
        return found

    return path


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not os.environ.get("MNEPHYS_DATA"):
        terminalreporter.write_sep("!", "MNEPHYS_DATA is not set: nothing was tested on real recordings", red=True)
