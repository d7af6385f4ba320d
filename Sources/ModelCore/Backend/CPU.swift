// The backend: every operation on whole matrices that the passes use.
//
// Row loops and BLAS calls are in this folder only. Operations, heads and passes call `Backend`
// with matrices. To run them on other hardware, write another type with the same static functions
// and name it here. Each file has one kind of kernel: the formula, the function of one row, and the
// function of all rows, each with its forward, backward and tangent.
//
// Parameter gradients accumulate (+=). Activation gradients overwrite (=) unless there is a `beta`.

/// OpenBLAS products and vectorised row loops on one thread. Parallelism is over workers.
package enum CPU {}

/// The backend that the model core uses.
package typealias Backend = CPU
