// Qwen3 (2505.09388): RMSNorm of every query and key head before the rotation.
import StrictJSON

enum Qwen3: GatedDecoder {
  static let name = "qwen3"
  static let window = WindowRule.switched
  static let architecture = "Qwen3ForCausalLM"
  static let hasHeadNorm = true
  static let hasAttentionBiasSwitch = true
  // transformers' Qwen3Config has a default for it, which a checkpoint should not rely on.
  static let requiresHeadDimension = true
}

extension ModelConfiguration.Family {
  public static let qwen3 = Self(Qwen3.self)
}
