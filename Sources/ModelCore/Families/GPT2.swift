// GPT-2 (Radford et al., 2019):
//   x⁰ = E[token] + P[position]
//   x' = x + c_proj · attend(c_attn · LayerNorm(x))
//   x″ = x' + c_proj · gelu(c_fc · LayerNorm(x'))
// with biases everywhere and matrices stored as (inputs, outputs).
import StrictJSON

enum GPT2: ModelFamily {
  static let name = "gpt2"
  static let architecture = "GPT2LMHeadModel"

  /// The keys of transformers' GPT2Config. Dropout is accepted and ignored: every published file
  /// has it, and it applies to pretraining only.
  static func read(_ reader: inout JSONReader) throws(JSONValueError) -> ModelConfiguration {
    if let activation = reader.object["activation_function"],
      activation != "gelu_new", activation != "gelu_pytorch_tanh"  // two names of one function
    {
      throw reader.unsupported("activation_function", expected: "\"gelu_new\"")
    }
    for (key, neutral) in [
      ("scale_attn_weights", true), ("scale_attn_by_inverse_layer_idx", false),
      ("reorder_and_upcast_attn", false), ("add_cross_attention", false),
    ] {
      try reader.require(key, .bool(neutral), "\(neutral)")
    }
    if let quantization = reader.object["quantization_config"], !quantization.isNull {
      throw reader.unsupported("quantization_config", expected: "full-precision weights")
    }
    let heads = try reader.int("n_head", in: 1...4096)
    let hidden = try reader.int("n_embd", in: 1...1 << 20)
    guard hidden.isMultiple(of: heads) else {
      throw JSONValueError(
        path: "n_embd", message: "\(hidden) is not a multiple of n_head \(heads)")
    }
    let vocabulary = try reader.int("vocab_size", in: 1...1 << 24)
    return ModelConfiguration(
      family: .gpt2,
      vocabularySize: vocabulary,
      hiddenSize: hidden,
      feedForwardSize: try reader.optionalInt("n_inner", in: 1...1 << 22) ?? 4 * hidden,
      layerCount: try reader.int("n_layer", in: 1...4096),
      headCount: heads,
      keyValueHeadCount: heads,
      headDimension: hidden / heads,
      normEpsilon: try reader.optionalDouble("layer_norm_epsilon", in: 0...1) ?? 1e-5,
      tiedEmbeddings: try reader.optionalBool("tie_word_embeddings") ?? true,
      maximumPositions: try reader.int("n_positions", in: 1...1 << 24),
      bosToken: try reader.optionalInt("bos_token_id", in: 0...vocabulary - 1),
      eosTokens: try reader.endTokens(vocabulary),
      padToken: try reader.padToken(vocabulary))
  }

  static func json(_ configuration: ModelConfiguration) -> JSONObject {
    var object: JSONObject = [
      "model_type": .string(name),
      "vocab_size": .integer(configuration.vocabularySize),
      "n_positions": .integer(configuration.maximumPositions),
      "n_embd": .integer(configuration.hiddenSize),
      "n_layer": .integer(configuration.layerCount),
      "n_head": .integer(configuration.headCount),
      "n_inner": .integer(configuration.feedForwardSize),
      "activation_function": "gelu_new",
      "layer_norm_epsilon": .real(configuration.normEpsilon),
      "tie_word_embeddings": .bool(configuration.tiedEmbeddings),
    ]
    for (key, value) in configuration.tokenKeys.members { object[key] = value }
    for key in ["attn_pdrop", "embd_pdrop", "resid_pdrop"] { object[key] = 0.0 }
    object["dtype"] = "float32"
    return object
  }

  static var learnsPositions: Bool { true }

  /// In files of the model without a head, names have no prefix `transformer.`.
  static func alternatives(to name: String) -> [String] {
    let prefix = "transformer."
    return name.hasPrefix(prefix) ? [String(name.dropFirst(prefix.count))] : []
  }

