// The sliding window of a gated decoder in config.json.
import StrictJSON

extension GatedDecoder {
  /// The layers with a window; nil where no layer has one.
  static func slidingWindow(
    _ reader: inout JSONReader, layers count: Int, localTheta: Double?
  ) throws(JSONValueError) -> ModelConfiguration.SlidingWindow? {
    /// null is no window; an absent key is the default of transformers' class.
    func windowWidth(missing: Int?) throws(JSONValueError) -> Int? {
      reader.object["sliding_window"] == nil
        ? missing : try reader.optionalInt("sliding_window", in: 1...1 << 30)
    }
    let none = [Bool](repeating: false, count: count)
    let width: Int?
    var layers = none
    switch window {
    case .none:
      try reader.require("use_sliding_window", false, "false")
      if reader.object["use_sliding_window"] == nil {
        try reader.require("sliding_window", .null, "null")
      }
      width = nil
    case .everyLayer(let missing):
      width = try windowWidth(missing: missing)
      if width != nil { layers = none.map { _ in true } }
    case .switched:
      // Checkpoints contain the size of a window with the switch off, which is also its default.
      guard try reader.optionalBool("use_sliding_window") ?? false else {
        width = nil
        break
      }
      width = try windowWidth(missing: 4096)
      let first = try reader.optionalInt("max_window_layers", in: 0...4096) ?? 28
      layers = none.indices.map { $0 >= first }
    case .alternating(let period, _):
      width = try windowWidth(missing: 4096)
      let period = try reader.optionalInt("sliding_window_pattern", in: 1...4096) ?? period
      layers = none.indices.map { !($0 + 1).isMultiple(of: period) }
      if width == nil, reader.object["layer_types"]?.arrayValue == nil {
        throw reader.unsupported("sliding_window", expected: "a number of tokens")
      }
    }
    if let types = reader.object["layer_types"], !types.isNull {
      layers = try Self.layers(types, count: count, hasWindow: width != nil, &reader)
    }
    guard let width, layers.contains(true) else { return nil }
    return ModelConfiguration.SlidingWindow(width: width, layers: layers, ropeTheta: localTheta)
  }

  /// `layer_types`
  private static func layers(
    _ types: JSON, count: Int, hasWindow: Bool, _ reader: inout JSONReader
  ) throws(JSONValueError) -> [Bool] {
    let known = ["full_attention": false, "sliding_attention": true]
    let names = types.arrayValue?.map { $0.stringValue.flatMap { known[$0] } } ?? [nil]
    guard hasWindow else {
      guard names.allSatisfy({ $0 == false }) else {
        throw reader.unsupported("layer_types", expected: "\"full_attention\" in every layer")
      }
      return []
    }
    let layers = names.compactMap(\.self)
    guard layers.count == names.count, layers.count == count else {
      throw reader.unsupported(
        "layer_types",
        expected: "\(count) of \"full_attention\" and \"sliding_attention\"")
    }
    return layers
  }

  /// The keys of the window.
  static func windowKeys(_ configuration: ModelConfiguration) -> JSONObject {
    let found = configuration.slidingWindow
    var keys: JSONObject = [:]
    switch window {
    case .none: return keys
    case .everyLayer:
      keys["sliding_window"] = found.map { .integer($0.width) } ?? .null
      // Absent unless layers differ: the families' own classes have no such key.
      guard let found, found.layers.contains(false) else { return keys }
    case .switched:
      guard found != nil else { return keys }
      keys["use_sliding_window"] = true
    case .alternating: break
    }
    if let found { keys["sliding_window"] = .integer(found.width) }
    let layers = found?.layers ?? Array(repeating: false, count: configuration.layerCount)
    keys["layer_types"] = .array(
      layers.map { $0 ? "sliding_attention" : "full_attention" })
    return keys
  }
}
