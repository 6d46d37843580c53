"""What the readers of several formats take for damage, and what they advise then."""

from __future__ import annotations

__all__ = ["COPY", "CUT", "DAMAGED", "DAMAGED_HEADER", "DAMAGED_NWB", "MOST_SPIKES"]

#: What to do about a file of an instrument that lacks something, or is not as the instrument writes it.
COPY = "copy the file again from the acquisition computer"
#: The same, where something cannot be true.
DAMAGED = "the file is damaged: copy it again from the acquisition computer"
#: The same, where only the header is known to be wrong.
DAMAGED_HEADER = f"the header is damaged: {COPY}"
#: What to do about a file in which something cannot be true, and which a script wrote.
DAMAGED_NWB = "the file is damaged: copy it again, or write it again"
#: What to do about a file that ends too early.
CUT = "the file was cut: copy it again from the acquisition computer"

#: A table of more spikes has a damaged shape. Half a gigabyte of times: a plate that fires a thousand times per second
#: for most of a day.
MOST_SPIKES = 1 << 26
