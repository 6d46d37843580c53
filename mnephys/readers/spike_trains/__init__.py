"""Spike trains of a plate in a flat HDF5 file."""
