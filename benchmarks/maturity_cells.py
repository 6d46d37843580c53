"""How often the score of a cell is right: simulated cells of three stages, recorded well, in part, and badly.

The cells are Hodgkin-Huxley neurons whose size, leak and channel densities are drawn around those of a stage, behind a
seal, with noise, drift and an imperfect bridge. Neither the rubric nor the reference distributions were made from
them, nor they from these. A cell's truth is the stage it was drawn from. Stages overlap, so that no score can be right
about all of them; what must not happen is that an immature cell, or a recording that is broken, is called mature.

Run ``python benchmarks/maturity_cells.py``, or with ``--quick`` for a short check, with ``--cells N`` for so many of
each stage, with ``--table FILE`` to write the tables as a page.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

# Before numpy is imported: the processes share the cores already.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402 -- after the number of threads is set

import mnephys  # noqa: E402
from mnephys.maturity.conditions import Conditions  # noqa: E402
from mnephys.recording import Clamp, CommandSource, SweepRecording  # noqa: E402
from mnephys.simulate.acquisition import record  # noqa: E402
from mnephys.simulate.integration import FineTraces, integrate  # noqa: E402
from mnephys.simulate.neuron import Neuron  # noqa: E402
from mnephys.simulate.stages import STAGES, vary  # noqa: E402

RATE = 20000.0
FINE = 2.5e-5  # s, integration step
BEFORE, STEP, AFTER = 0.15, 0.6, 0.15  # s
N_SWEEPS = 12
SPREAD = 0.2
AT_ONCE = 25
PRESETS = {"immature": ("silent", "immature"), "intermediate": ("intermediate",), "mature": ("mature", "blocking")}
CALLED = ("immature", "intermediate", "mature", "indeterminate")
WHOLE, UNSTATED = "whole", "conditions unstated"
WITHHELD = ("no step to rheobase", "hyperpolarising steps only")
HARMED = ("noise of 2 mV", "seal lost half way")
BROKEN = (
    "noise of 8 mV",
    "clipped at 0 mV",
    "seal of a tenth of the cell",
    "hum of 8 mV",
    "sweeps half a family off",
    "baseline that wanders by 40 mV",
)
GOAL_IMMATURE, GOAL_BROKEN, GOAL_CALIBRATION = 0.01, 0.001, 0.05

Floats = np.ndarray


HEAD = """# How often the score of a cell is right

`python benchmarks/maturity_cells.py --table docs/maturity_cells.md` writes this page; nothing in it is by hand.

