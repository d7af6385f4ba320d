// The HDF5 C interface and its dimension scales (H5DS), plus one-line functions for the macros that
// Swift cannot see. No other code belongs here.
#ifndef CHDF5_SHIM_H
#define CHDF5_SHIM_H

#include <hdf5.h>
#include <hdf5_hl.h>

// Casts: Swift imports no macro that holds a cast to a typedef.
static inline hid_t chdf5_default(void) { return H5P_DEFAULT; }
static inline hid_t chdf5_error_stack(void) { return H5E_DEFAULT; }
static inline hid_t chdf5_all(void) { return H5S_ALL; }
static inline hsize_t chdf5_unlimited(void) { return H5S_UNLIMITED; }
static inline size_t chdf5_variable(void) { return H5T_VARIABLE; }

// File access flags: macros that first call H5check() and H5open().
static inline unsigned chdf5_truncate(void) { return H5F_ACC_TRUNC; }
static inline unsigned chdf5_read_only(void) { return H5F_ACC_RDONLY; }
static inline unsigned chdf5_creation_order(void) {
  return H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
}

// Property list classes: macros that call H5open() and then read a global variable.
static inline hid_t chdf5_file_create(void) { return H5P_FILE_CREATE; }
static inline hid_t chdf5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t chdf5_group_create(void) { return H5P_GROUP_CREATE; }
static inline hid_t chdf5_dataset_create(void) { return H5P_DATASET_CREATE; }
static inline hid_t chdf5_attribute_create(void) { return H5P_ATTRIBUTE_CREATE; }
static inline hid_t chdf5_link_create(void) { return H5P_LINK_CREATE; }

// Datatypes: the same kind of macro.
static inline hid_t chdf5_float32(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t chdf5_float64(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t chdf5_int8(void) { return H5T_NATIVE_INT8; }
static inline hid_t chdf5_int16(void) { return H5T_NATIVE_INT16; }
static inline hid_t chdf5_int32(void) { return H5T_NATIVE_INT32; }
static inline hid_t chdf5_int64(void) { return H5T_NATIVE_INT64; }
static inline hid_t chdf5_uint8(void) { return H5T_NATIVE_UINT8; }
static inline hid_t chdf5_uint16(void) { return H5T_NATIVE_UINT16; }
static inline hid_t chdf5_uint32(void) { return H5T_NATIVE_UINT32; }
static inline hid_t chdf5_uint64(void) { return H5T_NATIVE_UINT64; }
static inline hid_t chdf5_c_string(void) { return H5T_C_S1; }

// Functions that differ between releases; Swift cannot test H5_VERSION_GE.
static inline herr_t chdf5_disable_file_locking(hid_t access) {
#if H5_VERSION_GE(1, 12, 1) || (H5_VERSION_GE(1, 10, 7) && !H5_VERSION_GE(1, 12, 0))
  return H5Pset_file_locking(access, 0, 1);
#else
  return 0;  // too old to be told; the environment variable HDF5_USE_FILE_LOCKING remains
#endif
}
static inline herr_t chdf5_reclaim(hid_t type, hid_t space, void *buffer) {
#if H5_VERSION_GE(1, 12, 0)
  return H5Treclaim(type, space, H5P_DEFAULT, buffer);
#else
  return H5Dvlen_reclaim(type, space, H5P_DEFAULT, buffer);
#endif
}
// H5Oget_info is a macro over numbered functions. The file's number and the address in it tell two
// names of one object.
static inline herr_t chdf5_identity(hid_t object, unsigned long *file, haddr_t *address) {
#if H5_VERSION_GE(1, 12, 0)
  H5O_info1_t info;
#else
  H5O_info_t info;
#endif
  herr_t code = H5Oget_info2(object, &info, H5O_INFO_BASIC);
  if (code >= 0) {
    *file = info.fileno;
    *address = info.addr;
  }
  return code;
}

// H5Lget_info and H5L_info_t changed between releases likewise.
static inline htri_t chdf5_is_hard_link(hid_t group, const char *name) {
#if H5_VERSION_GE(1, 12, 0)
  H5L_info1_t info;
  herr_t code = H5Lget_info1(group, name, &info, H5P_DEFAULT);
#else
  H5L_info_t info;
  herr_t code = H5Lget_info(group, name, &info, H5P_DEFAULT);
#endif
  return code < 0 ? code : info.type == H5L_TYPE_HARD;
}

#endif
