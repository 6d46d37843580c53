"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mnephys.recording import Clamp, CommandSource, SweepRecording


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


RATE = 20000.0


@pytest.fixture
def family_of() -> Callable[..., SweepRecording]:
    """Build a family: an RC membrane under current steps, with action potentials painted where asked.

    `spikes` gives for each sweep the times in s after the onset at which an action potential peaks.
    """

    def build(
        currents,
        *,
        spikes=None,
        rest=-65.0,
        resistance=200.0,
        tau=20.0,
        jump=0.0,
        sag=0.0,
        start=0.2,
        length=0.5,
        total=1.0,
        noise=0.0,
        seed=0,
    ) -> SweepRecording:
        t = np.arange(int(total * RATE)) / RATE
        on, off = t - start, t - start - length
        inside = (on >= 0) & (off < 0)
        command = np.where(inside, 1.0, 0.0)[np.newaxis] * np.asarray(currents, dtype=float)[:, np.newaxis]
        charge = np.where(on >= 0, 1 - np.exp(-np.clip(on, 0, None) * 1000 / tau), 0.0)
        charge -= np.where(off >= 0, 1 - np.exp(-np.clip(off, 0, None) * 1000 / tau), 0.0)
        charge -= sag * np.where(inside, 1 - np.exp(-np.clip(on, 0, None) * 1000 / 100), 0.0)
        voltage = rest + np.asarray(currents, dtype=float)[:, np.newaxis] * (resistance * charge + jump * inside) / 1000
        for sweep, times in enumerate(spikes or []):
            for at in times:
                voltage[sweep] += 80 * np.exp(-(((t - start - at) / 0.0006) ** 2))
        voltage += np.random.default_rng(seed).normal(0, noise, voltage.shape)
        return SweepRecording(voltage, RATE, Clamp.CURRENT, command, CommandSource.EPOCH_TABLE)

    return build
