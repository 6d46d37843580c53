"""The evidence record: the little of a recording that its report needs, so that no raw file is read again.

A record is plain JSON. Of sweeps it holds decimated traces, the points of every action potential, the steps with what
they evoked, and a few waveforms, under voltage clamp the currents of its steps and its postsynaptic events; of a plate
the binned spikes of each electrode and the network bursts.
"""

from mnephys.evidence.clamp import clamp_evidence
from mnephys.evidence.plates import plate_evidence, summary_evidence
from mnephys.evidence.sweeps import sweep_evidence

__all__ = ["clamp_evidence", "plate_evidence", "summary_evidence", "sweep_evidence"]
