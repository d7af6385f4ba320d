// The backend: every operation on whole matrices that the passes are made of.
//
// Row loops and BLAS calls live in this folder and nowhere else. Operations, heads and passes name
// `Backend` and hand it matrices; to run them elsewhere, write another type with the same static
// functions and name it here. Each file holds one kind of kernel: the formula, the function of one
// row, and the function of all rows, forward, backward and tangent side by side.
//
// Parameter gradients accumulate with +=, activation gradients overwrite with = unless a `beta` says
// otherwise.

/// OpenBLAS products and vectorised row loops on one thread; workers are the parallelism.
package enum CPU {}

/// What the model core runs on.
package typealias Backend = CPU
