import Foundation
import KeyedRandom
import ModelCore
import Safetensors
import TestSupport
import Testing

/// The head of one number on a trunk: values, gradients in both, files.
@Suite struct ScalarHeadTests {
  private static let sequences = [
    ScoredSequence(context: [1], response: [3, 3, 7, 2]),
    ScoredSequence(context: [1, 8, 6, 8, 3], response: [2]),
    ScoredSequence(context: [9, 4], response: [6, 1, 6, 1, 6, 2], firstScored: 3),
  ]
  private static let batch = PackedSequences(sequences)

  private static func head<Scalar: ModelScalar>(
    _ type: Scalar.Type, _ size: Int
  ) -> ScalarHead<Scalar> {
    let head = ScalarHead<Scalar>(hiddenSize: size)
    head.set(randomValues(size + 1, 11))
    return head
  }

  /// Σ c_m v_m + Σ t_i log π(y_i) as a function of all parameters: the trunk's, then the head's.
  private struct Objective {
    let model: Transformer<Double>
    let head: ScalarHead<Double>
    let workspace: Workspace<Double>
    let coefficients = randomValues(ScalarHeadTests.batch.scoredCount, 5)
    let tokenCoefficients: [Double]?
    let start: [Double]

    init(_ configuration: ModelConfiguration, withTokens: Bool) {
      model = .random(configuration)
      head = ScalarHeadTests.head(Double.self, configuration.hiddenSize)
      // One of two layers is computed again.
      workspace = Workspace(model, activationBudget: 10_000, vocabularyTile: 4)
      tokenCoefficients =
        withTokens ? randomValues(ScalarHeadTests.batch.scoredCount, 6) : nil
      start = model.values + head.values
    }

    func value(_ direction: [Double], _ step: Double) -> Double {
      let moved = zip(start, direction).map { $0 + step * $1 }
      model.withParameters { buffer in
        buffer.withMutableSpan { span in for place in span.indices { span[place] = moved[place] } }
      }
      head.set(Array(moved[model.layout.count...]))
      var sum = dotProduct(
        workspace.values(ScalarHeadTests.batch, head: head), coefficients)
      if let tokenCoefficients {
        sum += dotProduct(
          workspace.score(ScalarHeadTests.batch).logProbabilities, tokenCoefficients)
      }
      return sum
    }

    /// The derivative along a unit vector, by differences of fourth order: good to about 1e-8.
    func slope(_ direction: [Double]) -> Double {
      let step = 5e-4
      let near = value(direction, step) - value(direction, -step)
      let far = value(direction, 2 * step) - value(direction, -2 * step)
      return (8 * near - far) / (12 * step)
    }

    func gradient() -> [Double] {
      _ = value([Double](repeating: 0, count: start.count), 0)
      if tokenCoefficients == nil {
        _ = workspace.values(ScalarHeadTests.batch, head: head)
      } else {
        _ = workspace.score(ScalarHeadTests.batch)
      }
      var trunk = GradientBuffer<Double>(model.layout)
      var own = Buffer<Double>(count: head.count)
      workspace.accumulateGradient(
        values: coefficients, tokenCoefficients: tokenCoefficients, head: head,
        headGradient: &own, into: &trunk)
      return trunk.array + own.withSpan { span in span.indices.map { span[$0] } }
    }
  }

  private static func unit(_ count: Int, _ label: UInt64, within range: Range<Int>) -> [Double] {
    var direction = [Double](repeating: 0, count: count)
    let values = randomValues(range.count, label)
    let norm = dotProduct(values, values).squareRoot()
    for (place, value) in zip(range, values) { direction[place] = value / norm }
    return direction
  }

  /// Every parameter of the trunk and of the head, of the value alone and together with log π.
  @Test(arguments: Shape.all, [false, true])
  func gradientIsTheSlopeInEveryParameter(shape: Shape, withTokens: Bool) {
    let objective = Objective(shape.configuration(), withTokens: withTokens)
    let gradient = objective.gradient()
    let trunk = objective.model.layout.count
    var ranges = objective.model.layout.parameters.map { ($0.name, $0.range) }
    ranges += [("w", trunk..<gradient.count - 1), ("b", gradient.count - 1..<gradient.count)]
    for (index, (name, range)) in ranges.enumerated() {
      let direction = Self.unit(gradient.count, UInt64(index), within: range)
      expectClose(
        dotProduct(gradient, direction), objective.slope(direction), absolute: 1e-7, name)
      let part = Array(gradient[range])
      if ["lm_head.weight", "embed_out.weight"].contains(name), !withTokens {
        #expect(part.allSatisfy { $0 == 0 }, "no value depends on the vocabulary's matrix")
      } else {
        #expect(dotProduct(part, part) > 1e-10, "\(name) has a gradient")
      }
    }
  }

  /// The value after a prefix is a function of the prefix, whatever follows and lies beside it.
  @Test func valuesDependOnWhatComesBefore() {
    let shape = Shape(family: .qwen3, tied: true).configuration()
    let workspace = Workspace(Transformer<Double>.random(shape))
    let head = Self.head(Double.self, shape.hiddenSize)
    let all = workspace.values(Self.batch, head: head)
    #expect(all.count == Self.batch.scoredCount)
    let last = ScoredSequence(context: [9, 4, 6, 1, 6], response: [0])
    let alone = workspace.values(PackedSequences([last]), head: head)
    expectClose(alone[0], all[5], absolute: 1e-12, "the row before the fourth token of the third")
    // The same rows serve both heads.
    _ = workspace.score(Self.batch)
    #expect(workspace.values(head: head) == all)
    #expect(Set(all).count == all.count, "rows have different values")
  }

