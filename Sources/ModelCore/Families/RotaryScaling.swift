// How rotary frequencies are stretched for long contexts: the kinds of `rope_scaling`.
import RealModule
import StrictJSON

/// A rule that changes the frequencies f_i = θ^(−2i/D) of the rotary position embedding
/// (transformers, `modeling_rope_utils.py`).
public enum RotaryScaling: Sendable, Hashable {
  /// All frequencies are divided by the factor (Chen et al., 2306.15595).
  case linear(factor: Double)
  /// θ grows with the length of sequences beyond `max_position_embeddings`. Up to there nothing is changed,
  /// and longer sequences are refused: their frequencies would depend on what follows a token.
  case dynamic(factor: Double)
  case llama3(Llama3)
  case yarn(YaRN)

  /// Llama 3's stretching of low frequencies: wavelengths beyond original / low_freq_factor are
  /// stretched by `factor`, those below original / high_freq_factor stay, and between them the two are
  /// blended.
  public struct Llama3: Sendable, Hashable {
    public var factor: Double
    public var lowFrequencyFactor: Double
    public var highFrequencyFactor: Double
    public var originalMaximumPositions: Int

    public init(
      factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double,
      originalMaximumPositions: Int
    ) {
      self.factor = factor
      self.lowFrequencyFactor = lowFrequencyFactor
      self.highFrequencyFactor = highFrequencyFactor
      self.originalMaximumPositions = originalMaximumPositions
    }
  }

  /// YaRN (Peng et al., 2309.00071): dimensions that turn more than `betaFast` times over the original
  /// positions stay, those that turn less than `betaSlow` times are stretched, and a ramp joins them.
  /// Cosines and sines are multiplied by `attentionFactor`.
  public struct YaRN: Sendable, Hashable {
    public var factor: Double
    public var attentionFactor: Double
    public var betaFast = 32.0
    public var betaSlow = 1.0
    /// Whether the ends of the ramp are whole dimensions.
    public var truncates = true
    public var originalMaximumPositions: Int

    /// - Parameter attentionFactor: nil for the paper's 0.1 ln(factor) + 1.
    public init(factor: Double, attentionFactor: Double? = nil, originalMaximumPositions: Int) {
      self.factor = factor
      self.attentionFactor = attentionFactor ?? Self.magnitude(factor)
      self.originalMaximumPositions = originalMaximumPositions
    }

    /// transformers' `get_mscale`.
    static func magnitude(_ factor: Double, _ scale: Double = 1) -> Double {
      factor <= 1 ? 1 : 0.1 * scale * Double.log(factor) + 1
    }
  }

  /// What cosines and sines are multiplied by.
  var attentionFactor: Double {
    if case .yarn(let yarn) = self { yarn.attentionFactor } else { 1 }
  }

  /// The frequencies in place of f_i; D is the head dimension.
  func scaled(_ frequencies: [Double], theta: Double, headDimension: Int) -> [Double] {
    switch self {
    case .linear(let factor): frequencies.map { $0 / factor }
    case .dynamic: frequencies
    case .llama3(let llama): frequencies.map(llama.scaled)
    case .yarn(let yarn): yarn.scaled(frequencies, theta: theta, headDimension: headDimension)
    }
  }
}

extension RotaryScaling.Llama3 {
  func scaled(_ frequency: Double) -> Double {
    let wavelength = 2 * Double.pi / frequency
    let original = Double(originalMaximumPositions)
    if wavelength < original / highFrequencyFactor { return frequency }
    if wavelength > original / lowFrequencyFactor { return frequency / factor }
    let blend =
      (original / wavelength - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor)
    return (1 - blend) * frequency / factor + blend * frequency
  }
}

extension RotaryScaling.YaRN {
  func scaled(_ frequencies: [Double], theta: Double, headDimension: Int) -> [Double] {
    /// The dimension that turns this many times over the original positions.
    func dimension(turning count: Double) -> Double {
      Double(headDimension) * Double.log(Double(originalMaximumPositions) / (count * 2 * .pi))
        / (2 * Double.log(theta))
    }
    var (low, high) = (dimension(turning: betaFast), dimension(turning: betaSlow))
    if truncates { (low, high) = (low.rounded(.down), high.rounded(.up)) }
    low = max(low, 0)
    high = min(high, Double(headDimension - 1))
    // Equal ends would divide by 0.
    if low == high { high += 0.001 }
    return frequencies.enumerated().map { index, frequency in
      let stretched = min(max((Double(index) - low) / (high - low), 0), 1)
      return frequency / factor * stretched + frequency * (1 - stretched)
    }
  }
}

