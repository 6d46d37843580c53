"""Feature core for plates: activity, bursts, network bursts and synchrony of electrodes and wells."""

from mnephys.mea import plate
from mnephys.mea.burst_shapes import NetworkBurstShapes, network_burst_shapes
from mnephys.mea.bursts import Bursts, bursts
from mnephys.mea.connectivity import Connectivity, connectivity
from mnephys.mea.contrast import spike_contrast
from mnephys.mea.correlograms import Correlograms, cross_correlation_area, cross_correlograms
from mnephys.mea.definitions import DEFINITIONS, TIE, Definitions, definitions
from mnephys.mea.detection import DetectionSettings, detect_spikes, without_coincident
from mnephys.mea.evoked import EvokedResponses, evoked_responses
from mnephys.mea.graph import graph_measures
from mnephys.mea.leaders import Leaders, network_burst_leaders
from mnephys.mea.measure import measure_plate
from mnephys.mea.network_bursts import NetworkBursts, network_bursts
from mnephys.mea.stimulation import measure_evoked
from mnephys.mea.stimuli import Spontaneous, spontaneous_trains, stimulus_times
from mnephys.mea.synchrony import sttc

__all__ = [
    "DEFINITIONS",
    "TIE",
    "Bursts",
    "Connectivity",
    "Correlograms",
    "Definitions",
    "DetectionSettings",
    "EvokedResponses",
    "Leaders",
    "NetworkBurstShapes",
    "NetworkBursts",
    "Spontaneous",
    "bursts",
    "connectivity",
    "cross_correlation_area",
    "cross_correlograms",
    "definitions",
    "detect_spikes",
    "evoked_responses",
    "graph_measures",
    "measure_evoked",
    "measure_plate",
    "network_burst_leaders",
    "network_burst_shapes",
    "network_bursts",
    "plate",
    "spike_contrast",
    "spontaneous_trains",
    "stimulus_times",
    "sttc",
    "without_coincident",
]
