// The decoder architecture of Llama, Qwen2, Qwen3, Mistral, Phi-3, OLMo 2 and 3, and Gemma 2 and 3:
//   x' = x + O · attend(rotate(W_qkv · norm(x)))
//   x″ = x' + W_down · GLU(W_gateUp · norm(x'))
// OLMo normalises the outputs of the branches in place of their inputs, Gemma both.
import StrictJSON

/// A family whose layers are grouped-query attention and a gated MLP, with RMSNorms.
protocol GatedDecoder: ModelFamily {
  /// Which ends of a branch have an RMSNorm.
  static var normPlacement: NormPlacement { get }
  /// What is added to the stored weights of norms: 1 for families that store w − 1.
  static var normOffset: Double { get }
  /// RMSNorm of each query and key head before the rotation.
  static var hasHeadNorm: Bool { get }
  /// RMSNorm of all query heads together, and of all key heads, before the rotation.
  static var hasWidthNorm: Bool { get }
  /// Biases of the query, key and value projections.
  static var hasProjectionBias: Bool { get }
  /// Whether one matrix holds the query, key and value projections, and one both halves of the gated MLP.
  static var isFused: Bool { get }
  /// The activation of the MLP's gate, with the key and the names that config.json has for it.
  static var activation: (kind: GLU.Activation, key: String, names: [String]) { get }
  /// Whether embedded tokens are multiplied by √C.
  static var scalesEmbedding: Bool { get }
  /// Which layers may see the last tokens only.
  static var window: WindowRule { get }
  /// Whether `rope_local_base_freq` is θ of the layers with a window.
  static var hasOwnLocalTheta: Bool { get }
  /// θ where config.json has none.
  static var defaultTheta: Double { get }
  /// Whether `partial_rotary_factor` rotates the first dimensions of a head only.
  static var rotatesPartially: Bool { get }
  /// Whether the MLPs of some layers are mixtures of experts.
  static var hasExperts: Bool { get }
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
  /// Reads settings that only this family has.
  static func readMore(
    _ reader: inout JSONReader, into configuration: inout ModelConfiguration
  ) throws(JSONValueError)
  /// The keys of `readMore`.
  static func moreKeys(_ configuration: ModelConfiguration) -> JSONObject
}

/// Which ends of a branch have an RMSNorm.
enum NormPlacement {
  case before
  case after
  case both
}

/// Which layers of a family may see the last tokens only.
enum WindowRule {
  /// None; `sliding_window` must be null.
  case none
  /// All, where `sliding_window` is a number; `missing` stands for an absent key.
  case everyLayer(missing: Int?)
  /// Those from `max_window_layers` on, or those of `layer_types`, where `use_sliding_window` is true.
  case switched
  /// All but every n-th, or those of `layer_types`. With a `localTheta` they have a rotation of their own.
  case alternating(period: Int, localTheta: Double?)
}

extension GatedDecoder {
  static var normPlacement: NormPlacement { .before }
  static var normOffset: Double { 0 }
  static var hasHeadNorm: Bool { false }
  static var hasWidthNorm: Bool { false }
  static var hasProjectionBias: Bool { false }
  static var isFused: Bool { false }
  static var activation: (kind: GLU.Activation, key: String, names: [String]) {
    (.silu, "hidden_act", ["silu"])
  }
  static var scalesEmbedding: Bool { false }
  static var window: WindowRule { .none }
  static var hasOwnLocalTheta: Bool { false }
  static var defaultTheta: Double { 10_000 }
  static var rotatesPartially: Bool { false }
  static var hasExperts: Bool { false }
  static var hasAttentionBiasSwitch: Bool { false }
  static var hasFeedForwardBiasSwitch: Bool { false }
  static var requiresHeadDimension: Bool { false }
  static var writesAttentionBias: Bool { true }
  static func refuse(_ reader: inout JSONReader) throws(JSONValueError) {}
  static func readMore(
    _ reader: inout JSONReader, into configuration: inout ModelConfiguration
  ) throws(JSONValueError) {}
  static func moreKeys(_ configuration: ModelConfiguration) -> JSONObject { [:] }

