"""Score one cell and look at the evidence."""

import tempfile
from pathlib import Path

import mnephys

with tempfile.TemporaryDirectory() as folder:
    # A simulated cell, so that the example needs no data; give the path of your own file instead.
    path = mnephys.simulate.simulate_cells(["mature"], folder)[0]

    recording = mnephys.read(path)
    print(recording)

    conditions = mnephys.Conditions(ljp_mv=0.0, ljp_subtracted=False, bias_pa=0.0, rseal_mohm=20000.0)
    score = mnephys.score(recording, conditions=conditions)
    print(score)

    print(f"\n{'criterion':28}{'measured':>14}  cut")
    for criterion in score.criteria:
        shown = criterion.text or (f"{criterion.value:.4g} {criterion.unit}" if criterion.value is not None else "-")
        print(f"{criterion.feature:28}{shown:>14}  {criterion.cut}")

    assert score.stage == "mature"
    assert Path(score.sources[0]).suffix == ".abf"
