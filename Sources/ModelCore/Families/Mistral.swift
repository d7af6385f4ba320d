// Mistral (2310.06825): Llama with a sliding window in every layer, which later models leave out.
import StrictJSON

enum Mistral: GatedDecoder {
  static let name = "mistral"
  static let architecture = "MistralForCausalLM"
  // transformers' MistralConfig has this default.
  static let window = WindowRule.everyLayer(missing: 4096)
  static let writesAttentionBias = false
}

extension ModelConfiguration.Family {
  public static let mistral = Self(Mistral.self)
}
