// OLMo 2 (2501.00656): RMSNorms behind attention and MLP in place of before them, and of all query and all key heads together.
import StrictJSON

enum OLMo2: GatedDecoder {
  static let name = "olmo2"
  static let architecture = "Olmo2ForCausalLM"
  static let normPlacement = NormPlacement.after
  static let hasWidthNorm = true
  static let hasAttentionBiasSwitch = true
}

extension ModelConfiguration.Family {
  public static let olmo2 = Self(OLMo2.self)
}
