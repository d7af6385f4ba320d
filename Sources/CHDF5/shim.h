// The HDF5 C interface and its dimension scales (H5DS).
#include <hdf5.h>
#include <hdf5_hl.h>
