// A table of every parameter, with name, shape and offset in one allocation, and the operations
// that use them.

/// The order and the offsets of a model's parameters.
///
/// Weights, gradients and both moments of AdamW are buffers over the same layout. Linear layers
/// that read the same input are adjacent, so that they are one matrix product. A family
/// (`ModelFamily.build`) fills it.
public struct ParameterLayout: Sendable {
  /// How a parameter is initialised.
  enum Initialization: Sendable {
    case constant(Double)
    /// Independent normal numbers around 0.
    case normal(deviation: Double)

    /// N(0, scale / √fan_in)
    static func scaledNormal(_ fanIn: Int, scale: Double) -> Initialization {
      let deviation = 1 / Double(fanIn).squareRoot()
      return .normal(deviation: deviation * scale)
    }
  }

  /// One tensor of a checkpoint.
  public struct Parameter: Sendable {
    /// The checkpoint's name, for example `model.layers.0.self_attn.q_proj.weight`.
    public let name: String
    public let shape: [Int]
    /// Offset of the first scalar in the allocation.
    public let offset: Int
    /// Index into `groups`.
    public let group: Int
    let initialization: Initialization
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

  public let parameters: [Parameter]
  public let groups: [Group]
  /// The number of scalars.
  public let count: Int
  let configuration: ModelConfiguration
  /// The operations that use the parameters.
  let network: Network
  /// The first parameter of an adapter; nil without one.
  let adapterStart: Int?

  public init(_ configuration: ModelConfiguration) {
    self.init(configuration, adapting: [], rank: 1, scale: 0)
  }

  /// A layout with the factors of an adapter behind the model's own parameters.
  ///
  /// - Parameters:
  ///   - indices: The matrices that it changes.
  ///   - scale: s of s B A.
  init(_ configuration: ModelConfiguration, adapting indices: [Int], rank: Int, scale: Double) {
    var builder = Builder(configuration: configuration)
    var network = configuration.family.type.build(&builder)
    adapterStart = indices.isEmpty ? nil : builder.parameters.count
    for index in indices {
      let (a, b) = builder.appendFactors(of: index, rank: rank)
      network.append(a, b, rank: rank, scale: scale, to: index)
    }
    self.network = network
    self.configuration = configuration
    parameters = builder.parameters
    groups = builder.groups
    count = builder.count
  }

  /// The groups of the embedding tables: of tokens, and of positions if they are learned. A tied
  /// head belongs to them.
  public var embeddingGroups: Set<Int> {
    Set(network.inputs.map { parameters[$0.table.index].group })
  }

  /// Builds a layout: a family appends its parameters one by one.
  struct Builder {
    let configuration: ModelConfiguration
    private(set) var parameters: [Parameter] = []
    private(set) var groups: [Group] = []
    private(set) var count = 0

    init(configuration: ModelConfiguration) {
      self.configuration = configuration
    }

    /// Appends a parameter.
    ///
    /// - Parameters:
    ///   - module: Its module within the layer.
    ///   - kind: The last part of its name.
    ///   - prefix: The part before the module in the checkpoint's name, with the dot.
    ///   - groupModule: The module of its group, which several modules may share.
    mutating func append(
      _ module: String, _ kind: String = "weight", prefix: String, layer: Int = -1,
      in groupModule: String? = nil, _ shape: [Int], _ initialization: Initialization
    ) -> Weight {
      let group = Group(layer: layer, module: groupModule ?? module)
      // The biases of fused modules come after all their weights, so the whole layer is searched.
      let found = groups.lastIndex(of: group)
      if found == nil { groups.append(group) }
      let parameter = Parameter(
        name: "\(prefix)\(module).\(kind)", shape: shape, offset: count,
        group: found ?? groups.count - 1, initialization: initialization)
      parameters.append(parameter)
      count += parameter.count
      return Weight(
        index: parameters.count - 1, offset: parameter.offset, count: parameter.count)
    }

