// The record of one rollout.

/// The main pair of a rollout and its rows of the controls that measure one rollout at a time.
public struct SampleAlignment: Sendable {
  /// The rollout's index in the file.
  public let index: Int
  public let pair: PairMeasurement
  /// One row per entry of `AlignmentPlan.entries`.
  public let controls: [PairSummary]

  public init(index: Int, pair: PairMeasurement, controls: [PairSummary]) {
    self.index = index
    self.pair = pair
    self.controls = controls
  }
}