The cells are simulated: Hodgkin-Huxley neurons whose size, leak and channel densities are drawn around those of a
stage, behind a seal, with noise, drift and an imperfect bridge. Neither the rubric nor the reference of the second
opinion was made from them. **They show the program, no biology**: stages of real cells overlap far more, and no
simulation says where a real cell matures.
"""


@dataclass(frozen=True)
class Job:
    """Some cells of one preset."""

    truth: str
    preset: str
    number: int
    seed: int


@dataclass(frozen=True)
class Outcome:
    """What became of one recording of one cell."""

    truth: str
    how: str
    called: str
    reason: str
    probabilities: dict[str, float]


def levels_of(preset: str, neuron: Neuron) -> Floats:
    """Return the steps in pA that an experimenter would give to this cell: by its leak, as for the typical one."""
    stage = STAGES[preset]
    family = stage.first_level + stage.level_increment * 15 / N_SWEEPS * np.arange(N_SWEEPS)
    return family * neuron.leak / stage.neuron.leak


def behind_seal(neuron: Neuron, seal_mohm: float) -> Neuron:
    """Return the neuron with the shunt of its seal, which reverses at 0 mV."""
    shunt = 1000.0 / seal_mohm
    leak = neuron.leak + shunt
    return replace(neuron, leak=leak, leak_reversal=neuron.leak * neuron.leak_reversal / leak)


def commands(levels: Floats) -> Floats:
    command = np.zeros((*levels.shape, round((BEFORE + STEP + AFTER) * RATE)))
    command[..., round(BEFORE * RATE) : round((BEFORE + STEP) * RATE)] = levels[..., np.newaxis]
    return command


def recorded(traces: FineTraces, command: Floats, rng: np.random.Generator) -> Floats:
    """Return what is recorded of one cell: noise, a bridge that is not perfect, slow drift."""
    noise, bridge = rng.uniform(0.05, 0.3), rng.uniform(-3.0, 10.0)
    drift = rng.uniform(-2.0, 2.0) * np.linspace(0.0, 1.0, command.shape[1])
    return record(traces, command, rng, noise=noise, bridge_error=bridge)[0] + drift[:, np.newaxis]


def harmed(response: Floats, how: str, rng: np.random.Generator) -> Floats:
    """Return a recording that is worse than it need be, or that nobody should score."""
    n, at = response.shape[0], np.arange(response.shape[1]) / RATE
    if how.startswith("noise"):
        return response + rng.normal(0.0, float(how.split()[2]), response.shape)
    ways = {
        "clipped at 0 mV": lambda: np.minimum(response, 0.0),
        "seal of a tenth of the cell": lambda: 0.1 * response,
        "seal lost half way": lambda: np.where(np.arange(n)[:, np.newaxis] < n // 2, response, 0.1 * response),
        "hum of 8 mV": lambda: response + 8.0 * np.sin(2 * np.pi * (50.0 * at + rng.random((n, 1)))),
        # Not in any order: by chance that one may be nearly right.
        "sweeps half a family off": lambda: np.roll(response, n // 2, axis=0),
        "baseline that wanders by 40 mV": lambda: response + 40.0 * rng.random((n, 1)),
    }
    return ways[how]()


def variants(response: Floats, levels: Floats, rng: np.random.Generator) -> Iterable[tuple[str, Floats, Floats]]:
    """Yield how else the cell was recorded: in part, worse than need be, and so that nothing can be said."""
    driven = np.flatnonzero(levels > 0)
    fires = [i for i in driven.tolist() if np.ptp(response[i]) > 40.0]
    below = driven[0] if not fires else max(fires[0], int(driven[0]))
    for how, kept in ((WITHHELD[0], slice(0, below)), (WITHHELD[1], slice(0, int(driven[0])))):
        if fires and rng.random() < 0.5:
            yield how, response[kept], levels[kept]
    for hows in (HARMED, BROKEN):
        how = str(rng.choice(hows))
        yield how, harmed(response, how, rng), levels


def scored(truth: str, how: str, response: Floats, levels: Floats, conditions: Conditions | None) -> Outcome:
    recording = SweepRecording(
        response.astype(np.float32), RATE, Clamp.CURRENT, commands(levels), CommandSource.EPOCH_TABLE
    )
    score = mnephys.score(recording, conditions=conditions)
    shares = {} if score.posterior is None else dict(score.posterior.probabilities)
    return Outcome(truth, how, str(score.stage), score.reasons[0], shares)


def outcomes(job: Job) -> list[Outcome]:
    """Simulate, record and score the cells of a job."""
    rng = np.random.default_rng(job.seed)
    neurons = vary(STAGES[job.preset], job.number, rng, spread=SPREAD)
    seals = rng.uniform(4000.0, 20000.0, job.number)
    levels = np.stack([levels_of(job.preset, neuron) for neuron in neurons])
    command = commands(levels)
    whole = integrate([behind_seal(*pair) for pair in zip(neurons, seals, strict=True)], command, RATE, max_step=FINE)
    found = []
    for i in range(job.number):
        own = FineTraces(np.ascontiguousarray(whole.voltage[i : i + 1]), whole.sampling_rate)
        response = recorded(own, command[i : i + 1], rng)
        stated = Conditions(ljp_mv=12.0, ljp_subtracted=False, rseal_mohm=float(seals[i]), rs_mohm=12.0, bias_pa=0.0)
        found.append(scored(job.truth, WHOLE, response, levels[i], stated))
        found.append(scored(job.truth, UNSTATED, response, levels[i], Conditions()))
        for how, some, at in variants(response, levels[i], rng):
            found.append(scored(job.truth, how, some, at, stated))
    return found


def population(per_stage: int) -> list[Job]:
    """Return jobs of few cells each, presets of a stage in equal parts."""
    jobs = []
    for truth, presets in PRESETS.items():
        for number in range(0, per_stage, AT_ONCE):
            preset = presets[number // AT_ONCE % len(presets)]
            jobs.append(Job(truth, preset, min(AT_ONCE, per_stage - number), len(jobs)))
    return jobs


def share(part: int, of: int) -> str:
    """Return a share with its 95 % interval (Wilson 1927, 10.1080/01621459.1927.10502953)."""
    if not of:
        return "none"
    z, p = 1.96, part / of
    middle, half = p + z * z / (2 * of), z * np.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    low, high = ((middle + sign * half) / (1 + z * z / of) for sign in (-1, 1))
    return f"{100 * p:.1f} % ({100 * max(low, 0.0):.1f} to {100 * high:.1f})"


def confusion(found: list[Outcome], how: str) -> list[str]:
    lines = ["| drawn as | cells | " + " | ".join(CALLED) + " |", "|---|---|" + "---|" * len(CALLED)]
    for truth in PRESETS:
        own = Counter(o.called for o in found if o.truth == truth and o.how == how)
        total = sum(own.values())
        lines.append(f"| {truth} | {total} | " + " | ".join(f"{own[called]}" for called in CALLED) + " |")
    return lines


def calibration(found: list[Outcome]) -> list[str]:
    """Return how often the second opinion is right, and how far its probabilities are from that (Guo et al. 2017)."""
    known = [o for o in found if o.how == WHOLE and o.probabilities]
    if not known:
        return []
    sure = np.array([max(o.probabilities.values()) for o in known])
    right = np.array([max(o.probabilities, key=lambda stage: o.probabilities[stage]) == o.truth for o in known])
    bins = np.minimum((10 * sure).astype(int), 9)
    apart = [abs(right[bins == b].mean() - sure[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins)]
    return [
        f"* the most probable stage is that which the cell was drawn from: {share(int(right.sum()), right.size)}",
        f"* its mean probability: {sure.mean():.2f}",
        f"* expected calibration error: {sum(apart):.3f}; at most {GOAL_CALIBRATION:g}",
    ]


def called(found: list[Outcome], what: Callable[[Outcome], bool], stage: str) -> tuple[int, int]:
    own = [o for o in found if what(o)]
    return sum(o.called == stage for o in own), len(own)


def page(found: list[Outcome]) -> tuple[list[str], bool]:
    """Return the tables, and whether what must not happen did not."""
    whole_immature = called(found, lambda o: o.truth == "immature", "mature")
    broken = called(found, lambda o: o.how in BROKEN, "mature")
    lines = ["## Recorded well, everything stated", "", *confusion(found, WHOLE), ""]
    lines += ["## The same recordings, nothing stated of how they were made", "", *confusion(found, UNSTATED), ""]
    lines += ["## Recorded in part, or badly", "", "| recording | n | " + " | ".join(CALLED) + " |"]
    lines += ["|---|---|" + "---|" * len(CALLED)]
    for how in (*WITHHELD, *HARMED, *BROKEN):
        own = Counter(o.called for o in found if o.how == how)
        lines.append(f"| {how} | {sum(own.values())} | " + " | ".join(f"{own[c]}" for c in CALLED) + " |")
    lines += ["", "## The second opinion alone, recorded well", "", *calibration(found)]
    lines += ["", "## What must not happen", ""]
    goals = f"at most {100 * GOAL_IMMATURE:g} %", f"at most {100 * GOAL_BROKEN:g} %"
    lines.append(f"* recordings of immature cells called mature: {share(*whole_immature)}; {goals[0]}")
    lines.append(f"* broken recordings called mature: {share(*broken)}; {goals[1]}")
    withheld = called(found, lambda o: o.how in WITHHELD, "indeterminate")
    lines.append(f"* *indeterminate* where the steps were withheld: {share(*withheld)}")
    needless = called(found, lambda o: o.how == WHOLE, "indeterminate")
    lines.append(f"* *indeterminate* although everything was recorded and stated: {share(*needless)}")
    fine = all(part <= goal * of for (part, of), goal in ((whole_immature, GOAL_IMMATURE), (broken, GOAL_BROKEN)))
    return lines, fine


def main(per_stage: int, table: Path | None) -> None:
    jobs = population(per_stage)
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        found = [outcome for some in pool.map(outcomes, jobs) for outcome in some]
    lines, fine = page(found)
    print("\n".join(lines))
    if "--reasons" in sys.argv[1:]:
        reasons = Counter(f"{o.truth} / {o.how} -> {o.called}: {o.reason}" for o in found)
        print("\n".join(f"{n:5} {reason}" for reason, n in reasons.most_common()))
    if table is not None:
        table.write_text("\n".join([HEAD, *lines, ""]), encoding="utf-8")
    assert fine, "an immature cell or a broken recording was called mature too often"


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(
        int(arguments[arguments.index("--cells") + 1])
        if "--cells" in arguments
        else AT_ONCE
        if "--quick" in arguments
        else 1000,
        Path(arguments[arguments.index("--table") + 1]) if "--table" in arguments else None,
    )
