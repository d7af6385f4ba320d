// The optimizer's state as a safetensors file.
import ModelCore
import Safetensors

extension AdamW {
  /// Writes `exp_avg.NAME` and `exp_avg_sq.NAME` of every parameter (F32), and the number of updates
  /// as the metadata `step`; replaces an old file at once. Nothing is copied but a piece at a time.
  public func save(to path: String) throws(SafetensorsError) {
    var tensors: [OutputTensor] = []
    for moment in [first, second] {
      for parameter in parameters {
        let offset = parameter.offset
        tensors.append(
          OutputTensor(name: "\(moment.name).\(parameter.name)", shape: parameter.shape) {
            (range: Range<Int>, piece: inout MutableSpan<Float>) in
            moment.values.withSpan { values in
              for place in piece.indices {
                piece[place] = values[offset + range.lowerBound + place]
              }
            }
          })
      }
    }
    try SafetensorsWriter.write(
      to: path, metadata: [(key: "step", value: String(step))], tensors: tensors)
  }

  /// Reads what `save` wrote for the same layout, one tensor at a time.
  ///
  /// - Throws: `SafetensorsError` for a malformed file, `OptimizerError` for one of another model, both
  ///   before anything has changed; `SafetensorsError` for a machine that fails to read, after which
  ///   the moments are of no use.
  public mutating func load(_ path: String) throws {
    let file = try SafetensorsFile(path: path)
    guard let step = file.metadata.first(where: { $0.key == "step" }).flatMap({ Int($0.value) }),
      step >= 0
    else {
      throw OptimizerError(path: path, message: "no number of updates (expected metadata step)")
    }
    let places = [first, second].flatMap { moment in
      parameters.map { (moment, $0, name: "\(moment.name).\($0.name)") }
    }
    for (_, parameter, name) in places where file.tensor(named: name)?.shape != parameter.shape {
      throw OptimizerError(path: path, message: "no tensor \(name) of shape \(parameter.shape)")
    }
    for (moment, parameter, name) in places {
      let read = try file.floats(name)
      moment.values.withMutableSpan { values in
        for (place, value) in zip(parameter.range, read) { values[place] = value }
      }
    }
    restore(step: step)
  }
}
