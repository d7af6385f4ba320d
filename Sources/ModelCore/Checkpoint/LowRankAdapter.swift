// Low-rank adapters (LoRA, Hu et al., 2106.09685) as PEFT's folders hold them.
import Foundation
import Safetensors
import StrictJSON

/// An adapter: for some matrices W (N, K) of a model a product s B A that is added to W, with A (r, K), B (N, r) and
/// s = α / r, or α / √r (rsLoRA, 2312.03732).
public struct LowRankAdapter: Sendable {
  /// The folder with adapter_config.json and adapter_model.safetensors.
  public let directory: String
  /// r
  public let rank: Int
  /// s
  public let scale: Double

  /// The files of a folder.
  public static let files = ["adapter_config.json", "adapter_model.safetensors"]

  /// Reads `adapter_config.json`.
  ///
  /// - Throws: `CheckpointError` for a file that cannot be read, and for adapters of other kinds.
  public init(directory: String) throws(CheckpointError) {
    self.directory = directory
    (rank, scale) = try ModelConfiguration.read(
      directory + "/" + Self.files[0], expected: "a folder with a LoRA adapter of PEFT"
    ) { (reader) throws(JSONValueError) in try Self.read(&reader) }
  }

  private static func read(
    _ reader: inout JSONReader
  ) throws(JSONValueError) -> (rank: Int, scale: Double) {
    guard try reader.string("peft_type") == "LORA" else {
      throw reader.unsupported("peft_type", expected: "\"LORA\"")
    }
    try reader.require("bias", "none", "\"none\"")
    for key in ["use_dora", "lora_bias", "use_qalora", "use_bdlora"] {
      try reader.require(key, false, "false")
    }
    // What changes the ranks of some matrices, or trains more than A and B.
    for key in [
      "modules_to_save", "rank_pattern", "alpha_pattern", "layer_replication", "target_parameters",
      "trainable_token_indices", "alora_invocation_tokens",
    ] {
      guard let value = reader.object[key], !value.isNull else { continue }
      let isEmpty = value.arrayValue?.isEmpty ?? value.objectValue?.keys.isEmpty ?? false
      guard isEmpty else { throw reader.unsupported(key, expected: "null") }
    }
    // Other initialisations subtract the first product from W or replace W, whenever the adapter is loaded.
    if let start = reader.object["init_lora_weights"], !start.isNull, start != true, start != false,
      !["gaussian", "eva", "orthogonal"].contains(where: { start == .string($0) })
    {
      throw reader.unsupported(
        "init_lora_weights",
        expected: "true, \"gaussian\", \"eva\" or \"orthogonal\", which leave the base as it is")
    }
    let rank = try reader.int("r", in: 1...65_536)
    let alpha = try reader.double("lora_alpha", in: -1e6...1e6)
    let isRankStabilized = try reader.optionalBool("use_rslora") ?? false
    return (rank, alpha / (isRankStabilized ? Double(rank).squareRoot() : Double(rank)))
  }

  /// The layers whose matrices it changes, ascending.
  ///
  /// - Throws: `SafetensorsError` for a malformed file.
  public func layers(of configuration: ModelConfiguration) throws -> [Int] {
    let file = try SafetensorsFile(path: directory + "/" + Self.files[1])
    let layout = ParameterLayout(configuration)
    let changed = layout.parameters.filter { parameter in
      Self.names(of: parameter).contains { file.tensor(named: $0) != nil }
    }
    return Set(changed.map { layout.groups[$0.group].layer }).sorted()
  }

  static let prefix = "base_model.model."

  /// The names of A and B of a parameter.
  static func names(of parameter: ParameterLayout.Parameter) -> [String] {
    let stem = prefix + parameter.name.dropLast(".weight".count)
    return [stem + ".lora_A.weight", stem + ".lora_B.weight"]
  }
}

