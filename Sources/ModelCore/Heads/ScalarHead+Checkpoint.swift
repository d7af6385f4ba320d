// A scalar head in a checkpoint folder, in its own file.
import Safetensors
import StrictJSON

extension ScalarHead {
  /// The names to look for, in order: those of transformers' `…ForSequenceClassification` with one
  /// label, which is also what is written, and those of TRL's value heads.
  private static var names: [(weight: String, bias: String)] {
    [("score.weight", "score.bias"), ("v_head.summary.weight", "v_head.summary.bias")]
  }

  private static func path(_ directory: String) -> String { directory + "/head.safetensors" }

  /// Opens the head of a checkpoint folder: `head.safetensors` as `save` writes it.
  ///
  /// - Throws: `CheckpointError` for a file without a head, or with a head of another size,
  ///   `SafetensorsError` for a malformed or unreadable file.
  public convenience init(directory: String, hiddenSize: Int) throws {
    let path = Self.path(directory)
    let file = try SafetensorsFile(path: path)
    guard let names = Self.names.first(where: { file.tensor(named: $0.weight) != nil }) else {
      let expected = Self.names.map { JSON.string($0.weight).text() }.joined(separator: " or ")
      throw CheckpointError(path: path, message: "has no scalar head (expected \(expected))")
    }
    self.init(hiddenSize: hiddenSize)
    for (name, place) in [(names.weight, 0..<hiddenSize), (names.bias, hiddenSize..<count)] {
      guard let tensor = file.tensor(named: name) else { continue }  // a head without a bias
      guard tensor.elementCount == place.count else {
        throw CheckpointError(
          path: path,
          message: "tensor \(JSON.string(name).text()) has shape \(tensor.shape) "
            + "(expected \(place.count) elements)")
      }
      for (index, value) in zip(place, try file.doubles(name)) {
        parameters.base[index] = Scalar(value)
      }
    }
  }

  /// Writes `head.safetensors` (F32) into an existing folder: `score.weight` (1, C) and `score.bias` (1).
  public func save(directory: String) throws {
    let source = parameters.base
    func tensor(_ name: String, _ shape: [Int], at start: Int) -> OutputTensor {
      OutputTensor(name: name, shape: shape) {
        (range: Range<Int>, out: UnsafeMutableBufferPointer<Float>) in
        for (place, element) in range.enumerated() { out[place] = Float(source[start + element]) }
      }
    }
    try SafetensorsWriter.write(
      to: Self.path(directory), metadata: [(key: "format", value: "pt")],
      tensors: [
        tensor(Self.names[0].weight, [1, hiddenSize], at: 0),
        tensor(Self.names[0].bias, [1], at: hiddenSize),
      ])
  }
}
