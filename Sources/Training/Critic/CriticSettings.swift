// The key `critic` of a configuration.
import StrictJSON

/// What a value function is made of, and how it learns.
public struct CriticSettings: Sendable, Hashable {
  /// The model whose states the value head reads.
  public enum Trunk: String, Sendable, CaseIterable {
    /// A copy of the base of its own.
    case separate
    /// The policy, which gets the value's gradient, too.
    case shared
    /// The policy, which gets no gradient of the value.
    case detached
  }

  /// The first value head.
  public enum Initialization: String, Sendable, CaseIterable {
    /// V = 0 everywhere (Huang et al., The N Implementation Details of RLHF with PPO, 2024).
    case zero
    /// w normal with standard deviation 0.2, an option of TRL's value head.
    case normal
    /// w normal with standard deviation 1/(C + 1), as OpenRLHF.
    case scaled

    /// The standard deviation of w for hidden size C.
    func deviation(hiddenSize: Int) -> Double {
      switch self {
      case .zero: 0
      case .normal: 0.2
      case .scaled: 1 / Double(hiddenSize + 1)
      }
    }
  }

  public var trunk: Trunk
  public var initialization: Initialization
  /// Steps in which the critic learns alone.
  public var warmUpSteps: Int
  /// The highest rate of the head, and of a trunk of its own; the schedule is the policy's.
  public var learningRate: Double?
  /// ε of the value loss's limit; nil for no limit.
  public var clipRange: Double?
  /// Factor of the value loss on a shared trunk.
  public var coefficient: Double

  /// Reads `critic` with `trunk`, `init`, `warmup`, `learning_rate`, `cliprange_value` and `vf_coef`.
  ///
  /// - Throws: `JSONValueError` naming an unknown or out-of-range key.
  init(reading reader: inout JSONReader, _ preset: Preset) throws(JSONValueError) {
    trunk = .separate
    initialization = preset == .openrlhf ? .scaled : .zero
    warmUpSteps = preset == .vapo ? 50 : 0
    learningRate = nil
    clipRange = preset == .openrlhf || preset == .verl ? 0.5 : 0.2
    coefficient = 0.1
    guard var critic = try reader.optionalObject("critic") else { return }
    trunk = try critic.optionalChoice("trunk") ?? trunk
    initialization = try critic.optionalChoice("init") ?? initialization
    warmUpSteps = try critic.optionalInt("warmup", in: 0...1_000_000) ?? warmUpSteps
    learningRate = try critic.optionalDouble("learning_rate", in: 0...1)
    let isGiven = critic.contains("cliprange_value")
    let limit = try critic.optionalDouble("cliprange_value", in: 1e-12...1e12)
    if isGiven { clipRange = limit }  // null takes the limit away
    coefficient = try critic.optionalDouble("vf_coef", in: 0...1e6) ?? coefficient
    try critic.finish()
  }

  /// The settings as they are read.
  var json: JSON {
    var object: JSONObject = [
      "trunk": .string(trunk.rawValue), "init": .string(initialization.rawValue),
      "warmup": .integer(warmUpSteps), "vf_coef": .real(coefficient),
      "cliprange_value": clipRange.map { .real($0) } ?? .null,
    ]
    if let learningRate { object["learning_rate"] = .real(learningRate) }
    return .object(object)
  }
}
