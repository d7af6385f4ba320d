// Checkpoints as Hugging Face folders: config.json and safetensors.
import Foundation
import KeyedRandom
import Safetensors
import StrictJSON

extension Transformer {
  /// Opens a checkpoint folder: `config.json` and `model.safetensors` or its shards.
  ///
  /// Every tensor's name and shape is checked against the configuration before memory for the
  /// parameters is taken. Tensors that the family does not count as parameters (rotary tables, masks)
  /// are ignored, and so is a value head, which `ScalarHead` reads. Any other unknown tensor is an error.
  ///
  /// A stored `lm_head.weight` under `tie_word_embeddings` is ignored if it equals the embedding. If it
  /// differs it is used, and the model's configuration is not tied (as in transformers 5).
  ///
  /// - Parameters:
  ///   - head: What the folder must be read as; nil for what its configuration says. A model with a reward head
  ///     needs no matrix of logits.
  ///   - weights: Where the matrices are.
  /// - Throws: `CheckpointError` for a folder without a model of a supported family,
  ///   `SafetensorsError` for a malformed or unreadable file, `NonFiniteError` for a weight that is NaN
  ///   or infinite.
  public convenience init(
    directory: String, head: ModelConfiguration.Head? = nil, weights: WeightStorage = .float32
  ) throws {
    try refuseAdapter(directory)
    var configuration = try ModelConfiguration(directory: directory, head: head)
    let checkpoint = try SafetensorsCheckpoint(directory: directory)
    if configuration.head == .vocabulary, configuration.tiedEmbeddings,
      try Self.hasOwnHead(checkpoint, configuration)
    {
      configuration.tiedEmbeddings = false
    }
    try self.init(
      configuration, named: configuration, from: checkpoint, directory, weights: weights)
  }

  /// Opens the layers of a folder, whatever its head, under a new reward head that is drawn from a key.
  ///
  /// - Throws: As `init(directory:head:)`.
  public convenience init(rewardModelOn directory: String, drawingHead key: RandomKey) throws {
    try refuseAdapter(directory)
    let source = try ModelConfiguration(directory: directory)
    var configuration = source
    configuration.head = .reward
    let checkpoint = try SafetensorsCheckpoint(directory: directory)
    try self.init(
      configuration, named: source, from: checkpoint, directory, without: RewardHead.parameterName)
    if let head = layout.network.rewardHead { initialize(parameter: head.weight.index, key) }
  }

  /// Reads every parameter but one.
  ///
  /// - Parameter source: The configuration by which the folder's tensors are named.
  private convenience init(
    _ configuration: ModelConfiguration, named source: ModelConfiguration,
    from checkpoint: SafetensorsCheckpoint, _ directory: String, without absent: String? = nil,
    weights: WeightStorage = .float32
  ) throws {
    let layout = ParameterLayout(configuration)
    try Self.check(checkpoint, against: layout, named: source, directory, without: absent)
    let stored =
      weights == .float32 ? nil : try Self.stored(layout, in: checkpoint, source)
    self.init(configuration, layout, stored: stored)
    for (index, parameter) in layout.parameters.enumerated() where parameter.name != absent {
      let name = Self.storedName(of: parameter, in: checkpoint, source)
      if let tensor = stored?.tensors[index] {
        guard Self.isFinite(tensor) else {
          throw NonFiniteError(
            "\(checkpoint.path(of: name) ?? directory): an element of tensor \(quoted(name))")
        }
        continue
      }
      try Self.copy(checkpoint, name, to: pointer(index), count: parameter.count)
      guard Backend.areFinite(pointer(index), count: parameter.count) else {
        throw NonFiniteError(
          "\(checkpoint.path(of: name) ?? directory): an element of tensor \(quoted(name))")
      }
    }
  }