// MARK: - config.json

extension RotaryScaling {
  /// Reads the settings of a kind; nil for `default`.
  ///
  /// - Parameters:
  ///   - key: The key of the kind: `rope_type`, or `type` in older files.
  ///   - positions: `max_position_embeddings`, the default of the original positions.
  ///   - outerOriginal: `original_max_position_embeddings` beside the settings, which has priority, as in
  ///     transformers.
  static func read(
    _ settings: inout JSONReader, key: String, positions: Int, outerOriginal: Int?
  ) throws(JSONValueError) -> RotaryScaling? {
    let positive = 1e-6...1e9
    let inner = try settings.optionalInt("original_max_position_embeddings", in: 1...1 << 30)
    let original = outerOriginal ?? inner ?? positions
    let type = try settings.optionalString(key) ?? "default"
    switch type {
    case "default": return nil
    case "linear": return .linear(factor: try settings.double("factor", in: positive))
    case "dynamic": return .dynamic(factor: try settings.double("factor", in: positive))
    case "llama3":
      let low = try settings.double("low_freq_factor", in: positive)
      let high = try settings.double("high_freq_factor", in: positive)
      guard low < high else {
        throw JSONValueError(
          path: settings.path(of: "high_freq_factor"),
          message: "\(high) is not larger than low_freq_factor \(low)")
      }
      let required =
        if let outerOriginal {
          outerOriginal
        } else {
          try settings.int("original_max_position_embeddings", in: 1...1 << 30)
        }
      return .llama3(
        Llama3(
          factor: try settings.double("factor", in: positive), lowFrequencyFactor: low,
          highFrequencyFactor: high,
          originalMaximumPositions: required))
    case "yarn":
      let factor =
        try settings.optionalDouble("factor", in: positive) ?? Double(positions) / Double(original)
      let range = 0...1e9
      let scale = try settings.optionalDouble("mscale", in: range) ?? 0
      let scaleOfAll = try settings.optionalDouble("mscale_all_dim", in: range) ?? 0
      var attention = try settings.optionalDouble("attention_factor", in: positive)
      if attention == nil, scale > 0, scaleOfAll > 0 {
        attention = YaRN.magnitude(factor, scale) / YaRN.magnitude(factor, scaleOfAll)
      }
      var yarn = YaRN(
        factor: factor, attentionFactor: attention, originalMaximumPositions: original)
      // 0 stands for the default, as in transformers.
      let (fast, slow) = (
        try settings.optionalDouble("beta_fast", in: range) ?? 0,
        try settings.optionalDouble("beta_slow", in: range) ?? 0
      )
      if fast > 0 { yarn.betaFast = fast }
      if slow > 0 { yarn.betaSlow = slow }
      yarn.truncates = try settings.optionalBool("truncate") ?? true
      return .yarn(yarn)
    default:
      throw JSONValueError(
        path: settings.path(of: key),
        message: "\(JSON.string(type).summary) is not supported (expected \"default\", \"linear\", "
          + "\"dynamic\", \"llama3\" or \"yarn\")")
    }
  }

  /// The members of `rope_scaling`.
  var json: JSONObject {
    switch self {
    case .linear(let factor): ["rope_type": "linear", "factor": .real(factor)]
    case .dynamic(let factor): ["rope_type": "dynamic", "factor": .real(factor)]
    case .llama3(let llama):
      [
        "rope_type": "llama3", "factor": .real(llama.factor),
        "low_freq_factor": .real(llama.lowFrequencyFactor),
        "high_freq_factor": .real(llama.highFrequencyFactor),
        "original_max_position_embeddings": .integer(llama.originalMaximumPositions),
      ]
    case .yarn(let yarn):
      [
        "rope_type": "yarn", "factor": .real(yarn.factor),
        "attention_factor": .real(yarn.attentionFactor), "beta_fast": .real(yarn.betaFast),
        "beta_slow": .real(yarn.betaSlow), "truncate": .bool(yarn.truncates),
        "original_max_position_embeddings": .integer(yarn.originalMaximumPositions),
      ]
    }
  }
}
