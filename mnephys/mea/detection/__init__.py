"""Spikes from raw voltage: filter, noise, threshold, and one spike for each extreme."""

from mnephys.mea.detection.coincidence import without_coincident
from mnephys.mea.detection.found import Detection
from mnephys.mea.detection.search import detect, detect_spikes
from mnephys.mea.detection.settings import DetectionSettings

__all__ = ["Detection", "DetectionSettings", "detect", "detect_spikes", "without_coincident"]
