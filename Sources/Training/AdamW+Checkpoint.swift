// The optimizer's state as a safetensors file.
import ModelCore
import Safetensors

extension AdamW {
  /// torch.optim's names of the moments; a tensor is called `exp_avg.` and the parameter's name.
  private static let momentNames = ["exp_avg", "exp_avg_sq"]

  /// Writes `exp_avg.NAME` and `exp_avg_sq.NAME` of every parameter (F32), and the number of updates
  /// as the metadata `step`; replaces an old file at once.
  public func save(to path: String) throws(SafetensorsError) {
    var tensors: [OutputTensor] = []
    for (moment, values) in zip(Self.momentNames, moments) {
      for parameter in layout.parameters {
        tensors.append(
          OutputTensor(
            name: "\(moment).\(parameter.name)", shape: parameter.shape,
            values: Array(values[parameter.range])))
      }
    }
    try SafetensorsWriter.write(
      to: path, metadata: [(key: "step", value: String(step))], tensors: tensors)
  }

  /// Reads what `save` wrote for the same layout.
  ///
  /// - Throws: `SafetensorsError` for a malformed file, `OptimizerError` for one of another model.
  public mutating func load(_ path: String) throws {
    let file = try SafetensorsFile(path: path)
    guard let step = file.metadata.first(where: { $0.key == "step" }).flatMap({ Int($0.value) }),
      step >= 0
    else {
      throw OptimizerError(path: path, message: "no number of updates (expected metadata step)")
    }
    var moments = [[Float]](repeating: [], count: 2)
    for place in moments.indices {
      for parameter in layout.parameters {
        let name = "\(Self.momentNames[place]).\(parameter.name)"
        guard file.tensor(named: name)?.shape == parameter.shape else {
          throw OptimizerError(
            path: path, message: "no tensor \(name) of shape \(parameter.shape)")
        }
        moments[place] += try file.floats(name)
      }
    }
    restore(moments, step: step)
  }
}
