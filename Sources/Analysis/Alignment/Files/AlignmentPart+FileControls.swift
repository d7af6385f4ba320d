// The controls that look at all rollouts at once, read back from a result file.
import HDF5
import Runs

extension AlignmentPart {
  /// What the plan says the file holds of them.
  func fileControls(_ plan: AlignmentPlan) throws -> FileControls {
    var controls = FileControls()
    func group(_ control: AlignmentControl) throws -> HDF5Group? {
      guard plan.controls.contains(control) else { return nil }
      let name = "controls/\(control.rawValue)"
      guard try root.contains(name) else {
        throw OutputError.usage(path, "the control \(control.rawValue) is missing")
      }
      return try root.group(name)
    }
    if let group = try group(.cross) {
      controls.cross = CrossMatrix(
        samples: try group.dataset("marginal_sample").read(),
        innerProducts: try group.dataset("inner_product").read(),
        normsMarginal: try group.dataset("norm_marginal").read(),
        normsConditional: try group.dataset("norm_conditional").read())
    }
    if let group = try group(.update) {
      let rollouts = try group.dataset("batch_rollouts").read(Int.self)
      controls.update = UpdateControl(
        vectorNames: try group.dataset("vector_name").read(), batchCount: rollouts.count,
        gram: try group.dataset("gram").read(), batchRollouts: rollouts,
        batchTokens: try group.dataset("batch_tokens").read())
    }
    if let group = try group(.firstOrder) { controls.firstOrder = try firstOrder(group) }
    if let problem = controls.problem(plan) { throw OutputError.usage(path, problem) }
    return controls
  }

  private func firstOrder(_ group: HDF5Group) throws -> FirstOrderControl {
    let lengths = try group.dataset("length").read(Double.self)
    let names = try group.dataset("direction_name").read(String.self)
    let samples = try group.dataset("direction_sample").read(Int.self)
    let values = try ["predicted", "actual", "collateral"].map {
      try group.dataset($0).read(Double.self)
    }
    let (size, overflow) = names.count.multipliedReportingOverflow(by: lengths.count)
    guard !overflow, samples.count == names.count, values.allSatisfy({ $0.count == size }) else {
      throw OutputError.usage(
        path, "\(group.path) has parts that differ in size (expected \(names.count) directions)")
    }
    let directions = names.indices.map { place in
      let range = place * lengths.count..<(place + 1) * lengths.count
      return FirstOrderControl.Direction(
        name: names[place], sample: samples[place] < 0 ? nil : samples[place],
        predicted: Array(values[0][range]), actual: Array(values[1][range]),
        collateral: Array(values[2][range]))
    }
    return FirstOrderControl(
      lengths: lengths, samples: directions.filter { $0.sample != nil },
      rules: directions.filter { $0.sample == nil })
  }
}
