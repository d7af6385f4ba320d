// The decoder architecture of Llama, Qwen2 and Qwen3:
//   x' = x + O · attend(rotate(W_qkv · norm(x)))
//   x″ = x' + W_down · swiGLU(W_gateUp · norm(x'))
import StrictJSON

/// A family whose layers are grouped-query attention and a gated MLP, each after an RMSNorm.
protocol GatedDecoder: ModelFamily {
  /// RMSNorm of each query and key head before the rotation.
  static var hasHeadNorm: Bool { get }
  /// Biases of the query, key and value projections.
  static var hasProjectionBias: Bool { get }
  /// Whether `attention_bias` adds biases to all four projections of the attention.
  static var hasAttentionBiasSwitch: Bool { get }
  /// Whether `mlp_bias` adds biases to the MLP.
  static var hasFeedForwardBiasSwitch: Bool { get }
  /// Whether config.json must have `head_dim`; otherwise its default is C / H.
  static var requiresHeadDimension: Bool { get }
  /// Whether to write `attention_bias`: false into config.json.
  static var writesAttentionBias: Bool { get }
  /// Refuses unsupported settings that only this family has.
  static func refuse(_ reader: inout JSONReader) throws(JSONValueError)
}

extension GatedDecoder {
  static var hasHeadNorm: Bool { false }
  static var hasProjectionBias: Bool { false }
  static var hasAttentionBiasSwitch: Bool { false }
  static var hasFeedForwardBiasSwitch: Bool { false }
  static var requiresHeadDimension: Bool { false }
  static var writesAttentionBias: Bool { true }
  static func refuse(_ reader: inout JSONReader) throws(JSONValueError) {}

  /// In files of the model without a head, names have no prefix `model.`.
  static func alternatives(to name: String) -> [String] {
    let prefix = "model."
    return name.hasPrefix(prefix) ? [String(name.dropFirst(prefix.count))] : []
  }

  /// Rotary tables are not parameters.
  static func ignores(_ tensor: String) -> Bool { tensor.hasSuffix("rotary_emb.inv_freq") }

  static func build(_ layout: inout ParameterLayout.Builder) -> Network {
    let configuration = layout.configuration
    let hidden = configuration.hiddenSize
    let inner = configuration.feedForwardSize
    let epsilon = configuration.normEpsilon
    let shape = HeadShape(
      headCount: configuration.headCount, keyValueHeadCount: configuration.keyValueHeadCount,
      headDimension: configuration.headDimension)
    let keyValueWidth = configuration.keyValueHeadCount * configuration.headDimension
    let depthScale = layout.depthScale

    let embedding = layout.append(
      "embed_tokens", prefix: "model.", [configuration.vocabularySize, hidden],
      .normal(deviation: 0.02))
    var layers: [[Network.Branch]] = []
    for index in 0..<configuration.layerCount {
      let prefix = "model.layers.\(index)."
      func norm(_ module: String, _ width: Int) -> Weight {
        layout.append(module, prefix: prefix, layer: index, [width], .constant(1))
      }
      func matrix(_ module: String, _ width: Int, from inner: Int, scale: Double = 1) -> Weight {
        layout.append(
          module, prefix: prefix, layer: index, [width, inner], .scaledNormal(inner, scale: scale))
      }
      let inputNorm = norm("input_layernorm", hidden)
      let projections = [
        ("self_attn.q_proj", shape.queryWidth), ("self_attn.k_proj", keyValueWidth),
        ("self_attn.v_proj", keyValueWidth),
      ]
      let weights = projections.map { matrix($0.0, $0.1, from: hidden) }
      /// The biases of modules whose weights were appended last, if there are any.
      func biases(_ modules: [(String, Int)], _ exist: Bool) -> [Weight] {
        !exist
          ? []
          : modules.map {
            layout.append($0.0, "bias", prefix: prefix, layer: index, [$0.1], .constant(0))
          }
      }
      let projectionBiases = biases(
        projections, hasProjectionBias || configuration.hasAttentionBias)
      let headNorms =
        !hasHeadNorm
        ? nil
        : (
          query: norm("self_attn.q_norm", shape.headDimension),
          key: norm("self_attn.k_norm", shape.headDimension)
        )
      let output = ("self_attn.o_proj", hidden)
      let outputWeight = matrix(output.0, hidden, from: shape.queryWidth, scale: depthScale)
      let outputBias = biases([output], configuration.hasAttentionBias)
      let attention: [any Operation] = [
        RMSNorm(weight: inputNorm, epsilon: epsilon),
        Linear(
          weights: weights, biases: projectionBiases, inputWidth: hidden, outputWidth: shape.width),
        RotateHeads(
          shape: shape, angles: RotaryAngles(configuration), norms: headNorms, epsilon: epsilon),
        Attend(shape: shape),
        Linear(
          weights: [outputWeight], biases: outputBias, inputWidth: shape.queryWidth,
          outputWidth: hidden),
      ]
      let feedForwardNorm = norm("post_attention_layernorm", hidden)
      let gates = [("mlp.gate_proj", inner), ("mlp.up_proj", inner)]
      let gateWeights = gates.map { matrix($0.0, $0.1, from: hidden) }
      let gateBiases = biases(gates, configuration.hasFeedForwardBias)
      let down = ("mlp.down_proj", hidden)
      let downWeight = matrix(down.0, hidden, from: inner, scale: depthScale)
      let downBias = biases([down], configuration.hasFeedForwardBias)
      let feedForward: [any Operation] = [
        RMSNorm(weight: feedForwardNorm, epsilon: epsilon),
        Linear(
          weights: gateWeights, biases: gateBiases, inputWidth: hidden, outputWidth: 2 * inner),
        SwiGLU(width: inner),
        Linear(
          weights: [downWeight], biases: downBias, inputWidth: inner, outputWidth: hidden),
      ]
      layers.append([attention, feedForward])
    }
    let finalNorm = layout.append("norm", prefix: "model.", [hidden], .constant(1))
    let head =
      configuration.hasOwnVocabularyMatrix
      ? layout.append(
        "lm_head", prefix: "", [configuration.vocabularySize, hidden],
        .scaledNormal(hidden, scale: 1))
      : embedding
    return Network(
      inputs: [
        Embedding(
          table: embedding, rowCount: configuration.vocabularySize, width: hidden, index: .token)
      ], layers: layers, finalNorm: RMSNorm(weight: finalNorm, epsilon: epsilon),
      head: VocabularyHead(
        weight: head, isTied: !configuration.hasOwnVocabularyMatrix,
        vocabularySize: configuration.vocabularySize, hiddenSize: hidden),
      rewardHead: configuration.head == .reward ? RewardHead(&layout) : nil)
  }
}
