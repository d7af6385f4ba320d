// Checks the numerics of a checkpoint on this machine. Each check computes the same number in two
// ways that have as little code in common as possible.
import Foundation
import KeyedRandom
import ModelCore

/// The checks of one checkpoint, in both precisions.
struct SelfCheck {
  let single: Transformer<Float>
  let double: Transformer<Double>
  let key: RandomKey
  /// The number of parameter tensors that are also checked one by one, evenly spaced over the
  /// layout.
  private static let tensorLimit = 64
  private let examples: [ExampleSequences]

  init(single: Transformer<Float>, double: Transformer<Double>, key: RandomKey) {
    self.single = single
    self.double = double
    self.key = key
    examples = ExampleSequences.make(4, for: single.configuration, key: key.derive("examples"))
  }

  /// Runs all checks; `begin` is called with the name of each before it starts.
  func run(begin: (String) -> Void) throws -> [Deviation] {
    var deviations: [Deviation] = []
    let checks: [(String, () throws -> [Deviation])] = [
      ("matrix products", { matrixProducts(Float.self) + matrixProducts(Double.self) }),
      ("finite differences", { try finiteDifferences() }),
      ("Gram products", { gramProducts(single, 1e-4) + gramProducts(double, 1e-11) }),
      ("batch gradient", { batchGradient(single, 1e-4) + batchGradient(double, 1e-12) }),
      ("precision", { precision() }),
      ("cached decoding", { try cachedDecoding() }),
      ("families", { try FamilyCheck().run() }),
    ]
    for (name, check) in checks {
      begin(name)
      try Interruption.check()
      deviations += try check()
    }
    return deviations
  }

  private func name<Scalar>(_: Scalar.Type) -> String {
    Scalar.self == Float.self ? "float32" : "float64"
  }

  // MARK: - BLAS

  /// BLAS against three loops at the model's shapes, in the three transpositions that are used.
  /// Limit: k roundings, each of half a unit in the last place of Σ |a| |b|.
  private func matrixProducts<Scalar: ModelScalar>(_ type: Scalar.Type) -> [Deviation] {
    _ = BLAS.core  // sets BLAS to one thread
    let rows = 33
    var largest = LargestDeviation()
    var random = key.derive("matrix products").generator()
    func values(_ count: Int) -> [Scalar] { (0..<count).map { _ in Scalar(random.normal()) } }
    for entry in MatrixProduct.forward(single.configuration, rows: rows, scored: rows) {
      // Wide vocabularies and MLPs are truncated, since three loops are slow.
      let (n, k) = (min(entry.product.n, 512), min(entry.product.k, 512))
      for product in [
        MatrixProduct(m: rows, n: n, k: k, transposeB: true),
        MatrixProduct(m: rows, n: k, k: n),
        MatrixProduct(m: n, n: k, k: rows, transposeA: true),
      ] {
        let (a, b) = (values(product.m * product.k), values(product.k * product.n))
        var c = [Scalar](repeating: 0, count: product.m * product.n)
        product.multiply(a, b, into: &c)
        let plain = product.plain(a, b)
        for index in c.indices {
          largest.add(
            (Double(c[index]) - plain.c[index]) / (plain.scale[index] * Double(product.k))
          ) {
            "\(product.m) x \(product.n), inner \(product.k)"
          }
        }
      }
    }
    return [
      Deviation(
        check: "BLAS product vs three loops, per term", precision: name(type),
        largest: largest.value, limit: Double(Scalar.ulpOfOne), place: largest.place)
    ]
  }

  // MARK: - Gradients

  /// Σ log π of an example's response after its prompt.
  private func objective(_ workspace: Workspace<Double>, _ batch: PackedSequences) -> Double {
    workspace.score(batch).logProbabilities.reduce(0, +)
  }

  /// The gradient along random directions against central differences of order four, in float64:
  /// all parameters together, then one tensor at a time. Deviations are relative to the gradient's
  /// norm, which is the expected size of its inner product with a random direction of unit
  /// variance.
  private func finiteDifferences() throws -> [Deviation] {
    var batch = PackedSequences()
    batch.append(examples[0].conditional)
    let workspace = Workspace(double)
    _ = workspace.score(batch)
    var gradient = GradientBuffer<Double>(double.layout)
    workspace.accumulateGradient(
      coefficients: Array(repeating: 1, count: batch.scoredCount), into: &gradient)

    let parameters = double.layout.parameters
    var whole = LargestDeviation()
    for direction in 0..<3 {
      let deviation = directional(
        0..<double.layout.count, gradient, workspace, batch,
        key.derive("directions").derive(UInt64(direction)))
      whole.add(deviation) { "direction \(direction)" }
    }
    var single = LargestDeviation()
    let count = min(parameters.count, Self.tensorLimit)
    for place in 0..<count {
      try Interruption.check()
      let parameter = parameters[place * parameters.count / count]
      let deviation = directional(
        parameter.range, gradient, workspace, batch,
        key.derive("tensors").derive(UInt64(parameter.offset)))
      single.add(deviation) { parameter.name }
    }
    let scope = count < parameters.count ? ", \(count) of \(parameters.count)" : ""
    return [
      Deviation(
        check: "gradient vs differences, all parameters", precision: "float64",
        largest: whole.value, limit: 1e-6, place: whole.place),
      Deviation(
        check: "gradient vs differences, each tensor\(scope)", precision: "float64",
        largest: single.value, limit: 1e-6, place: single.place),
    ]
  }

