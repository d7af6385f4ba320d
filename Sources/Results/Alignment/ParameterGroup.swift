// What one column of `/groups` stands for.

/// The parameters of one module of one layer.
public struct ParameterGroup: Sendable, Hashable {
  /// The layer, −1 for the embedding, the final norm and the head.
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
