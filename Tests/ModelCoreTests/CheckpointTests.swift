import Foundation
import ModelCore
import Safetensors
import StrictJSON
import TestSupport
import Testing

@Suite struct CheckpointTests {
  @Test(arguments: Shape.all) func savedModelsLoadWithTheSameBits(shape: Shape) throws {
    let model = Transformer<Float>.random(shape.configuration())
    try withTemporaryDirectory { directory in
      try model.save(directory: directory)
      let loaded = try Transformer<Float>(directory: directory)
      #expect(loaded.configuration == model.configuration)
      #expect(loaded.values == model.values)
      let wide = try Transformer<Double>(directory: directory)
      #expect(wide.values == model.values.map { Double($0) })

      // A second save replaces the first, and leaves nothing beside the two files.
      let other = Transformer<Float>.random(shape.configuration(), label: 2)
      try other.save(directory: directory)
      #expect(try Transformer<Float>(directory: directory).values == other.values)
      let files = try FileManager.default.contentsOfDirectory(atPath: directory)
      #expect(files.sorted() == ["config.json", "model.safetensors"])
    }
  }

  @Test func configurationsKeepTheirOptionalTokens() throws {
    var configuration = Shape(family: .llama, tied: true).configuration()
    for (bos, eos, pad) in [(nil, [], nil), (3, [2, 5], 0)] as [(Int?, [Int], Int?)] {
      (configuration.bosToken, configuration.eosTokens, configuration.padToken) = (bos, eos, pad)
      var reader = try JSONReader(configuration.json)
      #expect(try ModelConfiguration(reading: &reader) == configuration)
    }
  }

  @Test func missingFoldersAreAnError() throws {
    try withTemporaryDirectory { directory in
      let message = "cannot be read (expected a checkpoint folder with config.json)"
      expectFailure("\(directory)/none/config.json: \(message)") {
        try Transformer<Float>(directory: directory + "/none")
      }
      try Data("{".utf8).write(to: URL(fileURLWithPath: directory + "/config.json"))
      expectFailure("\(directory)/config.json:1: ") {
        try Transformer<Float>(directory: directory)
      }
      try FileManager.default.removeItem(atPath: directory + "/config.json")
      try FileManager.default.createDirectory(
        atPath: directory + "/config.json", withIntermediateDirectories: false)
      expectFailure("\(directory)/config.json: is not a file") {
        try Transformer<Float>(directory: directory)
      }
    }
  }

  // MARK: - Tensors

  @Test func missingTensorsAreRefusedByName() throws {
    for name in ["model.norm.weight", "model.layers.1.self_attn.k_norm.weight", "lm_head.weight"] {
      try withCheckpoint(tensors(without: name)) { directory in
        expectFailure("\(directory): tensor \"\(name)\" is missing (expected shape [") {
          try Transformer<Float>(directory: directory)
        }
      }
    }
  }

  @Test func unknownTensorsAreRefusedByName() throws {
    for name in ["model.layers.2.mlp.up_proj.weight", "model.layers.0.self_attn.q_proj.bias"] {
      try withCheckpoint(tensors() + [zeros(name, [2])]) { directory in
        let file = "\(directory)/model.safetensors"
        expectFailure("\(file): tensor \"\(name)\" belongs to no qwen3 model") {
          try Transformer<Float>(directory: directory)
        }
      }
    }
  }

  /// A file's own text cannot break the line of an error.
  @Test func namesWithLineBreaksStayOnOneLine() throws {
    try withCheckpoint(tensors() + [zeros("a\nb", [2])]) { directory in
      expectFailure(#"\#(directory)/model.safetensors: tensor "a\nb" belongs to no qwen3 model"#) {
        try Transformer<Float>(directory: directory)
      }
    }
  }

  @Test func misshapedTensorsAreRefusedByName() throws {
    for (name, shape, expected) in [
      ("model.norm.weight", [9], "[8]"), ("lm_head.weight", [8, 11], "[11, 8]"),
      ("model.layers.0.mlp.up_proj.weight", [48], "[6, 8]"),
    ] {
      try withCheckpoint(tensors(without: name) + [zeros(name, shape)]) { directory in
        let problem = "has shape \(shape) (expected \(expected) from config.json)"
        expectFailure("\(directory)/model.safetensors: tensor \"\(name)\" \(problem)") {
          try Transformer<Float>(directory: directory)
        }
      }
    }
  }

  /// It would be used if it differed from the embedding, so it must be one.
  @Test func aHeadOfAnotherShapeUnderATiedConfigurationIsRefused() throws {
    let head = zeros("lm_head.weight", [10, 8])
    try withCheckpoint(tensors(tied: true) + [head], tied: true) { directory in
      let problem = "has shape [10, 8] (expected [11, 8] from config.json)"
      expectFailure("\(directory)/model.safetensors: tensor \"lm_head.weight\" \(problem)") {
        try Transformer<Float>(directory: directory)
      }
    }
  }