  @Test func valuesAreLinearInTheHead() {
    let shape = Shape(family: .llama, tied: true).configuration()
    let workspace = Workspace(Transformer<Double>.random(shape))
    let head = ScalarHead<Double>(hiddenSize: shape.hiddenSize)
    #expect(workspace.values(Self.batch, head: head).allSatisfy { $0 == 0 })
    head.set([Double](repeating: 0, count: shape.hiddenSize) + [2.5])
    #expect(workspace.values(Self.batch, head: head).allSatisfy { $0 == 2.5 })
    let basis = (0..<shape.hiddenSize).map { place in
      head.set((0...shape.hiddenSize).map { $0 == place ? 1 : 0 })
      return workspace.values(Self.batch, head: head)
    }
    let weights = randomValues(shape.hiddenSize, 3)
    head.set(weights + [0])
    let expected = Self.batch.targets.indices.map { row in
      dotProduct(weights, basis.map { $0[row] })
    }
    expectClose(workspace.values(Self.batch, head: head), expected, absolute: 1e-12)
  }

  @Test func floatFollowsDouble() {
    let shape = Shape(family: .qwen2, tied: false).configuration()
    let single = Workspace(Transformer<Float>.random(shape))
    let double = Workspace(Transformer<Double>.random(shape))
    expectClose(
      single.values(Self.batch, head: Self.head(Float.self, shape.hiddenSize)),
      double.values(Self.batch, head: Self.head(Double.self, shape.hiddenSize)), absolute: 1e-4)
  }

  @Test func initialWeightsAreNormalAndTheBiasIsZero() {
    let head = ScalarHead<Float>(hiddenSize: 4000)
    head.initialize(RandomKey(seed: 1))
    let values = head.values.map { Double($0) }
    #expect(values.last == 0)
    expectClose(dotProduct(values, values), 1, absolute: 5 * (2.0 / 4000).squareRoot(), "Σ w²")
    let again = ScalarHead<Float>(hiddenSize: 4000)
    again.initialize(RandomKey(seed: 1))
    #expect(again.values == head.values)
    again.initialize(RandomKey(seed: 2))
    #expect(again.values != head.values)
    again.initialize(RandomKey(seed: 1), deviation: 2 / 4001.0.squareRoot())
    expectClose(
      again.values.map { Double($0) }, values.map { 2 * $0 }, absolute: 1e-6, "twice the deviation")
  }

  // MARK: - Files

  private static func inFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "scalar-head-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.path)
  }

  @Test func aModelsFolderHoldsTheHeadBesideIt() throws {
    let shape = Shape(family: .qwen3, tied: true).configuration()
    let model = Transformer<Float>.random(shape)
    try Self.inFolder { folder in
      let head = Self.head(Float.self, shape.hiddenSize)
      try model.save(directory: folder, valueHead: head)
      let read = try ScalarHead<Float>(directory: folder, hiddenSize: shape.hiddenSize)
      #expect(read.values == head.values)
      #expect(try Transformer<Float>(directory: folder).values == model.values)
      let file = try SafetensorsFile(path: folder + "/model.safetensors")
      #expect(file.tensor(named: "v_head.summary.weight")?.shape == [1, shape.hiddenSize])
      #expect(file.tensor(named: "v_head.summary.bias")?.shape == [1])
    }
  }

  @Test func aHeadThatIsNotFiniteIsRefused() throws {
    let shape = Shape(family: .qwen3, tied: true).configuration()
    try Self.inFolder { folder in
      let head = ScalarHead<Float>(hiddenSize: shape.hiddenSize)
      head.set((0...shape.hiddenSize).map { $0 == 2 ? .nan : 1 })
      try Transformer<Float>.random(shape).save(directory: folder, valueHead: head)
      #expect(throws: NonFiniteError.self) {
        _ = try ScalarHead<Float>(directory: folder, hiddenSize: shape.hiddenSize)
      }
    }
  }

  /// transformers' reward models have no bias, TRL's value heads other names.
  @Test func otherNamesAreRead() throws {
    func write(_ folder: String, _ tensors: [(String, [Int])]) throws {
      try SafetensorsWriter.write(
        to: folder + "/model.safetensors", metadata: [],
        tensors: tensors.map { name, shape in
          OutputTensor(name: name, shape: shape) {
            (range: Range<Int>, out: UnsafeMutableBufferPointer<Float>) in
            for (place, element) in range.enumerated() { out[place] = Float(element + 1) }
          }
        })
    }
    try Self.inFolder { folder in
      try write(folder, [("score.weight", [1, 3])])
      #expect(try ScalarHead<Double>(directory: folder, hiddenSize: 3).values == [1, 2, 3, 0])
      try write(folder, [("v_head.summary.weight", [1, 3]), ("v_head.summary.bias", [1])])
      #expect(try ScalarHead<Double>(directory: folder, hiddenSize: 3).values == [1, 2, 3, 1])
      let wrong = #expect(throws: CheckpointError.self) {
        _ = try ScalarHead<Double>(directory: folder, hiddenSize: 4)
      }
      #expect(wrong?.message.contains("[1, 3] and type F32 (expected 4 floating-point") == true)
      try write(folder, [("lm_head.weight", [1, 3])])
      let missing = #expect(throws: CheckpointError.self) {
        _ = try ScalarHead<Double>(directory: folder, hiddenSize: 3)
      }
      #expect(missing?.message.contains("no scalar head") == true)
    }
  }
}

extension ScalarHead {
  fileprivate var values: [Scalar] {
    withParameters { buffer in buffer.withSpan { span in span.indices.map { span[$0] } } }
  }

  fileprivate func set(_ values: [Double]) {
    withParameters { buffer in
      buffer.withMutableSpan { span in
        for place in span.indices { span[place] = Scalar(values[place]) }
      }
    }
  }
}
