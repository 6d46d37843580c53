"""What counts as an action potential."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Detection"]


@dataclass(frozen=True, slots=True)
class Detection:
    """What counts as an action potential.

    Parameters
    ----------
    rise_window : float
        A candidate is a rise of `min_rise` within this time, in ms: robust against noise, because two
        samples are compared and not two neighbours.
    min_rise : float
        In mV.
    noise_multiple : float
        The rise must also exceed the noise of the difference of two samples so many times.
    settle : float
        After a change of the injected current, the voltage over the electrode is not the cell's for this
        time, in ms.
    min_amplitude : float
        Smallest height above threshold, in mV.
    min_upstroke : float
        Smallest maximum slope, in mV/ms.
    relative_upstroke : float
        Smallest maximum slope as a share of the steepest one in the sweep: what is left of the action
        potentials in depolarisation block falls below it.
    slow_amplitude : float
        Smallest height, in mV, where the slope never reaches `threshold_slope`.
    small_fall : float
        Below `slow_amplitude` the fastest fall must be this share of the fastest rise: a synaptic potential
        of that size rises as fast, and falls as slowly as the membrane discharges.
    min_repolarisation : float
        Smallest fall after the peak, as a share of the height.
    fall_window : float
        The fall must come within this time, in ms, and before the injected current changes.
    max_onset_share : float
        Before an action potential the rise must have been slower than this share of its steepest: a
        charging membrane is steepest at the onset of the step, a regenerative event is not. At the start of
        a sweep this is known only once a whole `rise_window` was recorded.
    threshold_slope : float
        The slope that defines the threshold, in mV/ms.
    threshold_fraction : float
        The share of the maximum upstroke that defines it where the slope never reaches `threshold_slope`.
    threshold_run : float
        The mean slope over this time before, in ms, must be below too: a dip by noise on the upstroke is no
        threshold.
    spikelet_amplitude : float
        Smallest height of an abortive spikelet, in mV.
    """

    rise_window: float = 1.0
    min_rise: float = 3.0
    noise_multiple: float = 6.0
    settle: float = 0.3
    min_amplitude: float = 10.0
    min_upstroke: float = 5.0
    relative_upstroke: float = 0.05
    slow_amplitude: float = 20.0
    small_fall: float = 0.2
    min_repolarisation: float = 0.3
    fall_window: float = 50.0
    max_onset_share: float = 0.5
    threshold_slope: float = 10.0
    threshold_fraction: float = 0.05
    threshold_run: float = 0.3
    spikelet_amplitude: float = 5.0
