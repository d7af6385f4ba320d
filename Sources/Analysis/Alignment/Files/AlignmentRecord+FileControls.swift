// The record of the controls that look at all rollouts at once.
import Runs

extension ByteWriter {
  mutating func write(_ controls: FileControls) {
    write(controls.cross == nil ? 0 : 1)
    if let cross = controls.cross {
      write(cross.samples)
      write(cross.innerProducts)
      write(cross.normsMarginal)
      write(cross.normsConditional)
    }
    write(controls.update == nil ? 0 : 1)
    if let update = controls.update {
      write(update.vectorNames)
      write(update.batchCount)
      write(update.gram)
      write(update.batchRollouts)
      write(update.batchTokens)
    }
    write(controls.firstOrder == nil ? 0 : 1)
    if let firstOrder = controls.firstOrder {
      write(firstOrder.lengths)
      for directions in [firstOrder.samples, firstOrder.rules] {
        write(directions.count)
        for direction in directions {
          write(direction.name)
          write(direction.sample ?? -1)
          write(direction.predicted)
          write(direction.actual)
          write(direction.collateral)
        }
      }
    }
  }
}

extension ByteReader {
  mutating func readFileControls(_ plan: AlignmentPlan) throws(Malformed) -> FileControls {
    var controls = FileControls()
    if try readPresence(of: .cross, plan) {
      controls.cross = CrossMatrix(
        samples: try readInts(), innerProducts: try readDoubles(),
        normsMarginal: try readDoubles(), normsConditional: try readDoubles())
    }
    if try readPresence(of: .update, plan) {
      controls.update = UpdateControl(
        vectorNames: try readStrings(), batchCount: try readInt(), gram: try readDoubles(),
        batchRollouts: try readInts(), batchTokens: try readInts())
    }
    if try readPresence(of: .firstOrder, plan) {
      let lengths = try readDoubles()
      let samples = try readDirections()
      controls.firstOrder = FirstOrderControl(
        lengths: lengths, samples: samples, rules: try readDirections())
    }
    if let problem = controls.problem(plan) { throw malformed(problem) }
    return controls
  }

  private mutating func readPresence(
    of control: AlignmentControl, _ plan: AlignmentPlan
  ) throws(Malformed) -> Bool {
    let isPresent = try readInt()
    let expected = plan.controls.contains(control) ? 1 : 0
    guard isPresent == expected else {
      throw malformed("the control \(control.rawValue) \(isPresent) times (expected \(expected))")
    }
    return isPresent == 1
  }

  private mutating func readDirections() throws(Malformed) -> [FirstOrderControl.Direction] {
    var directions: [FirstOrderControl.Direction] = []
    for _ in 0..<(try readCount()) {
      let name = try readString()
      let sample = try readInt()
      directions.append(
        FirstOrderControl.Direction(
          name: name, sample: sample < 0 ? nil : sample, predicted: try readDoubles(),
          actual: try readDoubles(), collateral: try readDoubles()))
    }
    return directions
  }
}