  /// The matrices of a layout that can stay in their files: fused ones together or not at all.
  private static func stored(
    _ layout: ParameterLayout, in checkpoint: SafetensorsCheckpoint, _ source: ModelConfiguration
  ) throws -> StoredWeights {
    var tensors = [MappedTensor?](repeating: nil, count: layout.parameters.count)
    var largest = 0
    for group in layout.network.storableWeights {
      let found = try group.weights.map { index in
        try checkpoint.mapped(storedName(of: layout.parameters[index], in: checkpoint, source))
      }
      guard found.allSatisfy({ $0 != nil }) else { continue }
      for (index, tensor) in zip(group.weights, found) { tensors[index] = tensor }
      largest = max(largest, group.largest ?? found.reduce(0) { $0 + ($1?.count ?? 0) })
    }
    return StoredWeights(tensors, largest: largest)
  }

  private static func isFinite(_ tensor: MappedTensor) -> Bool {
    let piece = Buffer<Scalar>(count: min(tensor.count, 1 << 15))
    return stride(from: 0, to: tensor.count, by: 1 << 15).allSatisfy { start in
      let range = start..<min(start + 1 << 15, tensor.count)
      ParameterView.copy(tensor, range, to: piece.base)
      return Backend.areFinite(piece.base, count: range.count)
    }
  }

  /// Whether there is a head beside the embedding, of its shape and with other weights.
  private static func hasOwnHead(
    _ checkpoint: SafetensorsCheckpoint, _ configuration: ModelConfiguration
  ) throws -> Bool {
    let layout = ParameterLayout(configuration)
    let table = layout.parameters[layout.network.inputs[0].table.index]
    let name = storedName(of: table, in: checkpoint, configuration)
    let headName = configuration.family.type.headName
    guard name != headName, let head = checkpoint.tensor(named: headName),
      let embedding = checkpoint.tensor(named: name), head.shape == embedding.shape,
      head.shape == table.shape, head.dtype.isFloatingPoint, embedding.dtype.isFloatingPoint
    else { return false }
    let first = Buffer<Scalar>(count: table.count)
    let second = Buffer<Scalar>(count: table.count)
    try copy(checkpoint, name, to: first.base, count: table.count)
    try copy(checkpoint, headName, to: second.base, count: table.count)
    return (0..<table.count).contains { first.base[$0] != second.base[$0] }
  }

  /// The name of a parameter in the checkpoint: the family's name, or one of its alternatives.
  private static func storedName(
    of parameter: ParameterLayout.Parameter, in checkpoint: SafetensorsCheckpoint,
    _ configuration: ModelConfiguration
  ) -> String {
    guard checkpoint.tensor(named: parameter.name) == nil else { return parameter.name }
    var alternatives = configuration.family.type.alternatives(to: parameter.name)
    // A tied embedding may be stored as the head alone.
    if configuration.head == .vocabulary, configuration.tiedEmbeddings, parameter.isMatrix,
      parameter.shape == [configuration.vocabularySize, configuration.hiddenSize]
    {
      alternatives.append(configuration.family.type.headName)
    }
    return alternatives.first { checkpoint.tensor(named: $0) != nil } ?? parameter.name
  }

  private static func check(
    _ checkpoint: SafetensorsCheckpoint, against layout: ParameterLayout,
    named source: ModelConfiguration, _ directory: String, without absent: String?
  ) throws(CheckpointError) {
    var expected = Set<String>()
    for parameter in layout.parameters {
      let name = storedName(of: parameter, in: checkpoint, source)
      expected.insert(name)
      if parameter.name == absent { continue }
      guard let tensor = checkpoint.tensor(named: name) else {
        let isReward = parameter.name == RewardHead.parameterName
        throw CheckpointError(
          path: directory,
          message: "tensor \(quoted(parameter.name)) is missing (expected shape \(parameter.shape)"
            + (isReward ? ", the head of a reward model)" : ")"))
      }
      try require(tensor, parameter.shape, checkpoint.path(of: name) ?? directory)
    }
    for tensor in checkpoint.tensors where !expected.contains(tensor.name) {
      if layout.configuration.family.type.ignores(tensor.name)
        || tensor.name.hasPrefix(ScalarHead<Scalar>.prefix)
      {
        continue
      }
      if layout.network.head.isTied, tensor.name == layout.configuration.family.type.headName {
        // It would be used if its weights differed from the embedding's.
        let table = layout.parameters[layout.network.inputs[0].table.index]
        try require(tensor, table.shape, checkpoint.path(of: tensor.name) ?? directory)
        continue
      }
      throw CheckpointError(
        path: checkpoint.path(of: tensor.name) ?? directory,
        message:
          "tensor \(quoted(tensor.name)) belongs to no \(layout.configuration.family.rawValue) model"
      )
    }
  }

