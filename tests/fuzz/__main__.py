"""Fuzz readers and print what became of it.

``python tests/fuzz [--cases N] [--keep FOLDER] [READER ...]``: of each reader so many cases, by default 10,000; the
damaged files that made one fail are kept in a folder.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from pathlib import Path

# In place of this folder: the packages of the tests lie beside it.
sys.path[0] = str(Path(__file__).parents[1])

from fuzz.run import Tally, fuzz, table  # noqa: E402 -- the path comes first
from fuzz.targets import READERS  # noqa: E402 -- the path comes first


def main() -> int:
    parser = argparse.ArgumentParser(prog="python tests/fuzz", description="Damage files and read them.")
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("reader", nargs="*", help=f"any of {', '.join(reader.name for reader in READERS)}")
    wanted = parser.parse_args()
    tallies = []
    for reader in READERS:
        if wanted.reader and reader.name not in wanted.reader:
            continue
        if not (seeds := reader.seeds()):
            _say(f"{reader.name}: no undamaged file, set MNEPHYS_DATA")
            continue
        begin = time.monotonic()
        tally = fuzz(reader.name, seeds, wanted.cases, reader.read)
        _say(f"{reader.name}: {tally.cases} cases in {time.monotonic() - begin:.0f} s")
        for failure in tally.failures:
            _say(f"  {failure}")
        if wanted.keep is not None:
            _keep(tally, wanted.keep)
        tallies.append(tally)
    _say(*table([tally.row() for tally in tallies]))
    return int(any(tally.failures for tally in tallies))


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _keep(tally: Tally, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, failure in enumerate(tally.failures):
        name = re.sub(r"\W+", "-", f"{tally.reader} {failure.outcome.kind} {number} {failure.outcome.case.name}")[:100]
        (folder / name).write_bytes(failure.outcome.case.damaged(failure.seed.content))


if __name__ == "__main__":
    sys.exit(main())