    /// Appends A (r, K) and B (N, r) of a matrix, under PEFT's names.
    mutating func appendFactors(of index: Int, rank: Int) -> (a: Weight, b: Weight) {
      let parameter = parameters[index]
      let group = groups[parameter.group]
      let prefix =
        LowRankAdapter.prefix + parameter.name.dropLast("\(group.module).weight".count)
      func factor(_ letter: String, _ shape: [Int]) -> Weight {
        append(
          "\(group.module).lora_\(letter)", prefix: prefix, layer: group.layer, shape,
          .constant(0))
      }
      return (
        factor("A", [rank, parameter.shape[1]]), factor("B", [parameter.shape[0], rank])
      )
    }

    /// 1 / √(2L), for the two projections of each layer into the residual stream (Radford et al.,
    /// GPT-2).
    var depthScale: Double { 1 / Double(2 * configuration.layerCount).squareRoot() }
  }
}

/// The operations of a model, from tokens to the head.
struct Network: Sendable {
  /// The embeddings that add up to the first layer's input.
  let inputs: [any InputOperation]
  /// The branches of each layer: x' = x + o_n(… o_1(x)), in order.
  private(set) var layers: [[Branch]]
  /// Whether the branches of a layer all read its input, and the layer adds all of them to it.
  var isParallel = false
  /// From the last layer's output to the head's input.
  let finalNorm: any Operation
  /// Logits; in a model with a reward head it stands on the embedding and is not used.
  let head: VocabularyHead
  let rewardHead: RewardHead?

  /// Puts the factors of an adapter beside a matrix.
  mutating func append(_ a: Weight, _ b: Weight, rank: Int, scale: Double, to index: Int) {
    for layer in layers.indices {
      for branch in layers[layer].indices {
        for place in layers[layer][branch].indices {
          guard var linear = layers[layer][branch][place] as? Linear,
            let own = linear.weights.firstIndex(where: { $0.index == index })
          else { continue }
          let widths = linear.weights.map { $0.count / linear.inputWidth }
          let start = widths[..<own].reduce(0, +)
          linear.factors.append(
            LowRankFactors(
              a: a, b: b, rank: rank, scale: scale, columns: start..<start + widths[own]))
          layers[layer][branch][place] = linear
          return
        }
      }
    }
    preconditionFailure("an adapter of a matrix that is no linear layer's")
  }

  /// The matrices with factors of an adapter beside them, in the order of the layers.
  var adaptedMatrices: [(matrix: Int, factors: LowRankFactors)] {
    layers.joined().joined().compactMap { $0 as? Linear }.flatMap { linear in
      linear.factors.map { factors in
        var column = 0
        let matrix = linear.weights.first { weight in
          defer { column += weight.count / linear.inputWidth }
          return column == factors.columns.lowerBound
        }
        return (matrix?.index ?? linear.weights[0].index, factors)
      }
    }
  }

  /// The matrices of linear layers.
  var linearWeights: Set<Int> {
    Set(layers.joined().joined().flatMap { ($0 as? Linear)?.weights.map(\.index) ?? [] })
  }

  /// The parameters that are stored as (inputs, outputs).
  var transposedWeights: Set<Int> {
    Set(layers.joined().joined().compactMap { ($0 as? TransposedLinear)?.weight.index })
  }

  /// The matrices that are read as a whole or by rows, and so may stay in their files: fused ones together, with the
  /// scalars of the largest piece that is read at a time, nil for all.
  var storableWeights: [(weights: [Int], largest: Int?)] {
    var groups = layers.joined().joined().flatMap {
      operation -> [(weights: [Int], largest: Int?)] in
      switch operation {
      case let linear as Linear: [(linear.weights.map(\.index), nil)]
      case let linear as TransposedLinear: [([linear.weight.index], nil)]
      case let mixture as ExpertMixture:
        [([mixture.router.index], nil)]
          + mixture.experts.flatMap {
            [(weights: [$0.gate.index, $0.up.index], largest: nil), ([$0.down.index], nil)]
          }
      default: []
      }
    }
    let tile = VocabularyHead.tile(head.vocabularySize) * head.hiddenSize
    groups += inputs.map { ([$0.table.index], 0) }
    if rewardHead == nil { groups.append(([head.weight.index], tile)) }
    return groups
  }

  /// Operations one after another; the first reads the residual stream, the last adds to it.
  typealias Branch = [any Operation]
}