  /// (difference quotient − gradient · direction) / |gradient| over a range of the parameters.
  private func directional(
    _ range: Range<Int>, _ gradient: borrowing GradientBuffer<Double>,
    _ workspace: Workspace<Double>, _ batch: PackedSequences, _ key: RandomKey
  ) -> Double {
    var random = key.generator()
    let direction = range.map { _ in random.normal() }
    let original = double.withParameters { buffer in
      buffer.withSpan { span in range.map { span[$0] } }
    }
    var slope = 0.0
    var squares = 0.0
    gradient.values.withSpan { span in
      for (place, index) in range.enumerated() {
        slope += span[index] * direction[place]
        squares += span[index] * span[index]
      }
    }
    // The step is relative to the size of the parameters. The error of order four is then far below
    // that of rounding.
    let size = original.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let step = 1e-4 * max(size, 1e-3) / length
    func value(_ steps: Double) -> Double {
      double.withParameters { buffer in
        buffer.withMutableSpan { span in
          for (place, index) in range.enumerated() {
            span[index] = original[place] + steps * step * direction[place]
          }
        }
      }
      return objective(workspace, batch)
    }
    let quotient =
      (8 * (value(1) - value(-1)) - (value(2) - value(-2))) / (12 * step)
    _ = value(0)  // puts the parameters back
    // A tensor without influence has gradient 0, so the scale is the size of the objective.
    return (quotient - slope) / max(squares.squareRoot(), 1e-9 * abs(value(0)))
  }

  /// Products of two gradients by Gram matrices, by forming weight gradients one at a time, and
  /// from two full gradients; relative to the product of norms, parameter by parameter.
  private func gramProducts<Scalar: ModelScalar>(
    _ model: Transformer<Scalar>, _ limit: Double
  ) -> [Deviation] {
    let workspace = Workspace(model)
    var methods = LargestDeviation()
    var whole = LargestDeviation()
    for (index, example) in examples.enumerated() {
      let count = example.marginal.scoredCount
      let coefficients = [Scalar](repeating: 1 / Scalar(count), count: 2 * count)
      _ = workspace.score(example.pair)
      let gram = workspace.gradientProducts(coefficients: coefficients, method: .gram)
      let formed = workspace.gradientProducts(coefficients: coefficients, method: .materialized)
      // A tensor whose gradient vanishes by symmetry still has a rounding error of the size of the
      // full gradient's.
      let total =
        (formed.squaredNormsOfFirst.reduce(0, +) * formed.squaredNormsOfSecond.reduce(0, +))
        .squareRoot()
      for (parameter, entry) in model.layout.parameters.enumerated() {
        let first = formed.squaredNormsOfFirst[parameter]
        let second = formed.squaredNormsOfSecond[parameter]
        let scale = (first * second).squareRoot() + 1e-6 * total
        methods.add((gram.innerProducts[parameter] - formed.innerProducts[parameter]) / scale) {
          "\(entry.name), example \(index)"
        }
        methods.add((gram.squaredNormsOfFirst[parameter] - first) / (first + 1e-6 * total)) {
          "\(entry.name), example \(index)"
        }
      }
      let a = gradient(workspace, [example.marginal], 1 / Scalar(count))
      let b = gradient(workspace, [example.conditional], 1 / Scalar(count))
      whole.add((a.values.innerProduct(b.values) - gram.innerProducts.reduce(0, +)) / total) {
        "example \(index)"
      }
    }
    return [
      Deviation(
        check: "Gram vs materialised, each tensor", precision: name(Scalar.self),
        largest: methods.value, limit: limit, place: methods.place),
      Deviation(
        check: "Gram vs whole gradients", precision: name(Scalar.self), largest: whole.value,
        limit: limit, place: whole.place),
    ]
  }

  /// The gradient of a packed batch against the sum of its sequences' gradients.
  private func batchGradient<Scalar: ModelScalar>(
    _ model: Transformer<Scalar>, _ limit: Double
  ) -> [Deviation] {
    let workspace = Workspace(model)
    let sequences = examples.flatMap { [$0.marginal, $0.conditional] }
    let whole = gradient(workspace, sequences, 1)
    var sum = GradientBuffer<Scalar>(model.layout)
    for sequence in sequences {
      sum.values.add(gradient(workspace, [sequence], 1).values)
    }
    let norm = sum.values.norm()
    sum.values.add(whole.values, scaledBy: -1)
    return [
      Deviation(
        check: "batch gradient vs sum over samples", precision: name(Scalar.self),
        largest: sum.values.norm() / norm, limit: limit, place: "\(sequences.count) sequences")
    ]
  }

