// DSRL: a first phase of NSR-PreRL, then GRPO on all rollouts (policy reincarnation, arXiv:2604.14142).
//
//   step ≤ S: negative advantages after the null context
//   step > S: both signs after the prompt
//
// Differences from the paper: none known under preset `paper-equation`.
// Differences from its code: denominators are those of the whole batch. Its `step < S` from 1, so
// S − 1 steps of the first phase, its factor 0.01, and the optimizer's moments that outlive the switch are
// preset `paper-code`; `matched` starts the second phase with fresh moments.
import StrictJSON
import Tasks

/// Two phases in two spaces.
public struct DSRL: Algorithm {
  public static let name = "dsrl"

  /// S, steps of the first phase.
  public var preTrainSteps: Int
  /// Whether step S belongs to the first phase.
  public var preTrainIncludesLast: Bool
  public var resetsOptimizer: Bool
  public var preTrain: AdvantageTerm
  public var postTrain: AdvantageTerm
  public var loss: LossSettings

  /// Reads `pre_train_steps`, `pre_train_includes_last`, `reset_optimizer`, `pre_train_advantage`,
  /// `pre_train_coefficient` and `advantage`. The first phase was called `warm_up` before, which is
  /// still read, and still stored: a stored configuration has to compare with older ones.
  public init(
    reading reader: inout JSONReader, for run: RunOutline
  ) throws(JSONValueError) {
    let steps = try reader.spelling("pre_train_steps", formerly: "warm_up_steps")
    preTrainSteps = try reader.optionalInt(steps, in: 1...Int.max) ?? 10
    guard preTrainSteps < run.steps else {
      throw JSONValueError(
        path: reader.path(of: steps),
        message: "\(preTrainSteps) leaves no step of \(run.steps) to the second phase "
          + "(expected an integer below steps)")
    }
    let last = try reader.spelling("pre_train_includes_last", formerly: "warm_up_includes_last")
    preTrainIncludesLast = try reader.optionalBool(last) ?? run.preset.preTrainIncludesLast
    resetsOptimizer = try reader.optionalBool("reset_optimizer") ?? run.preset.resetsOptimizer
    preTrain = try AdvantageTerm(
      .preTrain, .negative, reading: &reader, run.preset,
      keys: ("pre_train_advantage", "pre_train_coefficient"),
      formerly: ("warm_up_advantage", "warm_up_coefficient"))
    postTrain = try AdvantageTerm(.postTrain, .both, reading: &reader, run.preset)
    loss = try LossSettings(reading: &reader, for: run)
  }

  public var usesGroupBaseline: Bool {
    preTrain.scheme.usesGroupBaseline || postTrain.scheme.usesGroupBaseline
  }

  public var json: JSONObject {
    var object: JSONObject = [
      "warm_up_steps": .integer(preTrainSteps),
      "warm_up_includes_last": .bool(preTrainIncludesLast),
      "reset_optimizer": .bool(resetsOptimizer),
    ]
    for (key, value) in preTrain.json.members + postTrain.json.members { object[key] = value }
    object["loss"] = loss.json
    return object
  }

  /// The last step in the pre-train space.
  private var lastPreTrainStep: Int { preTrainIncludesLast ? preTrainSteps : preTrainSteps - 1 }

  public func objective(of groups: [RolloutGroup], step: Int) -> PolicyObjective {
    if step <= lastPreTrainStep { return preTrain.objective(of: groups, loss) }
    return postTrain.objective(
      of: groups, loss, startsFreshOptimizer: resetsOptimizer && step == lastPreTrainStep + 1)
  }
}
