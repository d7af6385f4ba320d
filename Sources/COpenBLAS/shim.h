// The CBLAS interface of OpenBLAS and its thread and version queries.
#include <cblas.h>

// OpenBLAS's own memory: it exports these two functions without declaring them.
void *blas_memory_alloc(int unused);
void blas_memory_free(void *buffer);
