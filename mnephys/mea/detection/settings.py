"""How spikes of a plate are detected where its file holds raw voltage alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["DetectionSettings", "fitted"]

HIGHEST_SHARE = 0.45
LOWERED_SHARE = 0.4
NARROWEST = 2.0
FEWEST_COINCIDENT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionSettings:
    """Parameters of `mnephys.mea.detect_spikes` for a plate, and what is dropped afterwards.

    Parameters
    ----------
    band : tuple of float
        Edges of the band-pass in Hz; the upper one is lowered where the sampling rate asks for it.
    order : int
        Of the Butterworth filter.
    zero_phase : bool
        Whether it is run forwards and backwards.
    threshold : float
        In multiples of the noise.
    noise : str
        ``"mad"`` or ``"adaptive"``.
    polarity : str
        ``"negative"``, ``"positive"`` or ``"both"``.
    dead_time : float
        In s.
    coincident_electrodes : int
        Spikes that this many electrodes of a well have at once are dropped as artefacts; 0 drops none.
    coincident_window : float
        How far apart these may be, in s.

    Raises
    ------
    ValueError
        If one electrode were to coincide.

    Examples
    --------
    >>> DetectionSettings().label
    '300-5000 Hz, order 3, zero-phase; negative beyond 5 x the noise (mad); dead time 1 ms'
    """

    band: tuple[float, float] = (300.0, 5000.0)
    order: int = 3
    zero_phase: bool = True
    threshold: float = 5.0
    noise: str = "mad"
    polarity: str = "negative"
    dead_time: float = 1e-3
    coincident_electrodes: int = 0
    coincident_window: float = 160e-6

    def __post_init__(self) -> None:
        if self.coincident_electrodes and self.coincident_electrodes < FEWEST_COINCIDENT:
            raise ValueError(
                f"{self.coincident_electrodes} electrode cannot coincide; give {FEWEST_COINCIDENT} or more, or 0"
            )

    @property
    def label(self) -> str:
        """All of it in one line."""
        phase = "zero-phase" if self.zero_phase else "causal"
        dropped = (
            f"; dropped where {self.coincident_electrodes} electrodes fire within {1e6 * self.coincident_window:g} us"
            if self.coincident_electrodes
            else ""
        )
        return (
            f"{self.band[0]:g}-{self.band[1]:g} Hz, order {self.order}, {phase}; {self.polarity} beyond "
            f"{self.threshold:g} x the noise ({self.noise}); dead time {1e3 * self.dead_time:g} ms{dropped}"
        )


def fitted(settings: DetectionSettings, sampling_rate: float) -> DetectionSettings | None:
    """Return settings whose band the sampling rate can hold.

    Parameters
    ----------
    settings : DetectionSettings
        As wanted.
    sampling_rate : float
        In Hz.

    Returns
    -------
    DetectionSettings or None
        With the upper edge lowered to 0.4 of the sampling rate where it was above 0.45; None where less than an
        octave would be left.

    Examples
    --------
    >>> fitted(DetectionSettings(), 10000.0).band, fitted(DetectionSettings(), 1000.0)
    ((300.0, 4000.0), None)
    """
    low, high = settings.band
    if high <= HIGHEST_SHARE * sampling_rate:
        return settings
    lowered = LOWERED_SHARE * sampling_rate
    return None if lowered < NARROWEST * low else replace(settings, band=(low, lowered))
