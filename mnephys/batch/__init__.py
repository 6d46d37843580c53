"""Many recordings: find them, measure each once, keep what was found, score every subject."""
