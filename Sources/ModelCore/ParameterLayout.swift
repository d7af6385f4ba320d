// One table of every parameter: name, shape and place in one allocation.

/// The order and the places of a model's parameters.
///
/// Weights, gradients and both moments of AdamW are buffers over the same layout. Query, key and
/// value projections lie side by side, gate and up projections too, so that each group is one
/// matrix product.
public struct ParameterLayout: Sendable {
  /// One tensor of a checkpoint.
  public struct Parameter: Sendable {
    /// The checkpoint's name, for example `model.layers.0.self_attn.q_proj.weight`.
    public let name: String
    public let shape: [Int]
    /// Place of the first scalar in the allocation.
    public let offset: Int
    /// Index into `groups`.
    public let group: Int
    public var count: Int { shape.reduce(1, *) }
    public var range: Range<Int> { offset..<offset + count }
    /// Matrices decay under AdamW, norm weights and biases do not.
    public var isMatrix: Bool { shape.count == 2 }
  }

  /// The parameters of one module of one layer.
  public struct Group: Sendable, Hashable {
    /// Layer index, −1 for the embedding, the final norm and the head.
    public let layer: Int
    /// For example `self_attn.q_proj`, `embed_tokens`.
    public let module: String

    public init(layer: Int, module: String) {
      self.layer = layer
      self.module = module
    }

    /// `layers.3.self_attn.q_proj`, `embed_tokens`.
    public var name: String { layer < 0 ? module : "layers.\(layer).\(module)" }
  }

  /// Linear layers that read the same input; their weights are adjacent, and so are their biases.
  struct FusedLinear: Sendable {
    var weights: [Int]
    var biases: [Int] = []
  }

  /// Parameter indices of one layer.
  struct Layer: Sendable {
    var inputNorm = 0
    var queryKeyValue = FusedLinear(weights: [])
    var queryNorm: Int?
    var keyNorm: Int?
    var output = FusedLinear(weights: [])
    var postAttentionNorm = 0
    var gateUp = FusedLinear(weights: [])
    var down = FusedLinear(weights: [])
  }

  public private(set) var parameters: [Parameter] = []
  public private(set) var groups: [Group] = []
  /// The number of scalars.
  public private(set) var count = 0
  let configuration: ModelConfiguration
  private(set) var layers: [Layer] = []
  private(set) var embedding = 0
  private(set) var finalNorm = 0
  /// The output head; with tied embeddings the embedding itself.
  private(set) var head = 0

  public init(_ configuration: ModelConfiguration) {
    self.configuration = configuration
    let hidden = configuration.hiddenSize
    let queryWidth = configuration.headCount * configuration.headDimension
    let keyValueWidth = configuration.keyValueHeadCount * configuration.headDimension
    embedding = append("model.embed_tokens.weight", [configuration.vocabularySize, hidden], -1)
    for index in 0..<configuration.layerCount {
      let prefix = "model.layers.\(index)."
      var layer = Layer()
      layer.inputNorm = append(prefix + "input_layernorm.weight", [hidden], index)
      let projections = [
        ("q_proj", queryWidth), ("k_proj", keyValueWidth), ("v_proj", keyValueWidth),
      ]
      for (name, width) in projections {
        layer.queryKeyValue.weights.append(
          append(prefix + "self_attn.\(name).weight", [width, hidden], index))
      }
      if configuration.hasQueryKeyValueBias {
        for (name, width) in projections {
          layer.queryKeyValue.biases.append(
            append(prefix + "self_attn.\(name).bias", [width], index))
        }
      }
      if configuration.hasQueryKeyNorm {
        let dimension = [configuration.headDimension]
        layer.queryNorm = append(prefix + "self_attn.q_norm.weight", dimension, index)
        layer.keyNorm = append(prefix + "self_attn.k_norm.weight", dimension, index)
      }
      layer.output.weights = [
        append(prefix + "self_attn.o_proj.weight", [hidden, queryWidth], index)
      ]
      layer.postAttentionNorm = append(
        prefix + "post_attention_layernorm.weight", [hidden], index)
      let inner = configuration.feedForwardSize
      layer.gateUp.weights = [
        append(prefix + "mlp.gate_proj.weight", [inner, hidden], index),
        append(prefix + "mlp.up_proj.weight", [inner, hidden], index),
      ]
      layer.down.weights = [append(prefix + "mlp.down_proj.weight", [hidden, inner], index)]
      layers.append(layer)
    }
    finalNorm = append("model.norm.weight", [hidden], -1)
    head =
      configuration.tiedEmbeddings
      ? embedding : append("lm_head.weight", [configuration.vocabularySize, hidden], -1)
  }

  /// Whether the head is the embedding matrix.
  var isTied: Bool { head == embedding }

  private mutating func append(_ name: String, _ shape: [Int], _ layer: Int) -> Int {
    let group = Group(layer: layer, module: Self.module(of: name))
    // A module's bias comes after other modules' weights, so the search looks at the whole layer.
    let found = groups.lastIndex(of: group)
    if found == nil { groups.append(group) }
    parameters.append(
      Parameter(name: name, shape: shape, offset: count, group: found ?? groups.count - 1))
    count += shape.reduce(1, *)
    return parameters.count - 1
  }

  /// `model.layers.3.self_attn.q_proj.bias` → `self_attn.q_proj`, `lm_head.weight` → `lm_head`.
  private static func module(of name: String) -> String {
    var parts = name.split(separator: ".").dropLast()
    if parts.first == "model" { parts = parts.dropFirst() }
    if parts.first == "layers" { parts = parts.dropFirst(2) }
    return parts.joined(separator: ".")
  }
}
