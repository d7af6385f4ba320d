// The two floating-point types of the model core, and the functions that each implements.
import COpenBLAS
import RealModule

/// Float for measurements, Double for checks. Both run the same source.
public protocol ModelScalar: Real, BinaryFloatingPoint, SIMDScalar, Codable, BitwiseCopyable,
  Sendable
{
  /// The functions that are written separately for each type. Callers use the operations of a model
  /// instead.
  associatedtype Kernels: ScalarKernels where Kernels.Scalar == Self
}

/// BLAS calls and row functions of one scalar type; the generic operations of the CPU backend are
/// built on them.
///
/// BLAS is called here only. Matrices are row-major; `lda`, `ldb` and `ldc` are the distances
/// between rows in elements.
public protocol ScalarKernels {
  associatedtype Scalar: ModelScalar

  /// c (m, n) = op(a) · op(b) + beta · c
  static func gemm(
    transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int,
    a: UnsafePointer<Scalar>, lda: Int, b: UnsafePointer<Scalar>, ldb: Int,
    beta: Scalar, c: UnsafeMutablePointer<Scalar>, ldc: Int)

  /// The upper triangle of c (n, n) = a (n, k) · aᵀ + beta · c; elements below the diagonal are
  /// unchanged.
  static func syrk(
    n: Int, k: Int, a: UnsafePointer<Scalar>, lda: Int,
    beta: Scalar, c: UnsafeMutablePointer<Scalar>, ldc: Int)

  /// Replaces each x of a row by exp(x − shift) and returns the sum of the results.
  static func exponentiate(
    _ row: UnsafeMutablePointer<Scalar>, count: Int, shift: Scalar
  ) -> Scalar

  /// Σ exp(x − shift) and Σ (x − shift) · exp(x − shift) of a row, which is not changed.
  static func softmaxSums(
    _ row: UnsafePointer<Scalar>, count: Int, shift: Scalar
  ) -> (sum: Scalar, weighted: Scalar)

  /// The largest element of a row; −∞ for an empty one.
  static func maximum(_ row: UnsafePointer<Scalar>, count: Int) -> Scalar

  /// out = erf(x) for each x of a row; `out` may be the row.
  static func errorFunction(
    _ row: UnsafePointer<Scalar>, count: Int, into out: UnsafeMutablePointer<Scalar>)

  /// out = tanh(x) for each x of a row; `out` may be the row.
  static func hyperbolicTangent(
    _ row: UnsafePointer<Scalar>, count: Int, into out: UnsafeMutablePointer<Scalar>)

  /// out = 1 / (1 + exp(−x)) for each x of a row.
  static func sigmoid(
    _ row: UnsafePointer<Scalar>, count: Int, into out: UnsafeMutablePointer<Scalar>)
}

extension Float: ModelScalar {
  public typealias Kernels = FloatKernels
}

extension Double: ModelScalar {
  public typealias Kernels = DoubleKernels
}

/// The kernels of Float; see Exponential.swift and RowKernels.swift for the others.
public enum FloatKernels: ScalarKernels {
  public static func gemm(
    transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int,
    a: UnsafePointer<Float>, lda: Int, b: UnsafePointer<Float>, ldb: Int,
    beta: Float, c: UnsafeMutablePointer<Float>, ldc: Int
  ) {
    cblas_sgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      Int32(m), Int32(n), Int32(k), 1, a, Int32(lda), b, Int32(ldb), beta, c, Int32(ldc))
  }

  public static func syrk(
    n: Int, k: Int, a: UnsafePointer<Float>, lda: Int,
    beta: Float, c: UnsafeMutablePointer<Float>, ldc: Int
  ) {
    cblas_ssyrk(
      CblasRowMajor, CblasUpper, CblasNoTrans, Int32(n), Int32(k), 1, a, Int32(lda), beta, c,
      Int32(ldc))
  }
}

/// The kernels of Double.
public enum DoubleKernels: ScalarKernels {
  public static func gemm(
    transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int,
    a: UnsafePointer<Double>, lda: Int, b: UnsafePointer<Double>, ldb: Int,
    beta: Double, c: UnsafeMutablePointer<Double>, ldc: Int
  ) {
    cblas_dgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      Int32(m), Int32(n), Int32(k), 1, a, Int32(lda), b, Int32(ldb), beta, c, Int32(ldc))
  }

  public static func syrk(
    n: Int, k: Int, a: UnsafePointer<Double>, lda: Int,
    beta: Double, c: UnsafeMutablePointer<Double>, ldc: Int
  ) {
    cblas_dsyrk(
      CblasRowMajor, CblasUpper, CblasNoTrans, Int32(n), Int32(k), 1, a, Int32(lda), beta, c,
      Int32(ldc))
  }
}
