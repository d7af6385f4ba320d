import Foundation
import KeyedRandom
import ModelCore
import Safetensors
import StrictJSON
import TestSupport
import Testing

/// The head of a reward model: values against PyTorch, gradients, folders.
@Suite struct RewardHeadTests {
  private static let names = ["gpt2-reward", "qwen2-reward", "llama-reward-bare"]

  /// The sequences of a fixture with their rewards.
  private static func golden(_ name: String) throws -> (
    folder: String, sequences: [[Int32]], rewards: [Double]
  ) {
    let folder = try #require(Bundle.module.path(forResource: "Fixtures", ofType: nil)) + "/" + name
    let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: folder + "/golden.json")))
    let rows = try #require(JSON.parse(bytes).objectValue?["sequences"]?.arrayValue)
      .compactMap(\.objectValue)
    return (
      folder,
      rows.map { $0["tokens"]?.arrayValue?.compactMap { $0.intValue.map { Int32($0) } } ?? [] },
      rows.compactMap { $0["reward"]?.doubleValue }
    )
  }

  private static func shapes() -> [ModelConfiguration] {
    Shape.all.map { shape in
      var configuration = shape.configuration()
      configuration.head = .reward
      return configuration
    }
  }

  // MARK: - Values

  @Test(arguments: names)
  func rewardsAreThoseOfTransformers(name: String) throws {
    let (folder, sequences, rewards) = try Self.golden(name)
    let single = try Transformer<Float>(directory: folder)
    #expect(single.configuration.head == .reward)
    #expect(single.layout.parameters.last?.name == "score.weight")
    expectClose(
      try SequenceScorer(single).rewards(after: sequences, threads: 2), rewards, absolute: 1e-5)
    let double = try Transformer<Double>(directory: folder)
    expectClose(
      try SequenceScorer(double).rewards(after: sequences, threads: 1), rewards, absolute: 1e-12)
  }

  /// Alone, together in another order, and among many others.
  @Test func rewardsDoNotDependOnPackingOrThreads() throws {
    let (folder, sequences, _) = try Self.golden("gpt2-reward")
    let scorer = SequenceScorer(try Transformer<Double>(directory: folder))
    let together = try scorer.rewards(after: sequences, threads: 1)
    let alone = try sequences.flatMap { try scorer.rewards(after: [$0], threads: 1) }
    expectClose(together, alone, absolute: 1e-12)
    let reversed = try scorer.rewards(after: sequences.reversed(), threads: 1)
    expectClose(reversed.reversed(), alone, absolute: 1e-12)
    let many = Array(repeating: sequences, count: 20).flatMap(\.self)
    #expect(SequenceScorer<Double>.packs(many.map { ScoredSequence(stateAfter: $0) }).count > 3)
    let first = try scorer.rewards(after: many, threads: 1)
    #expect(try scorer.rewards(after: many, threads: 3) == first, "the same bits")
    expectClose(first, Array(repeating: alone, count: 20).flatMap(\.self), absolute: 1e-12)
  }

  /// The state after the last token: every token takes part, and no other one.
  @Test func theStateAfterTheLastTokenIsRead() {
    let sequence = ScoredSequence(stateAfter: [4, 2, 2])
    #expect(sequence.rowCount == 3 && sequence.scoredCount == 1)
    var batch = PackedSequences()
    batch.append(ScoredSequence(stateAfter: [7]))
    batch.append(sequence)
    #expect(batch.tokens == [7, 4, 2, 2])
    #expect(batch.scoredRows == [0, 3])
  }

  @Test func aStoppedScorerSaysSo() throws {
    let scorer = SequenceScorer(Transformer<Float>.random(Self.shapes()[0]))
    #expect(throws: CancellationError.self) {
      _ = try scorer.rewards(after: [[1], [2]], threads: 1, shouldStop: { true })
    }
  }

  // MARK: - Gradients

  /// Σ c_m r_m in every parameter, of the head and of the trunk.
  @Test(arguments: shapes())
  func gradientIsTheSlopeInEveryParameter(configuration: ModelConfiguration) {
    let model = Transformer<Double>.random(configuration)
    // One of two layers is computed again.
    let workspace = Workspace(model, activationBudget: 10_000, vocabularyTile: 4)
    let batch = PackedSequences(
      [[1, 3, 3, 7, 2], [8], [9, 4, 6, 2, 6, 1]].map { ScoredSequence(stateAfter: $0) })
    let coefficients = randomValues(3, 5)
    let start = model.values
    func value(_ direction: [Double], _ step: Double) -> Double {
      model.withParameters { buffer in
        buffer.withMutableSpan { span in
          for place in span.indices { span[place] = start[place] + step * direction[place] }
        }
      }
      return dotProduct(workspace.rewards(batch), coefficients)
    }
    _ = value([Double](repeating: 0, count: start.count), 0)
    var buffer = GradientBuffer<Double>(model.layout)
    workspace.accumulateGradient(rewards: coefficients, into: &buffer)
    let gradient = buffer.array
    for (index, parameter) in model.layout.parameters.enumerated() {
      var direction = [Double](repeating: 0, count: start.count)
      let part = randomValues(parameter.count, UInt64(index))
      let norm = dotProduct(part, part).squareRoot()
      for (place, value) in zip(parameter.range, part) { direction[place] = value / norm }
      // Differences of fourth order.
      let step = 5e-4
      let near = value(direction, step) - value(direction, -step)
      let far = value(direction, 2 * step) - value(direction, -2 * step)
      expectClose(
        dotProduct(gradient, direction), (8 * near - far) / (12 * step), absolute: 1e-7,
        parameter.name)
      let own = Array(gradient[parameter.range])
      // No token may use an expert.
      let maybeUnused = parameter.name.contains(".experts.")
      #expect(maybeUnused || dotProduct(own, own) > 1e-10, "\(parameter.name) has a gradient")
    }
    #expect(!model.layout.parameters.contains { $0.name == "lm_head.weight" })
  }

  // MARK: - Folders

  private static func withFolder(_ body: (String) throws -> Void) throws {
    try withTemporaryDirectory(body)
  }

  @Test(arguments: shapes())
  func foldersHoldTheModel(configuration: ModelConfiguration) throws {
    try Self.withFolder { folder in
      let model = Transformer<Float>.random(configuration)
      try model.save(directory: folder)
      let read = try Transformer<Float>(directory: folder)
      #expect(read.configuration == configuration)
      #expect(read.values == model.values)
      let config = try #require(try Self.config(folder).objectValue)
      let architecture = try #require(config["architectures"]?.arrayValue?.first?.stringValue)
      #expect(architecture.hasSuffix("ForSequenceClassification"))
      #expect(!architecture.contains("LM"))
      #expect(config["id2label"] == ["0": "LABEL_0"] && config["label2id"] == ["LABEL_0": 0])
    }
  }

  /// The layers are a language model's, with and without a matrix of logits of its own.
  @Test(arguments: Shape.all)
  func aNewHeadStandsOnALanguageModel(shape: Shape) throws {
    try Self.withFolder { folder in
      let policy = Transformer<Float>.random(shape.configuration())
      try policy.save(directory: folder)
      let key = RandomKey(seed: 4)
      let model = try Transformer<Float>(rewardModelOn: folder, drawingHead: key)
      #expect(model.configuration.head == .reward)
      let width = policy.configuration.hiddenSize
      let shared = model.layout.count - width
      #expect(Array(model.values[..<shared]) == Array(policy.values[..<shared]))
      #expect(model.values[shared...].allSatisfy { $0 != 0 })
      let again = try Transformer<Float>(rewardModelOn: folder, drawingHead: key)
      #expect(again.values == model.values)
      let other = try Transformer<Float>(rewardModelOn: folder, drawingHead: RandomKey(seed: 5))
      #expect(other.values != model.values)
      // As a reward model the folder lacks its head.
      let error = #expect(throws: CheckpointError.self) {
        _ = try Transformer<Float>(directory: folder, head: .reward)
      }
      #expect(error?.message.hasPrefix("tensor \"score.weight\" is missing") == true)
    }
  }

  private static func config(_ folder: String) throws -> JSON {
    try JSON.parse(
      [UInt8](Data(contentsOf: URL(fileURLWithPath: folder + "/config.json"))))
  }

  /// A fixture's folder with other members of config.json.
  private static func changed(
    _ name: String, _ folder: String, _ change: (inout JSONObject) -> Void
  ) throws {
    let source = try golden(name).folder
    var object = try #require(try config(source).objectValue)
    change(&object)
    try Data(JSON.object(object).text().utf8).write(
      to: URL(fileURLWithPath: folder + "/config.json"))
    let target = folder + "/model.safetensors"
    if !FileManager.default.fileExists(atPath: target) {
      try FileManager.default.copyItem(atPath: source + "/model.safetensors", toPath: target)
    }
  }

  @Test(arguments: [
    (
      "id2label", #"{"0": "a", "1": "b"}"#,
      "id2label: 2 labels are not supported (expected 1: a reward)"
    ),
    ("id2label", "{}", "id2label: 0 labels are not supported (expected 1: a reward)"),
    (
      "id2label", "[1]",
      "id2label: an array of 1 is not supported (expected an object with one label)"
    ),
    (
      "label2id", #"{"a": 0, "b": 1}"#,
      "label2id: 2 labels are not supported (expected 1: a reward)"
    ),
    ("num_labels", "3", "num_labels: 3 is not supported (expected 1: a reward)"),
    ("num_labels", "\"1\"", "num_labels: \"1\" is not supported (expected 1: a reward)"),
  ])
  func severalLabelsAreRefused(key: String, value: String, message: String) throws {
    let value = try JSON.parse(value)
    try Self.withFolder { folder in
      try Self.changed("qwen2-reward", folder) { $0[key] = value }
      let error = #expect(throws: CheckpointError.self) {
        _ = try Transformer<Float>(directory: folder)
      }
      #expect(error?.description == "\(folder)/config.json: \(message)")
    }
  }

  /// Every way to say one label, and none: the tensor's shape then decides.
  @Test func oneLabelIsRead() throws {
    let (_, sequences, rewards) = try Self.golden("qwen2-reward")
    let changes: [(inout JSONObject) -> Void] = [
      { $0["num_labels"] = 1 }, { $0["label2id"] = nil },
      {
        $0["id2label"] = nil
        $0["label2id"] = nil
      },
      {
        $0["id2label"] = .null
        $0["num_labels"] = 1
      },
      { $0["pad_token_id"] = 2 }, { $0["pad_token_id"] = nil },
      { $0["architectures"] = nil }, { $0["architectures"] = ["Qwen2ForCausalLM"] },
      { $0["tie_word_embeddings"] = true },
    ]
    for change in changes {
      try Self.withFolder { folder in
        try Self.changed("qwen2-reward", folder, change)
        let model = try Transformer<Float>(directory: folder, head: .reward)
        expectClose(
          try SequenceScorer(model).rewards(after: sequences, threads: 1), rewards, absolute: 1e-5)
      }
    }
  }

  @Test func aHeadOfAnotherShapeIsRefused() throws {
    try Self.withFolder { folder in
      let source = try SafetensorsFile(
        path: Self.golden("qwen2-reward").folder + "/model.safetensors")
      func write(_ more: [(String, [Int])]) throws {
        let kept = try source.tensors.filter { $0.name != "score.weight" }.map { tensor in
          (tensor.name, tensor.shape, try source.floats(tensor.name))
        }
        let added = more.map { ($0.0, $0.1, [Float](repeating: 1, count: $0.1.reduce(1, *))) }
        try? FileManager.default.removeItem(atPath: folder + "/model.safetensors")
        try SafetensorsWriter.write(
          to: folder + "/model.safetensors", metadata: [],
          tensors: (kept + added).map { name, shape, values in
            OutputTensor(name: name, shape: shape) {
              (range: Range<Int>, out: UnsafeMutableBufferPointer<Float>) in
              for (place, element) in range.enumerated() { out[place] = values[element] }
            }
          })
        try Self.changed("qwen2-reward", folder) { _ in }
      }
      for (tensors, message) in [
        ([("score.weight", [2, 16])], "has shape [2, 16] (expected [1, 16] from config.json)"),
        ([("score.weight", [16])], "has shape [16] (expected [1, 16] from config.json)"),
        ([], "is missing (expected shape [1, 16], the head of a reward model)"),
        (
          [("score.weight", [1, 16]), ("score.bias", [1])],
          "tensor \"score.bias\" belongs to no qwen2 model"
        ),
      ] {
        try write(tensors)
        let error = #expect(throws: CheckpointError.self) {
          _ = try Transformer<Float>(directory: folder)
        }
        #expect(error?.message.hasSuffix(message) == true, "\(error?.message ?? "")")
      }
    }
  }
}