  /// As for every family, with a short window where the family may have one.
  static func tiny(tied: Bool) -> ModelConfiguration {
    var configuration = ModelConfiguration.tiny(Self.self, tied: tied)
    switch window {
    case .none, .switched: break
    case .everyLayer: configuration.slidingWindow = .init(width: 3, layers: [true, true])
    case .alternating:
      configuration.slidingWindow = .init(width: 3, layers: [true, false], ropeTheta: 20)
    }
    return configuration
  }

  /// The experts of a layer. All gates are one group of parameters, and so are all ups and all downs.
  private static func mixture(
    _ layout: inout ParameterLayout.Builder, _ shape: ModelConfiguration.Experts, prefix: String,
    layer: Int
  ) -> ExpertMixture {
    let hidden = layout.configuration.hiddenSize
    let router = layout.append(
      "mlp.gate", prefix: prefix, layer: layer, [shape.count, hidden],
      .scaledNormal(hidden, scale: 1))
    let depthScale = layout.depthScale
    let experts = (0..<shape.count).map { expert in
      func matrix(_ name: String, _ size: [Int], scale: Double = 1) -> Weight {
        layout.append(
          "mlp.experts.\(expert).\(name)", prefix: prefix, layer: layer,
          in: "mlp.experts.\(name)", size, .scaledNormal(size[1], scale: scale))
      }
      return ExpertMixture.Expert(
        gate: matrix("gate_proj", [shape.width, hidden]),
        up: matrix("up_proj", [shape.width, hidden]),
        down: matrix("down_proj", [hidden, shape.width], scale: depthScale))
    }
    return ExpertMixture(
      router: router, experts: experts, chosenCount: shape.chosenCount,
      normalizesWeights: shape.normalizesWeights, width: hidden, inner: shape.width,
      activation: activation.kind)
  }

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
      headDimension: configuration.headDimension, scalingDimension: configuration.queryScaling)
    let keyValueWidth = configuration.keyValueHeadCount * configuration.headDimension
    let depthScale = layout.depthScale

    func normalize(_ weight: Weight) -> RMSNorm {
      RMSNorm(weight: weight, epsilon: epsilon, offset: normOffset)
    }

    let embedding = layout.append(
      "embed_tokens", prefix: "model.", [configuration.vocabularySize, hidden],
      .normal(deviation: 0.02))
    var layers: [[Network.Branch]] = []
    for index in 0..<configuration.layerCount {
      let prefix = "model.layers.\(index)."
      func norm(_ module: String, _ width: Int) -> Weight {
        layout.append(module, prefix: prefix, layer: index, [width], .constant(1 - normOffset))
      }
      func matrix(_ module: String, _ width: Int, from inner: Int, scale: Double = 1) -> Weight {
        layout.append(
          module, prefix: prefix, layer: index, [width, inner], .scaledNormal(inner, scale: scale))
      }
      /// The biases of modules whose weights were appended last, if there are any.
      func biases(_ modules: [(String, Int)], _ exist: Bool) -> [Weight] {
        !exist
          ? []
          : modules.map {
            layout.append($0.0, "bias", prefix: prefix, layer: index, [$0.1], .constant(0))
          }
      }
      /// Norms around the operations of a branch. The one before is appended now, the one behind with its branch.
      func opening(_ module: String) -> [any Operation] {
        normPlacement == .after ? [] : [normalize(norm(module, hidden))]
      }
      func closing(_ module: String) -> [any Operation] {
        normPlacement == .before ? [] : [normalize(norm(module, hidden))]
      }

      var attention = opening("input_layernorm")
      let projections =
        isFused
        ? [("self_attn.qkv_proj", shape.width)]
        : [
          ("self_attn.q_proj", shape.queryWidth), ("self_attn.k_proj", keyValueWidth),
          ("self_attn.v_proj", keyValueWidth),
        ]
      let weights = projections.map { matrix($0.0, $0.1, from: hidden) }
      let projectionBiases = biases(
        projections, hasProjectionBias || configuration.hasAttentionBias)
      let headNorms =
        !hasHeadNorm
        ? nil
        : (
          query: norm("self_attn.q_norm", shape.headDimension),
          key: norm("self_attn.k_norm", shape.headDimension)
        )
      attention.append(
        Linear(
          weights: weights, biases: projectionBiases, inputWidth: hidden, outputWidth: shape.width))
      if hasWidthNorm {
        attention.append(
          NormalizeQueryKey(
            shape: shape, query: norm("self_attn.q_norm", shape.queryWidth),
            key: norm("self_attn.k_norm", keyValueWidth), epsilon: epsilon))
      }
      let output = ("self_attn.o_proj", hidden)
      let outputWeight = matrix(output.0, hidden, from: shape.queryWidth, scale: depthScale)
      let outputBias = biases([output], configuration.hasAttentionBias)
      let window = configuration.slidingWindow.flatMap { $0.layers[index] ? $0.width : nil }
      attention += [
        RotateHeads(
          shape: shape, angles: RotaryAngles(configuration, isLocal: window != nil),
          norms: headNorms, epsilon: epsilon, offset: normOffset),
        Attend(shape: shape, window: window, cap: configuration.attentionCap),
        Linear(
          weights: [outputWeight], biases: outputBias, inputWidth: shape.queryWidth,
          outputWidth: hidden),
      ]
      attention += closing("post_attention_layernorm")

      // Without a norm behind the attention, the name of that norm belongs to the one before the MLP.
      var feedForward = opening(
        normPlacement == .before ? "post_attention_layernorm" : "pre_feedforward_layernorm")
      if let experts = configuration.experts, experts.layers[index] {
        feedForward.append(
          mixture(&layout, experts, prefix: prefix, layer: index))
        feedForward += closing("post_feedforward_layernorm")
        layers.append([attention, feedForward])
        continue
      }
      let gates =
        isFused
        ? [("mlp.gate_up_proj", 2 * inner)] : [("mlp.gate_proj", inner), ("mlp.up_proj", inner)]
      let gateWeights = gates.map { matrix($0.0, $0.1, from: hidden) }
      let gateBiases = biases(gates, configuration.hasFeedForwardBias)
      let down = ("mlp.down_proj", hidden)
      let downWeight = matrix(down.0, hidden, from: inner, scale: depthScale)
      let downBias = biases([down], configuration.hasFeedForwardBias)
      feedForward += [
        Linear(
          weights: gateWeights, biases: gateBiases, inputWidth: hidden, outputWidth: 2 * inner),
        GLU(width: inner, activation: activation.kind),
        Linear(
          weights: [downWeight], biases: downBias, inputWidth: inner, outputWidth: hidden),
      ]
      feedForward += closing("post_feedforward_layernorm")
      layers.append([attention, feedForward])
    }
    let finalNorm = normalize(
      layout.append("norm", prefix: "model.", [hidden], .constant(1 - normOffset)))
    let head =
      configuration.hasOwnVocabularyMatrix
      ? layout.append(
        "lm_head", prefix: "", [configuration.vocabularySize, hidden],
        .scaledNormal(hidden, scale: 1))
      : embedding
    return Network(
      inputs: [
        Embedding(
          table: embedding, rowCount: configuration.vocabularySize, width: hidden, index: .token,
          scale: scalesEmbedding ? Double(hidden).squareRoot() : 1)
      ], layers: layers, finalNorm: finalNorm,
      head: VocabularyHead(
        weight: head, isTied: !configuration.hasOwnVocabularyMatrix,
        vocabularySize: configuration.vocabularySize, hiddenSize: hidden,
        cap: configuration.logitCap),
      rewardHead: configuration.head == .reward ? RewardHead(&layout) : nil)
  }
}