  /// The gradient of coefficient · Σ log π over sequences in one batch.
  private func gradient<Scalar: ModelScalar>(
    _ workspace: Workspace<Scalar>, _ sequences: [ScoredSequence], _ coefficient: Scalar
  ) -> GradientBuffer<Scalar> {
    var batch = PackedSequences()
    for sequence in sequences { batch.append(sequence) }
    _ = workspace.score(batch)
    var gradient = GradientBuffer<Scalar>(workspace.model.layout)
    workspace.accumulateGradient(
      coefficients: Array(repeating: coefficient, count: batch.scoredCount), into: &gradient)
    return gradient
  }

  // MARK: - Precision and decoding

  /// float32 against float64: log-probabilities in nats, and the cosine of both objectives.
  private func precision() -> [Deviation] {
    let (low, high) = (Workspace(single), Workspace(double))
    var logs = LargestDeviation()
    var cosines = LargestDeviation()
    for (index, example) in examples.enumerated() {
      let (a, b) = (low.score(example.pair), high.score(example.pair))
      for (token, pair) in zip(a.logProbabilities, b.logProbabilities).enumerated() {
        logs.add(pair.0 - pair.1) { "example \(index), token \(token)" }
      }
      let count = example.marginal.scoredCount
      let cosine = [
        cosine(
          low.gradientProducts(coefficients: Array(repeating: 1 / Float(count), count: 2 * count))),
        cosine(
          high.gradientProducts(coefficients: Array(repeating: 1 / Double(count), count: 2 * count))
        ),
      ]
      cosines.add(cosine[0] - cosine[1]) { "example \(index)" }
    }
    return [
      Deviation(
        check: "float32 vs float64, log-probabilities", precision: "both", largest: logs.value,
        limit: 1e-3, place: logs.place),
      Deviation(
        check: "float32 vs float64, cosine", precision: "both", largest: cosines.value,
        limit: 1e-4, place: cosines.place),
    ]
  }

  private func cosine(_ products: GradientProducts) -> Double {
    let squares =
      products.squaredNormsOfFirst.reduce(0, +) * products.squaredNormsOfSecond.reduce(0, +)
    return products.innerProducts.reduce(0, +) / squares.squareRoot()
  }

  /// Tokens drawn with the cache against the full forward's distribution: a token drawn at quantile
  /// u has u between the probabilities of all tokens before it and of those and itself. The
  /// deviation is the distance to that interval. Only for vocabularies small enough to score every
  /// token.
  private func cachedDecoding() throws -> [Deviation] {
    let vocabulary = single.configuration.vocabularySize
    guard vocabulary <= 512 else { return [] }
    let draws = 256
    let workspace = Workspace(single)
    var largest = LargestDeviation()
    var requests: [SamplingRequest] = []
    var bounds: [[Double]] = []
    for (index, example) in examples.enumerated() {
      // Prefixes of a response; longer ones read more of the cache.
      for length in [0, example.response.count / 2, example.response.count - 2] {
        let prefix = example.prompt + example.response.prefix(max(0, length))
        var batch = PackedSequences()
        for token in 0..<vocabulary {
          batch.append(ScoredSequence(context: prefix, response: [Int32(token)]))
        }
        var sum = 0.0
        bounds.append(
          [0]
            + workspace.score(batch).logProbabilities.map { logProbability in
              sum += exp(logProbability)
              return sum
            })
        for draw in 0..<draws {
          requests.append(
            SamplingRequest(
              prompt: prefix,
              key: key.derive("decoding").derive(UInt64(index), UInt64(length), UInt64(draw))))
        }
      }
    }
    try single.sample(
      requests, options: SamplingOptions(maximumNewTokens: 1, endTokens: []),
      threads: 1,
      shouldStop: { Interruption.isRequested },
      consume: { index, response in
        // The first token of a response is drawn with the first number of `key.derive(0)`.
        var random = requests[index].key.derive(0).generator()
        let uniform = random.uniform()
        let token = Int(response.tokens[0])
        let bound = bounds[index / draws]
        largest.add(max(0, bound[token] - uniform, uniform - bound[token + 1])) {
          "\(requests.count) draws, after \(requests[index].prompt.count) tokens"
        }
      })
    try Interruption.check()
    return [
      Deviation(
        check: "cached decoding vs full forward, quantile", precision: "float32",
        largest: largest.value, limit: 1e-4, place: largest.place)
    ]
  }
}
