// What a run records of one rollout.

/// The main pair of a rollout and its rows of the controls that look at one rollout at a time.
public struct SampleAlignment: Sendable {
  /// The rollout's index in the file.
  public let index: Int
  public let pair: PairMeasurement
  /// One row a column of `AlignmentPlan.controlColumns`.
  public let controls: [PairSummary]

  public init(index: Int, pair: PairMeasurement, controls: [PairSummary]) {
    self.index = index
    self.pair = pair
    self.controls = controls
  }
}

/// One row-per-sample result of a control.
public struct ControlColumn: Sendable, Hashable {
  public let control: AlignmentControl
  /// What tells apart the columns of `null-context` and `breakdown`; empty for the other controls.
  public let name: String
  /// For people and plots.
  public let title: String

  /// `mismatched-prompt` or `breakdown/position 0-2`.
  public var label: String { name.isEmpty ? control.rawValue : "\(control.rawValue)/\(name)" }
}

extension AlignmentPlan {
  /// The columns of the controls that look at one rollout at a time, in the order of the results.
  public var controlColumns: [ControlColumn] {
    controls.flatMap { control -> [ControlColumn] in
      switch control {
      case .mismatchedPrompt:
        [
          ControlColumn(
            control: control, name: "", title: "same response, another problem's prompt")
        ]
      case .randomPrompt:
        [ControlColumn(control: control, name: "", title: "same response, random prompt")]
      case .shuffledResponse:
        [ControlColumn(control: control, name: "", title: "shuffled response in both contexts")]
      case .nullContext:
        options.nullContextSweep.map {
          ControlColumn(control: control, name: $0.name, title: "null context \($0.name)")
        }
      case .mixture:
        [ControlColumn(control: control, name: "", title: "mixture over the file's prompts")]
      case .untrained:
        [ControlColumn(control: control, name: "", title: "same shape at initialisation")]
      case .breakdown:
        BreakdownBin.allCases.map {
          ControlColumn(control: control, name: $0.name, title: $0.title)
        }
      case .cross, .update, .firstOrder:
        []
      }
    }
  }
}
