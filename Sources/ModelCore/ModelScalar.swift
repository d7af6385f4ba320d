// The two floating-point types of the model core and what BLAS does for each.
import COpenBLAS
import RealModule

/// Float for work, Double for checks: the same source serves both.
///
/// BLAS enters here and nowhere else. Matrices are row-major; `lda`, `ldb` and `ldc` are the
/// distances between rows in elements.
public protocol ModelScalar: Real, BinaryFloatingPoint, SIMDScalar, Codable, BitwiseCopyable,
  Sendable
{
  /// c (m, n) = op(a) · op(b) + beta · c
  static func gemm(
    transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int,
    a: UnsafePointer<Self>, lda: Int, b: UnsafePointer<Self>, ldb: Int,
    beta: Self, c: UnsafeMutablePointer<Self>, ldc: Int)

  /// The upper triangle of c (n, n) = a (n, k) · aᵀ + beta · c; what lies below is left alone.
  static func syrk(
    n: Int, k: Int, a: UnsafePointer<Self>, lda: Int,
    beta: Self, c: UnsafeMutablePointer<Self>, ldc: Int)

  /// Replaces each x of a row by exp(x − shift) and returns the sum of the results.
  static func exponentiate(_ row: UnsafeMutablePointer<Self>, count: Int, shift: Self) -> Self

  /// Σ exp(x − shift) and Σ (x − shift) · exp(x − shift) of a row, which stays as it is.
  static func softmaxSums(
    _ row: UnsafePointer<Self>, count: Int, shift: Self
  ) -> (sum: Self, weighted: Self)

  /// The largest element of a row; −∞ for an empty one.
  static func maximum(_ row: UnsafePointer<Self>, count: Int) -> Self

  /// out = 1 / (1 + exp(−x)) for each x of a row.
  static func sigmoid(_ row: UnsafePointer<Self>, count: Int, into out: UnsafeMutablePointer<Self>)
}

extension Float: ModelScalar {
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

extension Double: ModelScalar {
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