extension Transformer {
  /// Adds an adapter's products to the weights.
  ///
  /// - Returns: The names of the parameters that changed.
  /// - Throws: `SafetensorsError` for a malformed file, `CheckpointError` for tensors that do not fit the model,
  ///   `NonFiniteError` for a number that is NaN or infinite.
  @discardableResult
  public func add(_ adapter: LowRankAdapter) throws -> [String] {
    let path = adapter.directory + "/" + LowRankAdapter.files[1]
    let file = try SafetensorsFile(path: path)
    // PEFT goes by the kind of layer as well, not by what fan_in_fan_out says.
    let transposed = layout.network.transposedWeights
    var changed: [String] = []
    var known = Set<String>()
    for (index, parameter) in layout.parameters.enumerated() where parameter.isMatrix {
      let names = LowRankAdapter.names(of: parameter)
      guard names.contains(where: { file.tensor(named: $0) != nil }) else { continue }
      known.formUnion(names)
      let shape =
        transposed.contains(index) ? parameter.shape.reversed() : parameter.shape
      for (name, expected) in zip(names, [[adapter.rank, shape[1]], [shape[0], adapter.rank]]) {
        guard let tensor = file.tensor(named: name) else {
          throw CheckpointError(
            path: path,
            message: "tensor \(JSON.string(name).text()) is missing (expected shape \(expected))")
        }
        guard tensor.shape == expected, tensor.dtype.isFloatingPoint else {
          throw CheckpointError(
            path: path,
            message:
              "tensor \(JSON.string(name).text()) is \(tensor.dtype.rawValue) of shape \(tensor.shape) (expected "
              + "numbers of shape \(expected), by r and the model)")
        }
      }
      try add(
        adapter, to: index, isTransposed: transposed.contains(index), names, file, path)
      changed.append(parameter.name)
    }
    if let other = file.tensors.first(where: { !known.contains($0.name) }) {
      throw CheckpointError(
        path: path,
        message:
          "tensor \(JSON.string(other.name).text()) changes no matrix of this \(configuration.family.rawValue) "
          + "model (expected lora_A and lora_B of its matrices)")
    }
    guard !changed.isEmpty else {
      throw CheckpointError(path: path, message: "no tensors (expected lora_A and lora_B)")
    }
    return changed
  }

  /// W += s B A of one parameter.
  private func add(
    _ adapter: LowRankAdapter, to index: Int, isTransposed: Bool, _ names: [String],
    _ file: SafetensorsFile, _ path: String
  ) throws {
    let rank = adapter.rank
    let shape = layout.parameters[index].shape
    let (outputs, inputs) = isTransposed ? (shape[1], shape[0]) : (shape[0], shape[1])
    let scaled = try file.doubles(names[1]).map { Scalar(adapter.scale * $0) }  // s B (N, r)
    let a = try file.doubles(names[0]).map { Scalar($0) }
    for (name, values) in [(names[0], a), (names[1], scaled)] where !values.allSatisfy(\.isFinite) {
      throw NonFiniteError("\(path): an element of tensor \(JSON.string(name).text())")
    }
    let b = Buffer<Scalar>(count: outputs * rank)
    for row in 0..<outputs {
      for column in 0..<rank {
        // Transposed (r, N) for a matrix that is stored as (K, N).
        let place = isTransposed ? column * outputs + row : row * rank + column
        b.base[place] = scaled[row * rank + column]
      }
    }
    let aBuffer = Buffer<Scalar>(count: rank * inputs)
    for (place, value) in a.enumerated() { aBuffer.base[place] = value }
    let aMatrix = Matrix(aBuffer.base, rows: rank, columns: inputs)
    let weight = Matrix(pointer(index), rows: shape[0], columns: shape[1])
    if isTransposed {
      Backend.multiply(
        transposed: aMatrix, Matrix(b.base, rows: rank, columns: outputs), into: weight, beta: 1)
    } else {
      Backend.multiply(
        Matrix(b.base, rows: outputs, columns: rank), aMatrix, into: weight, beta: 1)
    }
  }
}

// MARK: - Gradients

extension Transformer {
  /// A base with an adapter whose factors A and B are parameters of their own, behind the base's, with gradients of their
  /// own. The base's weights are those with the adapter.
  ///
  /// - Parameters:
  ///   - base: Without the adapter; it stays as it is.
  ///   - adapterAlone: Whether the gradients of the base's parameters are left out.
  /// - Throws: As `add(_:)`; `CheckpointError` where the adapter changes a matrix that is stored transposed.
  public convenience init(
    _ base: Transformer, with adapter: LowRankAdapter, adapterAlone: Bool
  ) throws {
    let merged = base.copy()
    let changed = Set(try merged.add(adapter))
    let parameters = base.layout.parameters
    let indices = parameters.indices.filter { changed.contains(parameters[$0].name) }
    let linear = base.layout.network.linearWeights
    if let other = indices.first(where: { !linear.contains($0) }) {
      throw CheckpointError(
        path: adapter.directory,
        message:
          "changes \(parameters[other].name), whose factors have no gradients (expected matrices of linear layers "
          + "that are stored as (outputs, inputs))")
    }
    let layout = ParameterLayout(
      base.configuration, adapting: indices, rank: adapter.rank, scale: adapter.scale)
    self.init(base.configuration, layout, differentiatesAdapterAlone: adapterAlone)
    pointer(0).update(from: merged.pointer(0), count: base.layout.count)
    let file = try SafetensorsFile(path: adapter.directory + "/" + LowRankAdapter.files[1])
    for (index, parameter) in layout.parameters.enumerated() where index >= parameters.count {
      for (place, value) in try file.doubles(parameter.name).enumerated() {
        pointer(index)[place] = Scalar(value)
      }
    }
  }
}
