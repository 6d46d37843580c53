"""Damaged files of every format: each is read as far as it is credible or refused in one line, in time and in bounds.

The default run takes a few hundred cases of each reader, evenly; the long mode (``--long``) takes 10,000. The summary
of the run says what became of them; ``python tests/fuzz`` prints the same for chosen readers.
"""

from __future__ import annotations

import pytest
from fuzz.isolation import available
from fuzz.run import fuzz
from fuzz.targets import READERS

LONG = 10_000

pytestmark = pytest.mark.skipif(not available(), reason="isolation needs fork and /proc")


def outcome_of(reader, count, record_property) -> None:
    if not (seeds := reader.seeds()):
        pytest.skip("MNEPHYS_DATA is not set: there is no undamaged file")
    tally = fuzz(reader.name, seeds, count, reader.read)
    record_property("fuzz", tally.row())
    failures = [str(failure) for failure in tally.failures]
    assert not failures, f"{len(failures)} of {tally.cases} cases:\n" + "\n".join(failures[:20])
    # A table of nothing but refusals, or of none, would show that the damage misses the reader.
    assert 0.02 * tally.cases < tally.kinds["refused"] < 0.95 * tally.cases


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_damaged_files(reader, record_property):
    outcome_of(reader, reader.quick, record_property)


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_ten_thousand_damaged_files(reader, record_property):
    outcome_of(reader, LONG, record_property)
