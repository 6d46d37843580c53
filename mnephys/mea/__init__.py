"""Feature core for plates: activity, bursts, network bursts and synchrony of electrodes and wells."""

from mnephys.mea.bursts import Bursts, bursts
from mnephys.mea.definitions import DEFINITIONS, TIE, Definitions, definitions
from mnephys.mea.measure import measure_plate
from mnephys.mea.network_bursts import NetworkBursts, network_bursts
from mnephys.mea.synchrony import sttc

__all__ = [
    "DEFINITIONS",
    "TIE",
    "Bursts",
    "Definitions",
    "NetworkBursts",
    "bursts",
    "definitions",
    "measure_plate",
    "network_bursts",
    "sttc",
]
