"""HDF5 files of Multi Channel Systems."""
