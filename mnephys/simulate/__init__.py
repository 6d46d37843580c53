"""Simulated recordings with known truth, in real file formats: for the demonstration, tests and calibration.

`simulate_cells` writes a folder of patch-clamp recordings. Below it stand the neuron and its
integration (`Neuron`, `integrate`), presets of maturity (`STAGES`, `vary`), the protocol
(`step_family`), what a rig adds (`record`), the truth (`truth_document`) and the writer (`write_abf2`).
"""

from mnephys.simulate.abf2_writer import write_abf2
from mnephys.simulate.acquisition import record
from mnephys.simulate.cells import DEMO_STAGES, simulate_cells
from mnephys.simulate.integration import FineTraces, integrate
from mnephys.simulate.kinetics import Kinetics
from mnephys.simulate.neuron import Neuron
from mnephys.simulate.protocol import Epoch, StepProtocol, step_family
from mnephys.simulate.stages import STAGES, Stage, vary
from mnephys.simulate.truth import truth_document

__all__ = [
    "DEMO_STAGES",
    "STAGES",
    "Epoch",
    "FineTraces",
    "Kinetics",
    "Neuron",
    "Stage",
    "StepProtocol",
    "integrate",
    "record",
    "simulate_cells",
    "step_family",
    "truth_document",
    "vary",
    "write_abf2",
]
