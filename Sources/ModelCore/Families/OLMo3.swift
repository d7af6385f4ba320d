// OLMo 3 (2512.13961): OLMo 2 with a sliding window in three of four layers, which YaRN does not stretch.
import StrictJSON

enum OLMo3: GatedDecoder {
  static let name = "olmo3"
  static let architecture = "Olmo3ForCausalLM"
  static let normPlacement = NormPlacement.after
  static let hasWidthNorm = true
  static let hasAttentionBiasSwitch = true
  static let defaultTheta = 500_000.0
  static let window = WindowRule.alternating(period: 4, localTheta: 500_000)
}

extension ModelConfiguration.Family {
  public static let olmo3 = Self(OLMo3.self)
}
