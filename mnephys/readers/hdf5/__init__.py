"""HDF5 files, read byte by byte under checks."""
