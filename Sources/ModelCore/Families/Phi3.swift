// Phi-3 (2404.14219): one matrix for query, key and value projections, and one for both halves of the gated MLP. Models with
// long-context rotation (`longrope`) are refused.
import StrictJSON

enum Phi3: GatedDecoder {
  static let name = "phi3"
  static let architecture = "Phi3ForCausalLM"
  static let isFused = true
  static let window = WindowRule.everyLayer(missing: nil)
  static let rotatesPartially = true
  static let writesAttentionBias = false

  static func refuse(_ reader: inout JSONReader) throws(JSONValueError) {
    // transformers' Phi3Config has no such key and its model no such layers.
    try reader.require("layer_types", .null, "null")
    for key in ["rope_scaling", "rope_parameters"] {
      guard let scaling = reader.object[key]?.objectValue,
        let type = (scaling["rope_type"] ?? scaling["type"])?.stringValue, type != "default"
      else { continue }
      throw JSONValueError(
        path: "\(key).\(scaling["rope_type"] == nil ? "type" : "rope_type")",
        message:
          "\(JSON.string(type).summary) is not supported (expected \"default\": a Phi-3 model with a short "
          + "context)")
    }
  }
}

extension ModelConfiguration.Family {
  public static let phi3 = Self(Phi3.self)
}
