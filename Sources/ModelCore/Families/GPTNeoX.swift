// GPT-NeoX (2204.06745), the architecture of Pythia:
//   x' = x + dense · attend(rotate(W_qkv · LayerNorm(x))) + W · gelu(W · LayerNorm'(x))
// with biases, a rotation of the first dimensions of each head, and query, key and value of a head side by side. With
// `use_parallel_residual` false the MLP reads the sum of the input and the attention, as elsewhere.
import StrictJSON

enum GPTNeoX: ModelFamily {
  static let name = "gpt_neox"
  static let architecture = "GPTNeoXForCausalLM"

  static func read(_ reader: inout JSONReader) throws(JSONValueError) -> ModelConfiguration {
    try reader.require("hidden_act", "gelu", "\"gelu\"")
    if let quantization = reader.object["quantization_config"], !quantization.isNull {
      throw reader.unsupported("quantization_config", expected: "full-precision weights")
    }
    let heads = try reader.int("num_attention_heads", in: 1...4096)
    let hidden = try reader.int("hidden_size", in: 1...1 << 20)
    guard hidden.isMultiple(of: heads) else {
      throw JSONValueError(
        path: "hidden_size", message: "\(hidden) is not a multiple of num_attention_heads \(heads)")
    }
    let positions = try reader.int("max_position_embeddings", in: 1...1 << 30)
    let vocabulary = try reader.int("vocab_size", in: 1...1 << 24)
    let rotation = try rotation(&reader, positions: positions)
    var configuration = ModelConfiguration(
      family: .gptNeoX,
      vocabularySize: vocabulary,
      hiddenSize: hidden,
      feedForwardSize: try reader.int("intermediate_size", in: 1...1 << 22),
      layerCount: try reader.int("num_hidden_layers", in: 1...4096),
      headCount: heads,
      keyValueHeadCount: heads,
      headDimension: hidden / heads,
      normEpsilon: try reader.optionalDouble("layer_norm_eps", in: 0...1) ?? 1e-5,
      ropeTheta: rotation.theta,
      ropeScaling: rotation.scaling,
      hasAttentionBias: try reader.optionalBool("attention_bias") ?? true,
      tiedEmbeddings: try reader.optionalBool("tie_word_embeddings") ?? false,
      maximumPositions: positions,
      bosToken: try reader.optionalInt("bos_token_id", in: 0...vocabulary - 1),
      eosTokens: try reader.endTokens(vocabulary),
      padToken: try reader.padToken(vocabulary))
    configuration.isParallel = try reader.optionalBool("use_parallel_residual") ?? true
    // transformers rounds down; a share that was written for so many dimensions means these.
    let rotated = Int((Double(hidden / heads) * rotation.share).nextUp)
    guard rotated.isMultiple(of: 2), rotated > 0 else {
      throw JSONValueError(
        path: "rotary_pct",
        message:
          "\(rotation.share) rotates \(rotated) of \(hidden / heads) dimensions (expected an even number)"
      )
    }
    configuration.rotatedDimension = rotated == hidden / heads ? nil : rotated
    return configuration
  }

  /// Reads `rope_parameters` of transformers 5, or the earlier `rotary_pct`, `rotary_emb_base` and `rope_scaling`.
  private static func rotation(
    _ reader: inout JSONReader, positions: Int
  ) throws(JSONValueError) -> (theta: Double, share: Double, scaling: RotaryScaling?) {
    let thetas = 1e-6...1e15
    let share = try reader.optionalDouble("rotary_pct", in: 0...1) ?? 0.25
    let theta = try reader.optionalDouble("rotary_emb_base", in: thetas) ?? 10_000
    let scaling = try reader.optionalObject("rope_scaling")
    let parameters = try reader.optionalObject("rope_parameters")
    guard var settings = scaling.flatMap({ $0.object.isEmpty ? nil : $0 }) ?? parameters else {
      return (theta, share, nil)
    }
    return (
      try settings.optionalDouble("rope_theta", in: thetas) ?? theta,
      try settings.optionalDouble("partial_rotary_factor", in: 0...1) ?? share,
      try RotaryScaling.read(
        &settings, key: settings.object["rope_type"] == nil ? "type" : "rope_type",
        positions: positions, outerOriginal: nil)
    )
  }

  static func json(_ configuration: ModelConfiguration) -> JSONObject {
    let share =
      Double(configuration.rotatedDimension ?? configuration.headDimension)
      / Double(configuration.headDimension)
    var rope: JSONObject = [
      "rope_theta": .real(configuration.ropeTheta), "rope_type": "default",
      "partial_rotary_factor": .real(share),
    ]
    for (key, value) in configuration.ropeScaling?.json.members ?? [] { rope[key] = value }
    var object: JSONObject = [
      "model_type": .string(name),
      "vocab_size": .integer(configuration.vocabularySize),
      "hidden_size": .integer(configuration.hiddenSize),
      "intermediate_size": .integer(configuration.feedForwardSize),
      "num_hidden_layers": .integer(configuration.layerCount),
      "num_attention_heads": .integer(configuration.headCount),
      "hidden_act": "gelu",
      "layer_norm_eps": .real(configuration.normEpsilon),
      "attention_bias": .bool(configuration.hasAttentionBias),
      "use_parallel_residual": .bool(configuration.isParallel),
      "rope_parameters": .object(rope),
      "rotary_pct": .real(share),
      "rotary_emb_base": .real(configuration.ropeTheta),
      "tie_word_embeddings": .bool(configuration.tiedEmbeddings),
      "max_position_embeddings": .integer(configuration.maximumPositions),
      "attention_dropout": 0.0,
      "hidden_dropout": 0.0,
      "dtype": "float32",
    ]
    for (key, value) in configuration.tokenKeys.members { object[key] = value }
    // Versions before transformers 5 read the scaling from here.
    if let scaling = configuration.ropeScaling {
      var old = scaling.json
      old["rope_theta"] = .real(configuration.ropeTheta)
      old["partial_rotary_factor"] = .real(share)
      object["rope_scaling"] = .object(old)
    }
    return object
  }

