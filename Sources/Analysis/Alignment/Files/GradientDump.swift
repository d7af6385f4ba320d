// `--dump-gradients`: the full gradients of the first rollouts.
import HDF5
import ModelCore

/// Writes `/gradients/<sample>/<objective>/<parameter name>`.
struct GradientDump<Scalar: ModelScalar> {
  let plan: AlignmentPlan
  let model: Transformer<Scalar>

  func write(_ samples: [Int], to group: HDF5Group) throws {
    let workspace = Workspace(model)
    var gradient = GradientBuffer<Scalar>(model.layout)
    for sample in samples {
      for (objective, isMarginal) in [("marginal", true), ("conditional", false)] {
        let sequence = plan.sequence(sample, marginal: isMarginal)
        var batch = PackedSequences()
        batch.append(sequence)
        _ = workspace.score(batch)
        let coefficient: Scalar =
          plan.options.reduction == .mean ? 1 / Scalar(sequence.scoredCount) : 1
        gradient.values.clear()
        workspace.accumulateGradient(
          coefficients: Array(repeating: coefficient, count: sequence.scoredCount),
          into: &gradient)
        let target = try group.createGroup("\(sample)/\(objective)")
        for parameter in model.layout.parameters {
          // Parameters share their index scales, one per size and axis.
          let axes = zip(["output", "input"], parameter.shape).map { "\($0)_\($1)" }
          for (axis, count) in zip(axes, parameter.shape) where try !target.contains(axis) {
            try target.scale(axis, count: count, longName: "index")
          }
          let name = "gradient of the objective in \(parameter.name)"
          let values = gradient.values.withSpan { span in parameter.range.map { span[$0] } }
          if let values = values as? [Float] {
            try target.variable(parameter.name, values, over: axes, longName: name)
          } else {
            try target.variable(
              parameter.name, values.map { Double($0) }, over: axes, longName: name)
          }
        }
      }
    }
  }
}