  /// Causal masks, which old files contain as buffers.
  static func ignores(_ tensor: String) -> Bool {
    tensor.hasSuffix(".attn.bias") || tensor.hasSuffix(".attn.masked_bias")
  }

  /// There is one key/value head per query head, and the heads together have the hidden size.
  static func tiny(tied: Bool) -> ModelConfiguration {
    ModelConfiguration(
      family: .gpt2, vocabularySize: 11, hiddenSize: 4, feedForwardSize: 5, layerCount: 2,
      headCount: 2, keyValueHeadCount: 2, headDimension: 2, normEpsilon: 0.1, tiedEmbeddings: tied,
      maximumPositions: 64)
  }

  static func build(_ layout: inout ParameterLayout.Builder) -> Network {
    let configuration = layout.configuration
    let hidden = configuration.hiddenSize
    let inner = configuration.feedForwardSize
    let deviation = 0.02  // of every matrix (Radford et al.)
    let depthScale = layout.depthScale
    let shape = HeadShape(
      headCount: configuration.headCount, keyValueHeadCount: configuration.keyValueHeadCount,
      headDimension: configuration.headDimension)

    func table(_ module: String, prefix: String, _ rows: Int) -> Weight {
      layout.append(module, prefix: prefix, [rows, hidden], .normal(deviation: deviation))
    }
    func norm(_ module: String, prefix: String, layer: Int) -> LayerNorm {
      LayerNorm(
        weight: layout.append(module, prefix: prefix, layer: layer, [hidden], .constant(1)),
        bias: layout.append(
          module, "bias", prefix: prefix, layer: layer, [hidden], .constant(0)),
        epsilon: configuration.normEpsilon)
    }

    let tokens = table("wte", prefix: "transformer.", configuration.vocabularySize)
    let positions = table("wpe", prefix: "transformer.", configuration.maximumPositions)
    var layers: [[Network.Branch]] = []
    for index in 0..<configuration.layerCount {
      let prefix = "transformer.h.\(index)."
      func linear(
        _ module: String, from inputs: Int, to outputs: Int, scale: Double = 1
      ) -> TransposedLinear {
        TransposedLinear(
          weight: layout.append(
            module, prefix: prefix, layer: index, [inputs, outputs],
            .normal(deviation: deviation * scale)),
          bias: layout.append(
            module, "bias", prefix: prefix, layer: index, [outputs], .constant(0)),
          inputWidth: inputs)
      }
      layers.append([
        [
          norm("ln_1", prefix: prefix, layer: index),
          linear("attn.c_attn", from: hidden, to: shape.width),
          ScaleQueries(shape: shape),
          Attend(shape: shape),
          linear("attn.c_proj", from: hidden, to: hidden, scale: depthScale),
        ],
        [
          norm("ln_2", prefix: prefix, layer: index),
          linear("mlp.c_fc", from: hidden, to: inner),
          GELU(width: inner, form: .tanh),
          linear("mlp.c_proj", from: inner, to: hidden, scale: depthScale),
        ],
      ])
    }
    let finalNorm = norm("ln_f", prefix: "transformer.", layer: -1)
    let head =
      configuration.hasOwnVocabularyMatrix
      ? table("lm_head", prefix: "", configuration.vocabularySize) : tokens
    return Network(
      inputs: [
        Embedding(
          table: tokens, rowCount: configuration.vocabularySize, width: hidden, index: .token),
        Embedding(
          table: positions, rowCount: configuration.maximumPositions, width: hidden,
          index: .position),
      ], layers: layers, finalNorm: finalNorm,
      head: VocabularyHead(
        weight: head, isTied: !configuration.hasOwnVocabularyMatrix,
        vocabularySize: configuration.vocabularySize, hiddenSize: hidden),
      rewardHead: configuration.head == .reward ? RewardHead(&layout) : nil)
  }
}

extension ModelConfiguration.Family {
  public static let gpt2 = Self(GPT2.self)
}
