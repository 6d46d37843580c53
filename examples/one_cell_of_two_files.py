"""Several recordings of one cell are one subject with one score."""

import tempfile

import mnephys

with tempfile.TemporaryDirectory() as folder:
    # The last simulated cell is recorded twice: a coarse family of steps and a fine one around its rheobase.
    coarse, fine = mnephys.simulate.simulate_cells(["mature"], folder)
    recordings = [mnephys.read(coarse), mnephys.read(fine)]

    for recording in recordings:
        table = mnephys.extract(recording, bias=0.0)
        rheobase = table.get("rheobase")
        print(f"{recording.provenance.path.rsplit('/', 1)[-1]}: rheobase {rheobase.value} {rheobase.unit}")

    score = mnephys.score(recordings, subject="cell 7", conditions=mnephys.Conditions(bias_pa=0.0))
    print(score)

    assert len(score.sources) == 2
