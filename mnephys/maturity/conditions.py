"""What was done to a cell while it was recorded, as far as the score needs to know it."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

__all__ = ["Conditions"]


@dataclass(frozen=True, slots=True)
class Conditions:
    """Recording conditions of one cell; None means unknown, never zero.

    Parameters
    ----------
    ljp_mv : float, optional
        Liquid junction potential in mV, positive where the true voltage is below the one recorded.
    ljp_subtracted : bool, optional
        Whether it is already subtracted from the voltages.
    rseal_mohm : float, optional
        Seal resistance in MOhm.
    rs_mohm : float, optional
        Series resistance in MOhm.
    bias_pa : float, optional
        Current in pA injected all the time; 0 means that the baseline is the resting potential.
    temperature_c : float, optional
        Temperature of the bath in degC.

    Raises
    ------
    ValueError
        If a number is not finite, or a resistance is not positive.

    Examples
    --------
    >>> Conditions(ljp_mv=15.0, ljp_subtracted=True).rseal_mohm is None
    True
    """

    ljp_mv: float | None = None
    ljp_subtracted: bool | None = None
    rseal_mohm: float | None = None
    rs_mohm: float | None = None
    bias_pa: float | None = None
    temperature_c: float | None = None

    def __post_init__(self) -> None:
        for item in fields(self):
            number = getattr(self, item.name)
            if number is not None and not math.isfinite(number):
                raise ValueError(f"{item.name} is {number}, needs a number or None")
            if item.name in {"rseal_mohm", "rs_mohm"} and number is not None and number <= 0:
                raise ValueError(f"{item.name} is {number}, needs to be positive")

    def raw_and_corrected(self, voltage: float) -> tuple[float | None, float | None]:
        """Return a voltage before and after the liquid junction potential is subtracted.

        Parameters
        ----------
        voltage : float
            As it was measured, in mV.

        Returns
        -------
        tuple of float or None
            One of them is `voltage`; the other is None where the junction potential is unknown, and both are where
            nobody knows whether it is subtracted already.

        Examples
        --------
        >>> Conditions(ljp_mv=15.0, ljp_subtracted=False).raw_and_corrected(-60.0)
        (-60.0, -75.0)
        >>> Conditions(ljp_mv=15.0, ljp_subtracted=True).raw_and_corrected(-60.0)
        (-45.0, -60.0)
        """
        if self.ljp_subtracted is None:
            return None, None
        if self.ljp_subtracted:
            return None if self.ljp_mv is None else voltage + self.ljp_mv, voltage
        return voltage, None if self.ljp_mv is None else voltage - self.ljp_mv
