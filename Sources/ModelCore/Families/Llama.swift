// Llama 2 and 3 (2307.09288, 2407.21783): the plain gated decoder, with Llama 3's scaled rotation.
import StrictJSON

enum Llama: GatedDecoder {
  static let name = "llama"
  static let architecture = "LlamaForCausalLM"
  static let hasAttentionBiasSwitch = true
  static let hasFeedForwardBiasSwitch = true
}

extension ModelConfiguration.Family {
  public static let llama = Self(Llama.self)
}
