"""Axon Binary Format, ABF1 and ABF2."""