  /// Refuses a tensor of another shape, or one of integers.
  private static func require(
    _ tensor: TensorInfo, _ shape: [Int], _ path: String
  ) throws(CheckpointError) {
    guard tensor.shape == shape else {
      throw CheckpointError(
        path: path,
        message:
          "tensor \(quoted(tensor.name)) has shape \(tensor.shape) (expected \(shape) from config.json)"
      )
    }
    guard tensor.dtype.isFloatingPoint else {
      throw CheckpointError(
        path: path,
        message:
          "tensor \(quoted(tensor.name)) has type \(tensor.dtype.rawValue) (expected F64, F32, F16 or "
          + "BF16)")
    }
  }

  private static func copy(
    _ checkpoint: SafetensorsCheckpoint, _ name: String, to target: UnsafeMutablePointer<Scalar>,
    count: Int
  ) throws {
    let raw = UnsafeMutableRawPointer(target)
    if Scalar.self == Float.self {
      let values = raw.assumingMemoryBound(to: Float.self)
      try checkpoint.copy(name, to: UnsafeMutableBufferPointer(start: values, count: count))
    } else {
      let values = raw.assumingMemoryBound(to: Double.self)
      try checkpoint.copy(name, to: UnsafeMutableBufferPointer(start: values, count: count))
    }
  }

  /// Writes `config.json` and `model.safetensors` (F32) into an existing folder, each atomically. A model
  /// with a reward head becomes a `…ForSequenceClassification` with one label.
  ///
  /// - Parameter valueHead: A head on this model, which is written beside its tensors.
  /// - Throws: `SafetensorsError` or a file error; files that were there before are then intact.
  public func save(directory: String, valueHead: ScalarHead<Scalar>? = nil) throws {
    precondition(stored == nil, "parameters in files are saved already")
    let tensors = layout.parameters.enumerated().map { index, parameter in
      let source = pointer(index)
      return OutputTensor(name: parameter.name, shape: parameter.shape) {
        (range: Range<Int>, out: UnsafeMutableBufferPointer<Float>) in
        for (place, element) in range.enumerated() { out[place] = Float(source[element]) }
      }
    }
    try SafetensorsWriter.write(
      to: directory + "/model.safetensors", metadata: [(key: "format", value: "pt")],
      tensors: tensors + (valueHead?.tensors ?? []))
    let text = configuration.json.text(indent: 2) + "\n"
    try Data(text.utf8).write(
      to: URL(fileURLWithPath: directory + "/config.json"), options: .atomic)
  }
}

/// A name in quotes and on one line, with any contents.
private func quoted(_ name: String) -> String {
  JSON.string(name).text()
}

/// Refuses a folder with an adapter (PEFT): transformers would apply it to the weights beside it.
private func refuseAdapter(_ directory: String) throws(CheckpointError) {
  for name in ["adapter_config.json", "adapter_model.safetensors", "adapter_model.bin"]
  where FileManager.default.fileExists(atPath: "\(directory)/\(name)") {
    throw CheckpointError(
      path: "\(directory)/\(name)",
      message:
        "an adapter beside weights is not applied (expected a folder without one; --adapter DIR adds "
        + "an adapter to a model)")
  }
}