  static var headName: String { "embed_out.weight" }

  /// In files of the model without a head, names have no prefix `gpt_neox.`. transformers 5 names the head `lm_head`.
  static func alternatives(to name: String) -> [String] {
    let prefix = "gpt_neox."
    if name == headName { return ["lm_head.weight"] }
    return name.hasPrefix(prefix) ? [String(name.dropFirst(prefix.count))] : []
  }

  /// Causal masks and rotary tables, which old files contain as buffers.
  static func ignores(_ tensor: String) -> Bool {
    [".attention.bias", ".attention.masked_bias", "rotary_emb.inv_freq"].contains {
      tensor.hasSuffix($0)
    }
  }

  static func tiny(tied: Bool) -> ModelConfiguration {
    var configuration = ModelConfiguration(
      family: .gptNeoX, vocabularySize: 11, hiddenSize: 8, feedForwardSize: 5, layerCount: 2,
      headCount: 2, keyValueHeadCount: 2, headDimension: 4, normEpsilon: 0.1, ropeTheta: 500,
      hasAttentionBias: true, tiedEmbeddings: tied, maximumPositions: 64)
    configuration.isParallel = true
    configuration.rotatedDimension = 2
    return configuration
  }

  static func build(_ layout: inout ParameterLayout.Builder) -> Network {
    let configuration = layout.configuration
    let hidden = configuration.hiddenSize
    let inner = configuration.feedForwardSize
    let depthScale = layout.depthScale
    let shape = HeadShape(
      headCount: configuration.headCount, keyValueHeadCount: configuration.keyValueHeadCount,
      headDimension: configuration.headDimension, isInterleaved: true)

    func norm(_ module: String, prefix: String, layer: Int) -> LayerNorm {
      LayerNorm(
        weight: layout.append(module, prefix: prefix, layer: layer, [hidden], .constant(1)),
        bias: layout.append(
          module, "bias", prefix: prefix, layer: layer, [hidden], .constant(0)),
        epsilon: configuration.normEpsilon)
    }
    let embedding = layout.append(
      "embed_in", prefix: "gpt_neox.", [configuration.vocabularySize, hidden],
      .normal(deviation: 0.02))
    var layers: [[Network.Branch]] = []
    for index in 0..<configuration.layerCount {
      let prefix = "gpt_neox.layers.\(index)."
      func linear(
        _ module: String, from inputs: Int, to outputs: Int, hasBias: Bool, scale: Double = 1
      ) -> Linear {
        let weight = layout.append(
          module, prefix: prefix, layer: index, [outputs, inputs],
          .scaledNormal(inputs, scale: scale))
        let biases =
          hasBias
          ? [layout.append(module, "bias", prefix: prefix, layer: index, [outputs], .constant(0))]
          : []
        return Linear(weights: [weight], biases: biases, inputWidth: inputs, outputWidth: outputs)
      }
      let hasBias = configuration.hasAttentionBias
      layers.append([
        [
          norm("input_layernorm", prefix: prefix, layer: index),
          linear("attention.query_key_value", from: hidden, to: shape.width, hasBias: hasBias),
          RotateHeads(
            shape: shape, angles: RotaryAngles(configuration), norms: nil,
            epsilon: configuration.normEpsilon),
          Attend(shape: shape),
          linear(
            "attention.dense", from: hidden, to: hidden, hasBias: hasBias, scale: depthScale),
        ],
        [
          norm("post_attention_layernorm", prefix: prefix, layer: index),
          linear("mlp.dense_h_to_4h", from: hidden, to: inner, hasBias: true),
          GELU(width: inner, form: .exact),
          linear("mlp.dense_4h_to_h", from: inner, to: hidden, hasBias: true, scale: depthScale),
        ],
      ])
    }
    let finalNorm = norm("final_layer_norm", prefix: "gpt_neox.", layer: -1)
    let head =
      configuration.hasOwnVocabularyMatrix
      ? layout.append(
        "embed_out", prefix: "", [configuration.vocabularySize, hidden],
        .scaledNormal(hidden, scale: 1))
      : embedding
    return Network(
      inputs: [
        Embedding(
          table: embedding, rowCount: configuration.vocabularySize, width: hidden, index: .token)
      ], layers: layers, isParallel: configuration.isParallel, finalNorm: finalNorm,
      head: VocabularyHead(
        weight: head, isTied: !configuration.hasOwnVocabularyMatrix,
        vocabularySize: configuration.vocabularySize, hiddenSize: hidden),
      rewardHead: configuration.head == .reward ? RewardHead(&layout) : nil)
  }
}

extension ModelConfiguration.Family {
  public static let gptNeoX = Self(GPTNeoX.self)
}
