// Random models small enough for central differences, and batches for them.
import KeyedRandom
import ModelCore
import TestSupport
import Testing

/// Memory for kernels that work on matrices.
final class Values<Scalar: ModelScalar> {
  let base: UnsafeMutablePointer<Scalar>
  let count: Int

  init(_ values: [Double]) {
    count = values.count
    base = .allocate(capacity: max(count, 1))
    for (index, value) in values.enumerated() { base[index] = Scalar(value) }
  }

  /// Values that a kernel must overwrite.
  static func garbage(_ count: Int) -> Values { Values(Array(repeating: -777, count: count)) }

  deinit { base.deallocate() }

  var array: [Scalar] { (0..<count).map { base[$0] } }
  var doubles: [Double] { (0..<count).map { Double(base[$0]) } }

  func matrix(_ rows: Int, _ columns: Int) -> Matrix<Scalar> {
    precondition(rows * columns <= count)
    return Matrix(base, rows: rows, columns: columns)
  }
}

/// A family with a tied or untied head.
struct Shape: Sendable, CustomTestStringConvertible {
  let family: ModelConfiguration.Family
  let tied: Bool
  var testDescription: String { "\(family.rawValue)-\(tied ? "tied" : "untied")" }

  static let all = ModelConfiguration.Family.allCases.flatMap {
    [Shape(family: $0, tied: true), Shape(family: $0, tied: false)]
  }

  /// Query heads share key/value heads, and the heads' width is not the hidden size, where the family
  /// can do so.
  func configuration(
    vocabulary: Int = 11, hidden: Int = 8, feedForward: Int = 6, layers: Int = 2
  ) -> ModelConfiguration {
    // One key head for each query head, and heads that make up the hidden size.
    let isPlain = family == .gpt2 || family == .gptNeoX
    var configuration = ModelConfiguration(
      family: family, vocabularySize: vocabulary, hiddenSize: hidden,
      feedForwardSize: feedForward, layerCount: layers, headCount: 4,
      keyValueHeadCount: isPlain ? 4 : 2, headDimension: isPlain ? hidden / 4 : 6,
      normEpsilon: 1e-5, ropeTheta: isPlain ? 10_000 : 500,
      ropeScaling: family == .llama
        ? .llama3(
          .init(
            factor: 4, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalMaximumPositions: 64))
        : nil,
      tiedEmbeddings: tied, maximumPositions: 512, bosToken: 1, eosTokens: [2], padToken: 0)
    switch family {
    case .gptNeoX:
      configuration.isParallel = true
      configuration.hasAttentionBias = true
      // A head of two dimensions cannot be rotated in part.
      configuration.rotatedDimension = hidden >= 16 ? 2 : nil
    case .qwen3MoE:
      configuration.experts = .init(
        count: 4, chosenCount: 2, width: 5, normalizesWeights: tied,
        layers: (0..<layers).map { $0 > 0 })
    case .mistral, .phi3:
      configuration.slidingWindow = .init(width: 3, layers: .init(repeating: true, count: layers))
      if family == .phi3 { configuration.rotatedDimension = 4 }
    case .olmo3, .gemma3:
      configuration.slidingWindow = .init(
        width: 3, layers: (0..<layers).map { $0.isMultiple(of: 2) }, ropeTheta: 20)
      if family == .gemma3 { configuration.queryScaling = 9 }
    case .gemma2:
      configuration.slidingWindow = .init(
        width: 3, layers: (0..<layers).map { $0.isMultiple(of: 2) })
      configuration.queryScaling = 9
      configuration.attentionCap = 0.5
      configuration.logitCap = 1.5
    default: break
    }
    return configuration
  }
}

extension Transformer {
  /// Large random weights, norm weights away from 1 and biases away from 0; Float and Double get
  /// the same numbers.
  static func random(_ configuration: ModelConfiguration, label: UInt64 = 1) -> Transformer {
    let model = Transformer(configuration)
    model.withParameters { buffer in
      buffer.withMutableSpan { span in
        for (index, parameter) in model.layout.parameters.enumerated() {
          var generator = RandomKey(seed: label).derive(UInt64(index)).generator()
          let isBias = parameter.name.hasSuffix("bias")
          let scale = parameter.isMatrix ? 1.3 / Double(parameter.shape[1]).squareRoot() : 0.3
          // Gemma stores w − 1.
          let isZero =
            parameter.isMatrix || isBias || configuration.family.rawValue.hasPrefix("gemma")
          let center: Double = isZero ? 0 : 1
          for place in parameter.range {
            span[place] = Scalar(Float(center + scale * generator.normal()))
          }
        }
      }
    }
    return model
  }

  var values: [Scalar] {
    withParameters { buffer in buffer.withSpan { span in span.indices.map { span[$0] } } }
  }
}

extension GradientBuffer {
  var array: [Scalar] { values.withSpan { span in span.indices.map { span[$0] } } }
}

extension ScoredSequence {
  /// Random tokens of a vocabulary.
  static func random(
    context: Int, response: Int, vocabulary: Int, label: UInt64, firstScored: Int = 0
  ) -> ScoredSequence {
    var generator = RandomKey(seed: 77).derive(label).generator()
    func tokens(_ count: Int) -> [Int32] {
      (0..<count).map { _ in Int32(generator.uniform(below: vocabulary)) }
    }
    return ScoredSequence(
      context: tokens(context), response: tokens(response), firstScored: firstScored)
  }
}

extension PackedSequences {
  init(_ sequences: [ScoredSequence]) {
    self.init()
    for sequence in sequences { append(sequence) }
  }
}

extension Workspace {
  /// The gradient of Σ c_i log π(y_i) of a batch, in a buffer of its own.
  func gradient(_ batch: PackedSequences, _ coefficients: [Double]) -> [Scalar] {
    _ = score(batch)
    var gradient = GradientBuffer<Scalar>(model.layout)
    accumulateGradient(coefficients: coefficients.map { Scalar($0) }, into: &gradient)
    return gradient.array
  }
}

/// Σ a·b
func dotProduct<Scalar: BinaryFloatingPoint>(_ a: [Scalar], _ b: [Scalar]) -> Double {
  zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}