  /// transformers applies an adapter that lies beside the weights.
  @Test(arguments: ["adapter_config.json", "adapter_model.safetensors"])
  func anAdapterBesideTheWeightsIsRefused(name: String) throws {
    try withCheckpoint(tensors()) { directory in
      try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(directory)/\(name)"))
      expectFailure("\(directory)/\(name): an adapter beside weights is not applied") {
        try Transformer<Float>(directory: directory)
      }
    }
  }

  @Test func integerTensorsAreRefusedByName() throws {
    let name = "model.norm.weight"
    let integers = OutputTensor(name: name, dtype: .i32, shape: [8]) { _, bytes in
      bytes.initializeMemory(as: UInt8.self, repeating: 0)
    }
    try withCheckpoint(tensors(without: name) + [integers]) { directory in
      let problem = "tensor \"\(name)\" has type I32 (expected F64, F32, F16 or BF16)"
      expectFailure("\(directory)/model.safetensors: \(problem)") {
        try Transformer<Float>(directory: directory)
      }
    }
  }

  @Test func harmlessTensorsAreIgnored() throws {
    let frequencies = zeros("model.layers.0.self_attn.rotary_emb.inv_freq", [3])
    let head = renamed("model.embed_tokens.weight", "lm_head.weight")
    for (tied, harmless) in [(true, [frequencies, head]), (false, [frequencies])] {
      try withCheckpoint(tensors(tied: tied) + harmless, tied: tied) { directory in
        let loaded = try Transformer<Float>(directory: directory)
        #expect(loaded.values == Self.model(tied: tied).values)
      }
    }
  }

  /// A head of its own under `tie_word_embeddings` is used, as in transformers 5.
  @Test func aHeadThatDiffersFromTheEmbeddingIsUsed() throws {
    let untied = Self.model(tied: false)
    try withCheckpoint(tensors(tied: false), tied: true) { directory in
      let loaded = try Transformer<Float>(directory: directory)
      #expect(!loaded.configuration.tiedEmbeddings)
      #expect(loaded.values == untied.values)
      // What is saved says so.
      try loaded.save(directory: directory)
      #expect(try ModelConfiguration(directory: directory).tiedEmbeddings == false)
    }
  }

