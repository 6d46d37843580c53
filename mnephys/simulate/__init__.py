"""Simulated recordings with known truth, in real file formats: for the demonstration, tests and calibration.

`simulate_cells` writes a folder of patch-clamp recordings. Below it stand the neuron and its
integration (`Neuron`, `integrate`), presets of maturity (`STAGES`, `vary`), the protocol
(`step_family`), what a rig adds (`record`), the truth (`truth_document`) and the writer (`write_abf2`).

`simulate_plate` writes a folder of spike lists of one multi-electrode plate on several days. Below it stand
the parameters of a network along its development (`parameters_at`), the spikes of one well with their truth
(`draw_contacts`, `simulate_well`) and the writer (`write_spike_list`).
"""

from mnephys.simulate.abf2_writer import write_abf2
from mnephys.simulate.acquisition import record
from mnephys.simulate.cells import DEMO_STAGES, simulate_cells
from mnephys.simulate.contacts import Contacts, draw_contacts
from mnephys.simulate.development import NetworkParameters, parameters_at
from mnephys.simulate.integration import FineTraces, integrate
from mnephys.simulate.kinetics import Kinetics
from mnephys.simulate.network import SimulatedWell, simulate_well
from mnephys.simulate.neuron import Neuron
from mnephys.simulate.plates import simulate_plate
from mnephys.simulate.protocol import Epoch, StepProtocol, step_family
from mnephys.simulate.spike_list_writer import write_spike_list
from mnephys.simulate.stages import STAGES, Stage, vary
from mnephys.simulate.truth import truth_document

__all__ = [
    "DEMO_STAGES",
    "STAGES",
    "Contacts",
    "Epoch",
    "FineTraces",
    "Kinetics",
    "NetworkParameters",
    "Neuron",
    "SimulatedWell",
    "Stage",
    "StepProtocol",
    "draw_contacts",
    "integrate",
    "parameters_at",
    "record",
    "simulate_cells",
    "simulate_plate",
    "simulate_well",
    "step_family",
    "truth_document",
    "vary",
    "write_abf2",
    "write_spike_list",
]
