// The shape of a decoder.

/// The hyperparameters that define the computation.
public struct ModelConfiguration: Sendable, Hashable {
  /// `model_type` of config.json.
  public var family: Family
  public var vocabularySize: Int
  public var hiddenSize: Int
  /// Width of the MLP (`intermediate_size`).
  public var feedForwardSize: Int
  public var layerCount: Int
  /// Query heads.
  public var headCount: Int
  public var keyValueHeadCount: Int
  public var headDimension: Int
  public var normEpsilon: Double
  public var ropeTheta: Double
  public var ropeScaling: RotaryScaling?
  /// The first dimensions of a head, which are rotated; nil for all.
  public var rotatedDimension: Int?
  /// Attention's factor is 1/√ of it; nil for the head dimension.
  public var queryScaling: Double?
  /// c of attention scores c tanh(score / c); nil for scores as they are (`attn_logit_softcapping`).
  public var attentionCap: Double?
  /// c of logits c tanh(logit / c); nil for logits as they are (`final_logit_softcapping`).
  public var logitCap: Double?
  /// Layers in which a token sees the last tokens only; nil for none.
  public var slidingWindow: SlidingWindow?
  /// Layers whose MLP is a mixture of experts; nil for none.
  public var experts: Experts?
  /// Whether attention and MLP both read the layer's input (`use_parallel_residual`).
  public var isParallel = false
  /// Biases of all projections of the attention (`attention_bias`).
  public var hasAttentionBias: Bool
  /// Biases of the MLP (`mlp_bias`).
  public var hasFeedForwardBias: Bool
  public var tiedEmbeddings: Bool
  /// What stands on top of the last layer.
  public var head: Head
  /// The longest sequence that the model is made for (`max_position_embeddings`).
  public var maximumPositions: Int
  public var bosToken: Int?
  public var eosTokens: [Int]
  public var padToken: Int?

  /// Whether sequences beyond `maximumPositions` cannot be computed: positions are learned, or frequencies would
  /// depend on the sequence's length. With learned positions a longer one ends the program; with the others callers
  /// must refuse it.
  public var limitsPositions: Bool {
    if case .dynamic = ropeScaling { return true }
    return family.learnsPositions
  }

  /// Layers in which a token sees the last tokens only.
  public struct SlidingWindow: Sendable, Hashable {
    /// How many tokens, the token itself among them.
    public var width: Int
    /// Whether each layer has the window.
    public var layers: [Bool]
    /// θ of these layers, which are then rotated without scaling; nil for the rotation of the others.
    public var ropeTheta: Double?

    public init(width: Int, layers: [Bool], ropeTheta: Double? = nil) {
      self.width = width
      self.layers = layers
      self.ropeTheta = ropeTheta
    }
  }

  /// Mixtures of gated MLPs in place of one.
  public struct Experts: Sendable, Hashable {
    /// Experts of a layer (`num_experts`).
    public var count: Int
    /// Experts that a token uses (`num_experts_per_tok`).
    public var chosenCount: Int
    /// Width of an expert (`moe_intermediate_size`).
    public var width: Int
    /// Whether the weights of a token's experts are divided by their sum (`norm_topk_prob`).
    public var normalizesWeights: Bool
    /// Whether each layer has them.
    public var layers: [Bool]

    public init(
      count: Int, chosenCount: Int, width: Int, normalizesWeights: Bool, layers: [Bool]
    ) {
      self.count = count
      self.chosenCount = chosenCount
      self.width = width
      self.normalizesWeights = normalizesWeights
      self.layers = layers
    }
  }

  public init(
    family: Family, vocabularySize: Int, hiddenSize: Int, feedForwardSize: Int, layerCount: Int,
    headCount: Int, keyValueHeadCount: Int, headDimension: Int, normEpsilon: Double = 1e-6,
    ropeTheta: Double = 10_000, ropeScaling: RotaryScaling? = nil, hasAttentionBias: Bool = false,
    hasFeedForwardBias: Bool = false, tiedEmbeddings: Bool = true, head: Head = .vocabulary,
    maximumPositions: Int,
    bosToken: Int? = nil, eosTokens: [Int] = [], padToken: Int? = nil
  ) {
    self.family = family
    self.vocabularySize = vocabularySize
    self.hiddenSize = hiddenSize
    self.feedForwardSize = feedForwardSize
    self.layerCount = layerCount
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount
    self.headDimension = headDimension
    self.normEpsilon = normEpsilon
    self.ropeTheta = ropeTheta
    self.ropeScaling = ropeScaling
    self.hasAttentionBias = hasAttentionBias
    self.hasFeedForwardBias = hasFeedForwardBias
    self.tiedEmbeddings = tiedEmbeddings
    self.head = head
    self.maximumPositions = maximumPositions
    self.bosToken = bosToken
    self.eosTokens = eosTokens
    self.padToken = padToken
  }
}
