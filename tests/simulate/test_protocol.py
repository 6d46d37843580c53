"""Families of steps."""

from __future__ import annotations

import numpy as np
import pytest

from mnephys.errors import ProtocolError
from mnephys.simulate.protocol import Epoch, StepProtocol, step_family


def test_a_family_steps_where_it_says():
    protocol = step_family(-60.0, 30.0, n_sweeps=4, before=0.1, duration=0.6, after=0.1, test_pulse=-10.0)
    command = protocol.command()
    first, last = protocol.step_samples
    assert (first, last) == (2000, 14000)
    assert command.shape == (4, 16000)
    assert (command[:, first:last] == np.array([-60.0, -30.0, 0.0, 30.0])[:, None]).all()
    assert (command[:, last:] == 0).all()
    assert (command[:, 1000:1500] == -10).all()
    assert (command[:, :1000] == 0).all()
    assert (command[:, 1500:first] == 0).all()
    changed = np.flatnonzero(np.diff(command[0])) + 1
    assert set(changed.tolist()) <= set(protocol.changes())


def test_holding_is_output_outside_the_epochs():
    command = StepProtocol((Epoch(64, 5.0),), 1, 640, step=0, holding=-3.0).command()[0]
    assert (command[:10] == -3).all()
    assert (command[10:74] == 5).all()
    assert (command[74:] == -3).all()


def test_levels_are_those_that_single_precision_can_hold():
    protocol = step_family(0.1, 0.7, n_sweeps=3)
    assert protocol.levels[2] == float(np.float32(0.1)) + 2 * float(np.float32(0.7))


@pytest.mark.parametrize(
    ("epochs", "n_sweeps", "samples", "step", "message"),
    [
        ((Epoch(700, 0.0),), 1, 640, 0, "end at sample 710"),
        ((Epoch(0, 0.0),), 1, 640, 0, "epochs end"),
        ((), 1, 640, 0, "1 to 10 epochs"),
        ((Epoch(10, 0.0),) * 11, 1, 640, 0, "1 to 10 epochs"),
        ((Epoch(10, 0.0),), 1, 640, 1, "step 1 of 1"),
        ((Epoch(10, 0.0),), 0, 640, 0, "0 sweeps"),
        ((Epoch(10, 0.0),), 1, 63, 0, "63 samples"),
        ((Epoch(10, float("nan")),), 1, 640, 0, "beyond 1e\\+06 pA"),
        ((Epoch(10, 1e300),), 1, 640, 0, "beyond 1e\\+06 pA"),
    ],
)
def test_impossible_protocols_are_refused(epochs, n_sweeps, samples, step, message):
    with pytest.raises(ProtocolError, match=message):
        StepProtocol(epochs, n_sweeps, samples, step=step)
