// Qwen2 and Qwen2.5 (2407.10671): biases of the query, key and value projections.
import StrictJSON

enum Qwen2: GatedDecoder {
  static let name = "qwen2"
  static let window = WindowRule.switched
  static let architecture = "Qwen2ForCausalLM"
  static let hasProjectionBias = true
  // The biases are part of the model, so Qwen2Config has no switch for them.
  static let writesAttentionBias = false
}

extension ModelConfiguration.Family {
  public static let qwen2 = Self(Qwen2.self)
}
