// The rotation of a gated decoder in config.json.
import StrictJSON

/// What config.json says of the rotation of heads.
struct Rotation {
  var theta: Double
  var scaling: RotaryScaling?
  /// Of the layers with a window, where they have a rotation of their own.
  var localTheta: Double?
  /// The share of a head's dimensions that are rotated; nil for all.
  var rotatedShare: Double?
}

extension GatedDecoder {
  private static var thetaRange: ClosedRange<Double> { 1e-6...1e15 }

  /// Reads both spellings: `rope_parameters` of transformers 5, and the earlier `rope_theta` and
  /// `rope_scaling`.
  static func rope(
    _ reader: inout JSONReader, positions: Int
  ) throws(JSONValueError) -> Rotation {
    if case .alternating(_, let localTheta?) = window {
      return try alternatingRope(&reader, positions: positions, localTheta: localTheta)
    }
    let outerTheta = try reader.optionalDouble("rope_theta", in: thetaRange)
    let parameters = try reader.optionalObject("rope_parameters")
    let scaling = try reader.optionalObject("rope_scaling")
    let outerShare =
      rotatesPartially ? try reader.optionalDouble("partial_rotary_factor", in: 0...1) : nil
    // If both are given, transformers 5 uses the older one, and older versions know only that.
    let chosen = scaling.flatMap { $0.object.isEmpty ? nil : $0 } ?? parameters
    guard var settings = chosen else {
      return Rotation(theta: outerTheta ?? defaultTheta, rotatedShare: outerShare)
    }
    for (key, value) in settings.object.members where value.objectValue != nil {
      throw JSONValueError(
        path: settings.path(of: key),
        message: "\(value.summary) is not supported (expected one rotation for all layers)")
    }
    let theta =
      try settings.optionalDouble("rope_theta", in: thetaRange) ?? outerTheta ?? defaultTheta
    let share = try settings.optionalDouble("partial_rotary_factor", in: 0...1)
    if let share, share != 1, !rotatesPartially {
      throw JSONValueError(
        path: settings.path(of: "partial_rotary_factor"),
        message: "\(share) is not supported (expected 1)")
    }
    return Rotation(
      theta: theta, scaling: try Self.scaling(&settings, of: &reader, positions: positions),
      rotatedShare: share ?? outerShare)
  }

  /// The scaling that an object describes under either of its two keys.
  private static func scaling(
    _ settings: inout JSONReader, of reader: inout JSONReader, positions: Int
  ) throws(JSONValueError) -> RotaryScaling? {
    let isOlder =
      (settings.object["rope_type"] ?? .null).isNull && !(settings.object["type"] ?? .null).isNull
    let outerOriginal = try reader.optionalInt(
      "original_max_position_embeddings", in: 1...1 << 30)
    return try RotaryScaling.read(
      &settings, key: isOlder ? "type" : "rope_type", positions: positions,
      outerOriginal: outerOriginal)
  }

  /// Two rotations: `rope_parameters` of transformers 5 has one for each kind of layer. Earlier, `rope_theta` and
  /// `rope_scaling` were those of the layers without a window, and `rope_local_base_freq` θ of the others.
  private static func alternatingRope(
    _ reader: inout JSONReader, positions: Int, localTheta: Double
  ) throws(JSONValueError) -> Rotation {
    let outerTheta = try reader.optionalDouble("rope_theta", in: thetaRange)
    let outerLocal = try reader.optionalDouble("rope_local_base_freq", in: thetaRange)
    var rotation = Rotation(
      theta: outerTheta ?? defaultTheta, localTheta: outerLocal ?? localTheta)
    var parameters = try reader.optionalObject("rope_parameters")
    if let found = parameters, !found.object.isEmpty,
      !found.contains("full_attention"), !found.contains("sliding_attention")
    {
      throw reader.unsupported(
        "rope_parameters",
        expected:
          "an object with full_attention and sliding_attention; versions of transformers read others differently"
      )
    }
    // transformers 4 gives windows the outer θ, transformers 5 the default.
    if outerTheta.map({ $0 != localTheta }) ?? false, !hasOwnLocalTheta,
      parameters?.contains("sliding_attention") != true
    {
      throw reader.unsupported(
        "rope_theta",
        expected:
          "\(localTheta), or rope_parameters.sliding_attention: versions of transformers read others differently"
      )
    }
    if var full = try parameters?.optionalObject("full_attention") {
      rotation.theta = try full.optionalDouble("rope_theta", in: thetaRange) ?? rotation.theta
      rotation.scaling = try scaling(&full, of: &reader, positions: positions)
    }
    if var local = try parameters?.optionalObject("sliding_attention") {
      rotation.localTheta =
        try local.optionalDouble("rope_theta", in: thetaRange) ?? rotation.localTheta
      for key in ["rope_type", "type"] {
        guard let type = try local.optionalString(key), type != "default" else { continue }
        throw JSONValueError(
          path: local.path(of: key),
          message: "\(JSON.string(type).summary) is not supported (expected \"default\")")
      }
    }
    if var old = try reader.optionalObject("rope_scaling"), !old.object.isEmpty {
      rotation.scaling = try scaling(&old, of: &reader, positions: positions)
    }
    return rotation
  }

  /// transformers rounds down; a share that was written for so many dimensions means these.
  static func rotated(_ share: Double, of headDimension: Int) -> Int {
    Int((Double(headDimension) * share).nextUp)
  }

  /// The dimensions of a head that are rotated; nil for all.
  static func rotatedDimension(
    _ share: Double, of headDimension: Int
  ) throws(JSONValueError) -> Int? {
    let rotated = Self.rotated(share, of: headDimension)
    guard rotated.isMultiple(of: 2), rotated > 0 else {
      throw JSONValueError(
        path: "partial_rotary_factor",
        message:
          "\(share) rotates \(rotated) of \(headDimension) dimensions (expected an even number)")
    }
    return rotated == headDimension ? nil : rotated
  }

  /// The keys of the rotation, in both spellings: versions before transformers 5 would otherwise ignore the scaling.
  static func rotationKeys(_ configuration: ModelConfiguration) -> JSONObject {
    var rope: JSONObject = ["rope_theta": .real(configuration.ropeTheta), "rope_type": "default"]
    if let scaling = configuration.ropeScaling {
      for (key, value) in scaling.json.members { rope[key] = value }
    }
    if let rotated = configuration.rotatedDimension {
      rope["partial_rotary_factor"] = .real(
        Double(rotated) / Double(configuration.headDimension))
    }
    var keys: JSONObject = ["rope_theta": .real(configuration.ropeTheta)]
    keys["rope_parameters"] = .object(rope)
    if case .alternating(_, let localTheta?) = window {
      let theta = JSON.real(configuration.slidingWindow?.ropeTheta ?? localTheta)
      keys["rope_parameters"] = [
        "full_attention": .object(rope),
        "sliding_attention": ["rope_theta": theta, "rope_type": "default"],
      ]
      keys["rope_local_base_freq"] = theta
    }
    if configuration.ropeScaling != nil {
      rope["rope_theta"] = nil
      keys["rope_scaling"] = .object(rope)
    }
    keys["partial_rotary_factor"] = rope["partial_rotary_factor"]
    return keys
  }
}
