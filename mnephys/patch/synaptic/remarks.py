"""What a remark says of a recording and of how close its postsynaptic currents are."""

from __future__ import annotations

import numpy as np

from mnephys.recording import FloatArray, SweepRecording

__all__ = ["about", "crowded"]

CROWDED = 0.1


def about(recording: SweepRecording) -> str:
    """Say what is known of tetrodotoxin, and of the command.

    Parameters
    ----------
    recording : SweepRecording
        Its tags and its comment may name the drug.

    Returns
    -------
    str
        One or two sentences.

    Examples
    --------
    >>> from mnephys.recording import Clamp
    >>> about(SweepRecording(np.zeros((1, 100)), 1000.0, Clamp.VOLTAGE, tags=((0.0, "1 uM TTX"),)))
    'A comment names TTX. The command is not known and was taken as constant.'
    """
    said = [text for _, text in recording.tags] + [str(recording.metadata.get("comment", ""))]
    ttx = any("ttx" in text.lower() or "tetrodotoxin" in text.lower() for text in said)
    drug = "A comment names TTX." if ttx else "Whether TTX was there is not known."
    return drug + ("" if recording.command is not None else " The command is not known and was taken as constant.")


def crowded(rate: float, decay: FloatArray) -> str:
    """Say that close events are lost, where events are so dense that many are.

    Parameters
    ----------
    rate : float
        Events found per second.
    decay : ndarray, float, shape (n,)
        Their decay time constants in ms.

    Returns
    -------
    str
        A sentence after a space where more than one event in ten decay time constants was found, else nothing.

    Notes
    -----
    Of simulated events of 20 pA at random times in noise of 2 pA SD, with decays of 4, 8 and 20 ms, 0 to 3 % were lost
    below this density; above it 5 to 30 %, until the events themselves made the current too noisy.

    Examples
    --------
    >>> crowded(5.0, np.full(100, 8.0))
    ''
    >>> crowded(30.0, np.full(600, 8.0))
    ' Events overlap and close ones are lost: of simulated ones as dense 5 to 30 % were.'
    """
    if not decay.size or rate * float(np.median(decay)) / 1000.0 <= CROWDED:
        return ""
    return " Events overlap and close ones are lost: of simulated ones as dense 5 to 30 % were."