  @Test func namesWithoutThePrefixAndAHeadAloneAreLoaded() throws {
    for tied in [true, false] {
      let bare = tensors(tied: tied).map { tensor in
        let name = tensor.name
        return renamed(name, String(name.dropFirst(name.hasPrefix("model.") ? 6 : 0)), tied: tied)
      }
      try withCheckpoint(bare, tied: tied) { (directory) throws in
        #expect(
          try Transformer<Float>(directory: directory).values == Self.model(tied: tied).values)
      }
    }
    let embedding = "model.embed_tokens.weight"
    let headAlone =
      tensors(without: embedding, tied: true) + [renamed(embedding, "lm_head.weight")]
    try withCheckpoint(headAlone, tied: true) { (directory) throws in
      #expect(try Transformer<Float>(directory: directory).values == Self.model(tied: true).values)
    }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func weightsThatAreNotFiniteAreRefusedByName(value: Float) throws {
    let name = "model.layers.1.mlp.up_proj.weight"
    let parameter = try #require(
      Self.model(tied: false).layout.parameters.first { $0.name == name })
    var values = Array(Self.model(tied: false).values[parameter.range])
    values[values.count - 1] = value
    let broken = OutputTensor(name: name, shape: parameter.shape, values: values)
    try withCheckpoint(tensors(without: name) + [broken]) { directory in
      let error = #expect(throws: NonFiniteError.self) {
        try Transformer<Float>(directory: directory)
      }
      #expect(
        error?.description
          == "\(directory)/model.safetensors: an element of tensor \"\(name)\" is not finite "
          + "(expected finite numbers)")
    }
  }

  @Test func endTokensComeFromBothFiles() throws {
    try withCheckpoint(tensors()) { (directory) throws in
      func read(_ text: String) throws -> ModelConfiguration {
        try Data(text.utf8).write(
          to: URL(fileURLWithPath: directory + "/generation_config.json"))
        return try ModelConfiguration(directory: directory)
      }
      #expect(try read(#"{"eos_token_id": [5, 2, 7]}"#).eosTokens == [2, 5, 7])
      #expect(try read(#"{"eos_token_id": 4, "temperature": 0.6}"#).eosTokens == [2, 4])
      #expect(try read("{}").eosTokens == [2])
      #expect(try read(#"{"pad_token_id": 9, "bos_token_id": 3}"#).padToken == 0)
      for text in ["[]", "{", #"{"eos_token_id": [11]}"#, #"{"eos_token_id": "x"}"#] {
        expectFailure("\(directory)/generation_config.json") { try read(text) }
      }
    }
  }

  /// F64, BF16 and F16 checkpoints arrive as their values.
  @Test(arguments: [DType.f64, .bf16, .f16]) func storedTypesAreConverted(type: DType) throws {
    let name = "model.norm.weight"
    let values: [Float] = [1, -2, 0.5, 0, 8, 0.25, -0.125, 3]  // exact in every type
    let stored = OutputTensor(name: name, dtype: type, shape: [8], values: values)
    try withCheckpoint(tensors(without: name) + [stored]) { directory in
      let model = try Transformer<Float>(directory: directory)
      let norm = try #require(model.layout.parameters.first { $0.name == name })
      #expect(Array(model.values[norm.range]) == values)
    }
  }

  // MARK: - Weights in files

  /// The same bits of scores, gradients, tangents and decoded logits, in every family and stored type.
  @Test(arguments: Golden.names) func storedMatricesGiveTheSameBits(name: String) throws {
    let golden = try Golden(name)
    func check<Scalar: ModelScalar>(_: Scalar.Type) throws {
      let loaded = try Transformer<Scalar>(directory: golden.directory)
      let stored = try Transformer<Scalar>(directory: golden.directory, weights: .stored)
      #expect(stored.copy().values == loaded.values)
      #expect(stored.inMemory.values == loaded.values && loaded.inMemory === loaded)
      #expect(stored.panelByteCount > 0 && loaded.panelByteCount == 0)
      var batch = PackedSequences()
      for sample in golden.samples.prefix(3) { batch.append(sample.conditional) }
      let coefficients = (0..<batch.scoredCount).map { 1 / Double($0 + 1) }
      let direction = Self.direction(loaded)
      let results = [loaded, stored].map { model in
        // One layer is computed again.
        let workspace = Workspace(model, activationBudget: 40_000, vocabularyTile: 16)
        let gradient = workspace.gradient(batch, coefficients)
        let tangent = workspace.tokenDerivatives(along: direction)
        let decoder = Decoder(model, rows: 2, capacity: 8)
        decoder.read([3, 5], into: 0)
        let logits = decoder.step(tokens: [7, 9], positions: [2, 0])
        return gradient.map { Double($0) } + tangent
          + (0..<2).flatMap { row in (0..<logits.columns).map { Double(logits.row(row)[$0]) } }
      }
      #expect(results[0] == results[1])
    }
    try check(Float.self)
    try check(Double.self)
  }

  @Test func storedWeightsThatAreNotFiniteAreRefused() throws {
    let name = "model.layers.1.mlp.up_proj.weight"
    let parameter = try #require(
      Self.model(tied: false).layout.parameters.first { $0.name == name })
    let broken = OutputTensor(
      name: name, dtype: .bf16, shape: parameter.shape,
      values: Array(repeating: 0, count: parameter.count - 1) + [.nan])
    try withCheckpoint(tensors(without: name) + [broken]) { directory in
      #expect(throws: NonFiniteError.self) {
        try Transformer<Float>(directory: directory, weights: .stored)
      }
    }
  }

  // MARK: - Helpers

  /// A direction over all parameters: the parameters themselves.
  private static func direction<Scalar: ModelScalar>(
    _ model: Transformer<Scalar>
  ) -> GradientBuffer<Scalar> {
    var direction = GradientBuffer<Scalar>(model.layout)
    model.withParameters { direction.values.copy(from: $0) }
    return direction
  }

  private static func model(tied: Bool) -> Transformer<Float> {
    .random(Shape(family: .qwen3, tied: tied).configuration())
  }

  /// The tensors of a random Qwen3 model, without one if a name is given.
  private func tensors(without name: String? = nil, tied: Bool = false) -> [OutputTensor] {
    let model = Self.model(tied: tied)
    let values = model.values
    return model.layout.parameters.filter { $0.name != name }.map {
      OutputTensor(name: $0.name, shape: $0.shape, values: Array(values[$0.range]))
    }
  }

  /// A tensor of the random model under another name.
  private func renamed(_ name: String, _ other: String, tied: Bool = true) -> OutputTensor {
    let model = Self.model(tied: tied)
    let parameter = model.layout.parameters.first { $0.name == name }!
    return OutputTensor(
      name: other, shape: parameter.shape, values: Array(model.values[parameter.range]))
  }

  private func zeros(_ name: String, _ shape: [Int]) -> OutputTensor {
    OutputTensor(
      name: name, shape: shape, values: Array(repeating: 0, count: shape.reduce(1, *)))
  }

  /// A folder with the configuration of that model and the tensors.
  private func withCheckpoint(
    _ tensors: [OutputTensor], tied: Bool = false, _ body: (String) throws -> Void
  ) throws {
    try withTemporaryDirectory { directory in
      try Self.model(tied: tied).save(directory: directory)
      try SafetensorsWriter.write(to: directory + "/model.safetensors", tensors: tensors)
      try body(directory)
    }
  }

  /// Expects a one-line error that begins with the text.
  private func expectFailure<Value>(
    _ beginning: String, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> Value
  ) {
    do {
      _ = try body()
      Issue.record("no error (expected \(beginning))", sourceLocation: sourceLocation)
    } catch {
      let message = "\(error)"
      #expect(message.hasPrefix(beginning), sourceLocation: sourceLocation)
      #expect(!message.contains("\n"), sourceLocation: sourceLocation)
    }
  }
}
