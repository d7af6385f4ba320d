// config.json of the gated decoders: transformers' Qwen3Config, Qwen2Config, LlamaConfig and their like.
import StrictJSON

extension GatedDecoder {
  static func read(_ reader: inout JSONReader) throws(JSONValueError) -> ModelConfiguration {
    try refuseUnsupported(&reader)
    let heads = try reader.int("num_attention_heads", in: 1...4096)
    let hidden = try reader.int("hidden_size", in: 1...1 << 20)
    var headDimension = try reader.optionalInt("head_dim", in: 2...65_536)
    if headDimension == nil {
      guard !requiresHeadDimension else {
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
    let positions = try reader.int("max_position_embeddings", in: 1...1 << 30)
    let rope = try rope(&reader, positions: positions)
    let vocabulary = try reader.int("vocab_size", in: 1...1 << 24)
    var configuration = ModelConfiguration(
      family: .init(Self.self),
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
      hasAttentionBias: try bias("attention_bias", isRead: hasAttentionBiasSwitch, &reader),
      hasFeedForwardBias: try bias("mlp_bias", isRead: hasFeedForwardBiasSwitch, &reader),
      tiedEmbeddings: try reader.optionalBool("tie_word_embeddings") ?? false,
      maximumPositions: positions,
      bosToken: try reader.optionalInt("bos_token_id", in: 0...vocabulary - 1),
      eosTokens: try reader.endTokens(vocabulary),
      padToken: try reader.padToken(vocabulary))
    if let share = rope.rotatedShare {
      configuration.rotatedDimension = try rotatedDimension(share, of: headDimension)
    }
    configuration.slidingWindow = try slidingWindow(
      &reader, layers: configuration.layerCount, localTheta: rope.localTheta)
    try readMore(&reader, into: &configuration)
    return configuration
  }

  /// A switch for biases; families without it refuse true.
  private static func bias(
    _ key: String, isRead: Bool, _ reader: inout JSONReader
  ) throws(JSONValueError) -> Bool {
    let bias = try reader.optionalBool(key) ?? false
    if bias, !isRead { throw reader.unsupported(key, expected: "false") }
    return bias
  }

  /// Refuses settings that change the computation and are not implemented; neutral values are
  /// accepted.
  private static func refuseUnsupported(
    _ reader: inout JSONReader
  ) throws(JSONValueError) {
    if let found = reader.object[activation.key],
      !activation.names.contains(where: { found == .string($0) })
    {
      throw reader.unsupported(activation.key, expected: "\"\(activation.names[0])\"")
    }
    try refuse(&reader)
    let expertKeys = [
      "num_experts", "num_local_experts", "n_routed_experts", "num_experts_per_tok",
    ]
    for key in hasExperts ? [] : expertKeys {
      guard let experts = reader.object[key], !experts.isNull else { continue }
      guard experts == 0 else { throw reader.unsupported(key, expected: "no mixture of experts") }
    }
    for key in ["attention_dropout", "hidden_dropout", "resid_pdrop", "embd_pdrop"] {
      guard let dropout = reader.object[key], !dropout.isNull else { continue }
      guard dropout.doubleValue == 0 else { throw reader.unsupported(key, expected: "0") }
    }
    for key in ["pretraining_tp"] + (rotatesPartially ? [] : ["partial_rotary_factor"]) {
      guard let value = reader.object[key], !value.isNull else { continue }
      guard value.doubleValue == 1 else { throw reader.unsupported(key, expected: "1") }
    }
    if let quantization = reader.object["quantization_config"], !quantization.isNull {
      throw reader.unsupported("quantization_config", expected: "full-precision weights")
    }
  }

  static func json(_ configuration: ModelConfiguration) -> JSONObject {
    var object: JSONObject = [
      "model_type": .string(name),
      "vocab_size": .integer(configuration.vocabularySize),
      "hidden_size": .integer(configuration.hiddenSize),
      "intermediate_size": .integer(configuration.feedForwardSize),
      "num_hidden_layers": .integer(configuration.layerCount),
      "num_attention_heads": .integer(configuration.headCount),
      "num_key_value_heads": .integer(configuration.keyValueHeadCount),
      "head_dim": .integer(configuration.headDimension),
      "rms_norm_eps": .real(configuration.normEpsilon),
      "tie_word_embeddings": .bool(configuration.tiedEmbeddings),
      "max_position_embeddings": .integer(configuration.maximumPositions),
    ]
    object[activation.key] = .string(activation.names[0])
    for members in [
      configuration.tokenKeys, rotationKeys(configuration), windowKeys(configuration),
      moreKeys(configuration),
    ] {
      for (key, value) in members.members { object[key] = value }
    }
    object["attention_dropout"] = 0.0
    object["dtype"] = "float32"
    if writesAttentionBias { object["attention_bias"] = .bool(configuration.hasAttentionBias) }
    if configuration.hasFeedForwardBias { object["mlp_bias"] = true }
    return object
  }
}
