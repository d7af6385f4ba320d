// A BLAS product on arrays, for its speed and its errors.
import ModelCore

/// The shape of c (m, n) = op(a) · op(b) with inner size k; all matrices row-major and dense.
struct MatrixProduct: Sendable {
  let m: Int
  let n: Int
  let k: Int
  var transposeA = false
  var transposeB = false

  /// Multiplications and additions.
  var operations: Double { 2 * Double(m) * Double(n) * Double(k) }

  /// BLAS: overwrites c.
  func multiply<Scalar: ModelScalar>(_ a: [Scalar], _ b: [Scalar], into c: inout [Scalar]) {
    precondition(m > 0 && n > 0 && k > 0 && a.count == m * k && b.count == k * n)
    precondition(c.count == m * n, "one element a product")
    // The pointers are those of three arrays, checked for size above, for the length of the call.
    unsafe Scalar.Kernels.gemm(
      transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, a: a,
      lda: transposeA ? m : k, b: b, ldb: transposeB ? k : n, beta: 0, c: &c, ldc: n)
  }

  /// Three loops in Double: each element of c, and after it Σ |a| |b|, the scale of its rounding
  /// error.
  func plain<Scalar: ModelScalar>(
    _ a: [Scalar], _ b: [Scalar]
  ) -> (c: [Double], scale: [Double]) {
    var c = [Double](repeating: 0, count: m * n)
    var scale = c
    for i in 0..<m {
      for j in 0..<n {
        for l in 0..<k {
          let x = Double(a[transposeA ? l * m + i : i * k + l])
          let y = Double(b[transposeB ? j * k + l : l * n + j])
          c[i * n + j] += x * y
          scale[i * n + j] += abs(x * y)
        }
      }
    }
    return (c, scale)
  }

  /// The matrix products of a model's forward pass over some rows, some of which are scored.
  static func forward(
    _ shape: ModelConfiguration, rows: Int, scored: Int
  ) -> [(product: MatrixProduct, times: Int)] {
    let layers = shape.layerCount
    let queryWidth = shape.headCount * shape.headDimension
    let projections = queryWidth + 2 * shape.keyValueHeadCount * shape.headDimension
    func linear(_ rows: Int, _ inner: Int, _ outer: Int) -> MatrixProduct {
      MatrixProduct(m: rows, n: outer, k: inner, transposeB: true)
    }
    var products = [
      (linear(rows, shape.hiddenSize, projections), layers),
      (linear(rows, queryWidth, shape.hiddenSize), layers),
    ]
    let sparse = shape.experts?.layers.count(where: \.self) ?? 0
    if sparse < layers {
      products += [
        (linear(rows, shape.hiddenSize, 2 * shape.feedForwardSize), layers - sparse),
        (linear(rows, shape.feedForwardSize, shape.hiddenSize), layers - sparse),
      ]
    }
    if let experts = shape.experts, sparse > 0 {
      // As if the rows were shared out evenly.
      let used = min(experts.count, rows * experts.chosenCount)
      let own = rows * experts.chosenCount / used
      products += [
        (linear(rows, shape.hiddenSize, experts.count), sparse),
        (linear(own, shape.hiddenSize, 2 * experts.width), sparse * used),
        (linear(own, experts.width, shape.hiddenSize), sparse * used),
      ]
    }
    return products + [(linear(scored, shape.hiddenSize, shape.vocabularySize), 1)]
  }
}
