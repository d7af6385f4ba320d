// config.json of Hugging Face checkpoints: read with suspicion, written so that transformers opens it.
import Foundation
import StrictJSON

extension ModelConfiguration {
  /// Reads `config.json` of a checkpoint folder.
  ///
  /// - Throws: `CheckpointError` for a file that cannot be read, is no JSON, lacks a key, or asks for
  ///   a computation that this package does not do.
  public init(directory: String) throws(CheckpointError) {
    let path = directory + "/config.json"
    let json: JSON
    do {
      json = try JSON.parse(Self.bytes(of: path))
    } catch let error as JSONError {
      throw CheckpointError(path: "\(path):\(error.line)", message: "\(error)")
    } catch let error as CheckpointError {
      throw error
    } catch {
      throw CheckpointError(path: path, message: error.localizedDescription)
    }
    do {
      var reader = try JSONReader(json)
      try self.init(reading: &reader)
    } catch {
      throw CheckpointError(path: path, message: "\(error)")
    }
  }

  /// The file's bytes; a config is small, so a large or strange file is refused unread.
  private static func bytes(of path: String) throws -> [UInt8] {
    let attributes: [FileAttributeKey: Any]
    do {
      attributes = try FileManager.default.attributesOfItem(
        atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)
    } catch {
      throw CheckpointError(
        path: path, message: "cannot be read (expected a checkpoint folder with config.json)")
    }
    guard attributes[.type] as? FileAttributeType == .typeRegular else {
      throw CheckpointError(path: path, message: "is not a file (expected config.json)")
    }
    let limit = 16 << 20
    guard let size = attributes[.size] as? Int, size <= limit else {
      throw CheckpointError(path: path, message: "is larger than \(limit) bytes")
    }
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// The keys of transformers' Qwen3Config, Qwen2Config and LlamaConfig; other keys are ignored.
  public init(reading reader: inout JSONReader) throws(JSONValueError) {
    let name = try reader.string("model_type")
    guard let family = Family(rawValue: name) else {
      let known = Family.allCases.map(\.rawValue).joined(separator: ", ")
      throw JSONValueError(
        path: "model_type",
        message: "\(JSON.string(name).summary) is not supported (expected one of: \(known))")
    }
    try Self.refuseUnsupported(&reader, family)
    let heads = try reader.int("num_attention_heads", in: 1...4096)
    let hidden = try reader.int("hidden_size", in: 1...1 << 20)
    var headDimension = try reader.optionalInt("head_dim", in: 2...65_536)
    if headDimension == nil {
      // transformers' Qwen3Config has its own default, which a checkpoint should not lean on.
      guard family != .qwen3 else {
        throw JSONValueError(path: "head_dim", message: "missing (expected an even integer)")
      }
      guard hidden.isMultiple(of: heads) else {
        throw JSONValueError(
          path: "hidden_size",
          message:
            "\(hidden) is not a multiple of num_attention_heads \(heads), and head_dim is missing")
      }
      headDimension = hidden / heads
    }
    guard let headDimension, headDimension.isMultiple(of: 2), headDimension > 0 else {
      throw JSONValueError(path: "head_dim", message: "is odd (expected an even integer)")
    }
    let keyValueHeads = try reader.optionalInt("num_key_value_heads", in: 1...4096) ?? heads
    guard heads.isMultiple(of: keyValueHeads) else {
      throw JSONValueError(
        path: "num_key_value_heads",
        message: "\(keyValueHeads) does not divide num_attention_heads \(heads)")
    }
    let rope = try Self.rope(&reader)
    let vocabulary = try reader.int("vocab_size", in: 1...1 << 24)
    self.init(
      family: family,
      vocabularySize: vocabulary,
      hiddenSize: hidden,
      feedForwardSize: try reader.int("intermediate_size", in: 1...1 << 22),
      layerCount: try reader.int("num_hidden_layers", in: 1...4096),
      headCount: heads,
      keyValueHeadCount: keyValueHeads,
      headDimension: headDimension,
      normEpsilon: try reader.double("rms_norm_eps", in: 0...1),
      ropeTheta: rope.theta,
      ropeScaling: rope.scaling,
      tiedEmbeddings: try reader.optionalBool("tie_word_embeddings") ?? false,
      maximumPositions: try reader.int("max_position_embeddings", in: 1...1 << 30),
      bosToken: try reader.optionalInt("bos_token_id", in: 0...vocabulary - 1),
      eosTokens: try Self.endTokens(&reader, vocabulary),
      padToken: try reader.optionalInt("pad_token_id", in: -1...vocabulary - 1).flatMap {
        $0 < 0 ? nil : $0
      })
  }

  private static func endTokens(
    _ reader: inout JSONReader, _ vocabulary: Int
  ) throws(JSONValueError) -> [Int] {
    if case .array = reader.object["eos_token_id"] {
      return try reader.ints("eos_token_id", in: 0...vocabulary - 1)
    }
    return try reader.optionalInt("eos_token_id", in: 0...vocabulary - 1).map { [$0] } ?? []
  }

  /// Settings that change the computation and are not implemented; neutral values pass.
  private static func refuseUnsupported(
    _ reader: inout JSONReader, _ family: Family
  ) throws(JSONValueError) {
    func refuse(_ key: String, _ expected: String) -> JSONValueError {
      let found = reader.object[key]?.summary ?? "missing"
      return JSONValueError(path: key, message: "\(found) is not supported (expected \(expected))")
    }
    let activation = reader.object["hidden_act"]
    guard activation == nil || activation == "silu" else { throw refuse("hidden_act", "\"silu\"") }

    // Qwen checkpoints carry a window's size with the switch off, which is also its default.
    let windowSwitch = reader.object["use_sliding_window"]
    guard windowSwitch == nil || windowSwitch == false || windowSwitch?.isNull == true else {
      throw refuse("use_sliding_window", "false")
    }
    if family == .llama, windowSwitch == nil, let window = reader.object["sliding_window"] {
      guard window.isNull else { throw refuse("sliding_window", "null") }
    }
    if let types = reader.object["layer_types"], !types.isNull {
      guard let types = types.arrayValue, types.allSatisfy({ $0 == "full_attention" }) else {
        throw refuse("layer_types", "\"full_attention\" in every layer")
      }
    }
    for key in ["num_experts", "num_local_experts", "n_routed_experts", "num_experts_per_tok"] {
      guard let experts = reader.object[key], !experts.isNull else { continue }
      guard experts == 0 else { throw refuse(key, "no mixture of experts") }
    }
    for key in ["attention_bias", "mlp_bias"] {
      guard let bias = reader.object[key], !bias.isNull else { continue }
      guard bias == false else { throw refuse(key, "false") }
    }
    for key in ["attention_dropout", "hidden_dropout", "resid_pdrop", "embd_pdrop"] {
      guard let dropout = reader.object[key], !dropout.isNull else { continue }
      guard dropout.doubleValue == 0 else { throw refuse(key, "0") }
    }
    for key in ["pretraining_tp", "partial_rotary_factor"] {
      guard let value = reader.object[key], !value.isNull else { continue }
      guard value.doubleValue == 1 else { throw refuse(key, "1") }
    }
    if let quantization = reader.object["quantization_config"], !quantization.isNull {
      throw refuse("quantization_config", "full-precision weights")
    }
  }

  /// Both spellings: `rope_parameters` of transformers 5, `rope_theta` and `rope_scaling` before.
  private static func rope(
    _ reader: inout JSONReader
  ) throws(JSONValueError) -> (theta: Double, scaling: Llama3Scaling?) {
    let thetaRange = 1e-6...1e15
    let outerTheta = try reader.optionalDouble("rope_theta", in: thetaRange)
    let parameters = try reader.optionalObject("rope_parameters")
    let scaling = try reader.optionalObject("rope_scaling")
    // Where both stand, transformers 5 takes the older one, and older versions know no other.
    let chosen = scaling.flatMap { $0.object.isEmpty ? nil : $0 } ?? parameters
    guard var settings = chosen else { return (outerTheta ?? 10_000, nil) }
    for (key, value) in settings.object.members where value.objectValue != nil {
      throw JSONValueError(
        path: settings.path(of: key),
        message: "\(value.summary) is not supported (expected one rotation for all layers)")
    }
    let theta = try settings.optionalDouble("rope_theta", in: thetaRange) ?? outerTheta ?? 10_000
    let key = settings.contains("rope_type") || !settings.contains("type") ? "rope_type" : "type"
    let type = try settings.optionalString(key) ?? "default"
    if let partial = try settings.optionalDouble("partial_rotary_factor"), partial != 1 {
      throw JSONValueError(
        path: settings.path(of: "partial_rotary_factor"),
        message: "\(partial) is not supported (expected 1)")
    }
    switch type {
    case "default":
      return (theta, nil)
    case "llama3":
      let positive = 1e-6...1e9
      let low = try settings.double("low_freq_factor", in: positive)
      let high = try settings.double("high_freq_factor", in: positive)
      guard low < high else {
        throw JSONValueError(
          path: settings.path(of: "high_freq_factor"),
          message: "\(high) is not larger than low_freq_factor \(low)")
      }
      return (
        theta,
        Llama3Scaling(
          factor: try settings.double("factor", in: positive), lowFrequencyFactor: low,
          highFrequencyFactor: high,
          originalMaximumPositions: try settings.int(
            "original_max_position_embeddings", in: 1...1 << 30))
      )
    default:
      throw JSONValueError(
        path: settings.path(of: key),
        message:
          "\(JSON.string(type).summary) is not supported (expected \"default\" or \"llama3\")")
    }
  }

  /// The configuration as transformers writes it.
  public var json: JSON {
    let architecture =
      switch family {
      case .qwen3: "Qwen3ForCausalLM"
      case .qwen2: "Qwen2ForCausalLM"
      case .llama: "LlamaForCausalLM"
      }
    var rope: JSONObject = ["rope_theta": .real(ropeTheta), "rope_type": "default"]
    if let ropeScaling {
      rope["rope_type"] = "llama3"
      rope["factor"] = .real(ropeScaling.factor)
      rope["low_freq_factor"] = .real(ropeScaling.lowFrequencyFactor)
      rope["high_freq_factor"] = .real(ropeScaling.highFrequencyFactor)
      rope["original_max_position_embeddings"] = .integer(ropeScaling.originalMaximumPositions)
    }
    var object: JSONObject = [
      "architectures": [.string(architecture)],
      "model_type": .string(family.rawValue),
      "vocab_size": .integer(vocabularySize),
      "hidden_size": .integer(hiddenSize),
      "intermediate_size": .integer(feedForwardSize),
      "num_hidden_layers": .integer(layerCount),
      "num_attention_heads": .integer(headCount),
      "num_key_value_heads": .integer(keyValueHeadCount),
      "head_dim": .integer(headDimension),
      "hidden_act": "silu",
      "rms_norm_eps": .real(normEpsilon),
      "rope_parameters": .object(rope),
      "tie_word_embeddings": .bool(tiedEmbeddings),
      "max_position_embeddings": .integer(maximumPositions),
      "bos_token_id": bosToken.map { .integer($0) } ?? .null,
      "eos_token_id": eosTokens.count == 1
        ? .integer(eosTokens[0])
        : eosTokens.isEmpty ? .null : .array(eosTokens.map { .integer($0) }),
      "pad_token_id": padToken.map { .integer($0) } ?? .null,
      "attention_dropout": 0.0,
      "dtype": "float32",
    ]
    // Before transformers 5 the rotation stood here; without it they would leave the scaling out.
    object["rope_theta"] = .real(ropeTheta)
    if ropeScaling != nil {
      rope["rope_theta"] = nil
      object["rope_scaling"] = .object(rope)
    }
    if family != .qwen2 { object["attention_bias"] = false }
    return .object(object)
  }
}
