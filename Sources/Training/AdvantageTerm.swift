// The part that most algorithms have in common: advantages of rewards, of one sign or both, in a space.
import StrictJSON
import Tasks

/// Which advantages take part in a loss.
public enum AdvantageSigns: Sendable {
  case both, negative, positive

  func keeps(_ advantage: Double) -> Bool {
    switch self {
    case .both: true
    case .negative: advantage < 0
    case .positive: advantage > 0
    }
  }
}

/// An objective of advantages in one space.
public struct AdvantageTerm: Sendable {
  public let space: Space
  public let signs: AdvantageSigns
  public var scheme: AdvantageScheme
  /// Factor of the loss; 1 after the prompt.
  public var coefficient: Double
  private let keys: (advantage: String, coefficient: String)

  /// Reads the keys `advantage` and, in the pre-train space, `coefficient`.
  ///
  /// - Parameter keys: Other names of the two keys.
  /// - Throws: `JSONValueError` naming an out-of-range key.
  init(
    _ space: Space, _ signs: AdvantageSigns, reading reader: inout JSONReader, _ preset: Preset,
    keys: (advantage: String, coefficient: String) = ("advantage", "coefficient"),
    formerly old: (advantage: String, coefficient: String)? = nil
  ) throws(JSONValueError) {
    self.space = space
    self.signs = signs
    // Files hold the first spelling that a key ever had.
    self.keys = old ?? keys
    let isPreTrain = space == .preTrain
    scheme = isPreTrain ? preset.preTrainAdvantage : preset.postTrainAdvantage
    let key = try reader.spelling(keys.advantage, formerly: old?.advantage)
    scheme = try reader.optionalChoice(key) ?? scheme
    coefficient = 1
    guard isPreTrain else { return }
    let factor = try reader.spelling(keys.coefficient, formerly: old?.coefficient)
    coefficient =
      try reader.optionalDouble(factor, in: 1e-6...1e6) ?? preset.preTrainCoefficient
  }

  /// The keys as they are read.
  var json: JSONObject {
    var object: JSONObject = [keys.advantage: .string(scheme.rawValue)]
    if space == .preTrain { object[keys.coefficient] = .real(coefficient) }
    return object
  }

  /// The objective of a step.
  func objective(
    of groups: [RolloutGroup], _ loss: LossSettings, startsFreshOptimizer: Bool = false
  ) -> PolicyObjective {
    let signs = signs
    return PolicyObjective(
      groups, space: space, advantages: scheme.advantages(of: groups), keeping: { signs.keeps($0) },
      coefficient: coefficient, loss, startsFreshOptimizer: startsFreshOptimizer)
  }
}

/// An algorithm that is one such term from the first step to the last. Conforming types say in which
/// space and of which sign; their files say what that means.
public protocol OneTermAlgorithm: Algorithm {
  static var space: Space { get }
  static var signs: AdvantageSigns { get }
  var term: AdvantageTerm { get }
  init(term: AdvantageTerm, loss: LossSettings)
}

extension OneTermAlgorithm {
  public init(reading reader: inout JSONReader, for run: RunOutline) throws(JSONValueError) {
    let term = try AdvantageTerm(Self.space, Self.signs, reading: &reader, run.preset)
    self.init(term: term, loss: try LossSettings(reading: &reader, for: run))
  }

  public var usesGroupBaseline: Bool { term.scheme.usesGroupBaseline }

  public var json: JSONObject {
    var object = term.json
    object["loss"] = loss.json
    return object
  }

  public func objective(of groups: [RolloutGroup], step: Int) -> PolicyObjective {
    term.objective(of: groups, loss)
  }
}
