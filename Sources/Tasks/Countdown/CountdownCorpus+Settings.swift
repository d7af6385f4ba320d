// The settings of the solver that writes the Countdown corpus.

extension CountdownCorpus {
  /// The solver's probabilities and bounds; the defaults are those of the embedded checkpoint.
  ///
  /// The solver of the hard variants guesses without regard to the target and prefers plus signs:
  /// each additional minus sign makes an untried sum 50 times less likely to be chosen. A model
  /// pretrained on this corpus sometimes solves problems that need one minus sign and hardly ever
  /// those that need two. It learns nothing about how a target is found. So Pass@1 is a few per
  /// cent, and even Pass@256 does not reach every problem.
  public struct Settings: Sendable, Hashable {
    /// The probability that an attempt takes a correct expression while both correct and wrong ones
    /// are untried. With nil the solver guesses uniformly among the untried.
    public var correctProbability: Double? = 0.40
    /// The factor of an untried expression's odds for each minus sign.
    public var minusWeight = 1.0
    /// The fraction of careful documents.
    public var carefulShare = 0.15
    /// The chance of a check after `yes` in a careful document.
    public var carefulCheck = 0.70
    /// The chance of a check after `yes` in any other.
    public var check = 0.05
    /// The factor of those probabilities after `no`.
    public var checkAfterNoFactor = 1.0 / 3
    /// The fraction of persistent documents.
    public var persistentShare = 0.20
    /// The chance of a switch in a persistent document.
    public var persistentSwitch = 0.80
    /// The chance of a switch in any other.
    public var change = 0.08
    /// The least chance of a switch right after a check.
    public var switchAfterCheck = 0.75
    /// The chance that a step of an attempt is wrong.
    public var slip = 0.02
    /// The chance that a step of a check is wrong.
    public var checkSlip = 0.005
    /// The chance that an attempt of another value is written as if it reached the target.
    public var falseHit = 0.25
    /// The most attempts in one document.
    public var maximumAttempts = 5
    /// The most tokens of one response, `<eos>` included.
    public var maximumLength: Int
    /// The fraction of documents that open with the question.
    public var questionShare = 0.5

    /// The settings of a variant's corpus; by default the embedded checkpoint's.
    public init(_ variant: CountdownVariant = .three) {
      maximumLength = variant.maximumResponseLength
      guard variant.numberCount > 3 else { return }
      correctProbability = nil
      minusWeight = 0.02
      // Most attempts miss, so at the rate of the embedded corpus nearly every `yes` would be
      // false.
      falseHit = 0.05
    }

    /// A solver that guesses blindly. It checks every `yes` (and a third of the `no`) or none.
    /// After a miss it always switches, or never unless a check has just failed.
    public static func blindGuesser(checks: Bool, switches: Bool) -> Settings {
      var settings = Settings()
      settings.correctProbability = nil
      settings.carefulCheck = checks ? 1 : 0
      settings.check = settings.carefulCheck
      settings.persistentSwitch = switches ? 1 : 0
      settings.change = settings.persistentSwitch
      return settings
    }
  }
}
