// The CBLAS interface of OpenBLAS and its thread and version queries.
#include <cblas.h>
