// Qwen3-MoE (2505.09388): Qwen3 with a mixture of experts in place of the MLP, in all layers or in some.
import StrictJSON

enum Qwen3MoE: GatedDecoder {
  static let name = "qwen3_moe"
  static let architecture = "Qwen3MoeForCausalLM"
  static let hasHeadNorm = true
  static let hasAttentionBiasSwitch = true
  static let hasExperts = true

  /// A token uses `num_experts_per_tok` of `num_experts` MLPs of width `moe_intermediate_size`. Layers of
  /// `mlp_only_layers`, and all but every `decoder_sparse_step`-th, have one MLP.
  static func readMore(
    _ reader: inout JSONReader, into configuration: inout ModelConfiguration
  ) throws(JSONValueError) {
    // transformers writes the second name; released checkpoints have the first.
    let key = reader.object["num_experts"] == nil ? "num_local_experts" : "num_experts"
    let count = try reader.int(key, in: 0...4096)
    guard count > 0 else { return }
    let period = try reader.optionalInt("decoder_sparse_step", in: 1...4096) ?? 1
    let last = configuration.layerCount - 1
    let none = reader.object["mlp_only_layers"]?.isNull ?? true
    let dense = none ? [] : try reader.ints("mlp_only_layers", in: 0...last)
    configuration.experts = .init(
      count: count,
      chosenCount: try reader.int("num_experts_per_tok", in: 1...count),
      width: try reader.int("moe_intermediate_size", in: 1...1 << 22),
      normalizesWeights: try reader.optionalBool("norm_topk_prob") ?? false,
      layers: (0...last).map { !dense.contains($0) && ($0 + 1).isMultiple(of: period) })
  }

  static func moreKeys(_ configuration: ModelConfiguration) -> JSONObject {
    guard let experts = configuration.experts else { return ["num_experts": 0] }
    return [
      "num_experts": .integer(experts.count),
      "num_experts_per_tok": .integer(experts.chosenCount),
      "moe_intermediate_size": .integer(experts.width),
      "norm_topk_prob": .bool(experts.normalizesWeights),
      "decoder_sparse_step": 1,
      "mlp_only_layers": .array(
        experts.layers.indices.filter { !experts.layers[$0] }.map { .integer($0) }),
    ]
  }

  /// Two of three experts in the second layer.
  static func tiny(tied: Bool) -> ModelConfiguration {
    var configuration = ModelConfiguration.tiny(Self.self, tied: tied)
    configuration.experts = .init(
      count: 3, chosenCount: 2, width: 5, normalizesWeights: tied, layers: [false, true])
    return configuration
  }
}

extension ModelConfiguration.Family {
  public static let qwen3MoE = Self(Qwen3MoE.self)
}
