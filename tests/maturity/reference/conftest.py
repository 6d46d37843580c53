"""The published reference, and what is left of it without one laboratory."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import resources

import pytest

from mnephys.maturity.reference import Reference, parse_reference
from mnephys.maturity.reference.parse import BUILT_IN

TEXT = (resources.files("mnephys.maturity.reference") / BUILT_IN).read_text(encoding="utf-8")


@pytest.fixture
def without() -> Callable[[str], Reference]:
    """Return the reference without the sets of one source."""

    def left(source: str) -> Reference:
        blocks = re.split(r"(?m)^(?=\[\[(?:sets|excluded)\]\])", TEXT)
        kept = [b for b in blocks if not (b.startswith("[[sets]]") and f'source = "{source}"' in b)]
        assert len(kept) < len(blocks)
        return parse_reference("".join(kept).encode())

    return left
