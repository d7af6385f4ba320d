// Gemma 2 (2408.00118): RMSNorms with weights 1 + w before and behind attention and MLP, GeGLU, scaled embeddings, a sliding
// window in every second layer, and soft-capped attention scores and logits.
import StrictJSON

enum Gemma2: GatedDecoder {
  static let name = "gemma2"
  static let architecture = "Gemma2ForCausalLM"
  static let normPlacement = NormPlacement.both
  static let normOffset = 1.0
  static let hasAttentionBiasSwitch = true
  static let activation: (kind: GLU.Activation, key: String, names: [String]) = (
    .gelu, "hidden_activation", ["gelu_pytorch_tanh"]
  )
  static let scalesEmbedding = true
  static let window = WindowRule.alternating(period: 2, localTheta: nil)
  // transformers' Gemma2Config has a default for it, which a checkpoint should not rely on.
  static let requiresHeadDimension = true

  static func refuse(_ reader: inout JSONReader) throws(JSONValueError) {
    try reader.require("use_bidirectional_attention", false, "false")
  }

  static func readMore(
    _ reader: inout JSONReader, into configuration: inout ModelConfiguration
  ) throws(JSONValueError) {
    // An absent key is the default of transformers' class, null is no cap.
    try Gemma3.readMore(&reader, into: &configuration)
    configuration.attentionCap =
      reader.object["attn_logit_softcapping"] == nil
      ? 50 : try reader.optionalDouble("attn_logit_softcapping", in: 1e-6...1e9)
    if reader.object["final_logit_softcapping"] == nil { configuration.logitCap = 30 }
  }

  static func moreKeys(_ configuration: ModelConfiguration) -> JSONObject {
    Gemma3.moreKeys(configuration)
  }

  static func tiny(tied: Bool) -> ModelConfiguration {
    var configuration = ModelConfiguration.tiny(Self.self, tied: tied)
    configuration.slidingWindow = .init(width: 3, layers: [true, false])
    // Low enough to bend what a tiny model computes.
    configuration.attentionCap = 0.5
    configuration.logitCap = 0.7
    return configuration
  }
}

extension ModelConfiguration.Family {
  public static let gemma2 = Self(Gemma2.self)
}
