// Llama 2 and 3 (2307.09288, 2407.21783): the plain gated decoder, with Llama 3's scaled rotation.
import StrictJSON

enum Llama: GatedDecoder {
  static let name = "llama"
  static let architecture = "LlamaForCausalLM"
  static let hasAttentionBiasSwitch = true
  static let hasFeedForwardBiasSwitch = true

  static func refuse(_ reader: inout JSONReader) throws(JSONValueError) {
    // Mistral's files are like Llama's, except for the sliding window.
    if reader.object["use_sliding_window"] == nil, let window = reader.object["sliding_window"] {
      guard window.isNull else { throw reader.unsupported("sliding_window", expected: "null") }
    }
  }
}

extension ModelConfiguration.Family {
  public static let llama = Self(Llama.self)
}
