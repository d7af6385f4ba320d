// Gemma 3 (2503.19786), text: RMSNorms with weights 1 + w before and behind attention and MLP and of each query and key head,
// GeGLU, scaled embeddings, and a sliding window with a rotation of its own in five of six layers.
import StrictJSON

enum Gemma3: GatedDecoder {
  static let name = "gemma3_text"
  static let architecture = "Gemma3ForCausalLM"
  static let normPlacement = NormPlacement.both
  static let normOffset = 1.0
  static let hasHeadNorm = true
  static let hasAttentionBiasSwitch = true
  static let activation: (kind: GLU.Activation, key: String, names: [String]) = (
    .gelu, "hidden_activation", ["gelu_pytorch_tanh"]
  )
  static let scalesEmbedding = true
  static let window = WindowRule.alternating(period: 6, localTheta: 10_000)
  static let hasOwnLocalTheta = true
  static let defaultTheta = 1_000_000.0
  // transformers' Gemma3TextConfig has a default for it, which a checkpoint should not rely on.
  static let requiresHeadDimension = true

  static func refuse(_ reader: inout JSONReader) throws(JSONValueError) {
    try reader.require("use_bidirectional_attention", false, "false")
    // transformers' class has the key and does not use it.
    try reader.require("attn_logit_softcapping", .null, "null")
  }

  static func readMore(
    _ reader: inout JSONReader, into configuration: inout ModelConfiguration
  ) throws(JSONValueError) {
    configuration.queryScaling =
      try reader.optionalDouble("query_pre_attn_scalar", in: 1e-6...1e9) ?? 256
    configuration.logitCap = try reader.optionalDouble("final_logit_softcapping", in: 1e-6...1e9)
    // transformers ties them unless told otherwise.
    configuration.tiedEmbeddings = try reader.optionalBool("tie_word_embeddings") ?? true
  }

  static func moreKeys(_ configuration: ModelConfiguration) -> JSONObject {
    let scaling = configuration.queryScaling ?? Double(configuration.headDimension)
    return [
      // transformers wants an integer where it is one.
      "query_pre_attn_scalar": Int(exactly: scaling).map { .integer($0) } ?? .real(scaling),
      "attn_logit_softcapping": configuration.attentionCap.map { .real($0) } ?? .null,
      "final_logit_softcapping": configuration.logitCap.map { .real($0) } ?? .null,
    ]
  }
}

extension ModelConfiguration.Family {
  public static let gemma3 = Self(Gemma3.self)
}
