// A scalar head in the tensors of a checkpoint folder.
import Safetensors
import StrictJSON

extension ScalarHead {
  /// The prefix of a value head's tensors, which no language model reads.
  static var prefix: String { "v_head." }

  /// The names to look for, in order: those of TRL's `AutoModelForCausalLMWithValueHead`, which are also
  /// what is written, and those of transformers' `…ForSequenceClassification` with one label.
  private static var names: [(weight: String, bias: String)] {
    [("v_head.summary.weight", "v_head.summary.bias"), ("score.weight", "score.bias")]
  }

  /// Opens the head of a checkpoint folder, from the file or the shards of its tensors.
  ///
  /// - Throws: `CheckpointError` for a folder without a head, or with a head of another size,
  ///   `SafetensorsError` for a malformed or unreadable file, `NonFiniteError` for a weight that is NaN or
  ///   infinite.
  public convenience init(directory: String, hiddenSize: Int) throws {
    let checkpoint = try SafetensorsCheckpoint(directory: directory)
    guard let names = Self.names.first(where: { checkpoint.tensor(named: $0.weight) != nil })
    else {
      let expected = Self.names.map { JSON.string($0.weight).text() }.joined(separator: " or ")
      throw CheckpointError(path: directory, message: "has no scalar head (expected \(expected))")
    }
    self.init(hiddenSize: hiddenSize)
    for (name, place) in [(names.weight, 0..<hiddenSize), (names.bias, hiddenSize..<count)] {
      guard let tensor = checkpoint.tensor(named: name) else { continue }  // a head without a bias
      let path = checkpoint.path(of: name) ?? directory
      let quoted = JSON.string(name).text()
      guard tensor.elementCount == place.count, tensor.dtype.isFloatingPoint else {
        throw CheckpointError(
          path: path,
          message: "tensor \(quoted) has shape \(tensor.shape) and type \(tensor.dtype.rawValue) "
            + "(expected \(place.count) floating-point elements)")
      }
      for (index, value) in zip(place, try SafetensorsFile(path: path).doubles(name)) {
        guard value.isFinite else {
          throw NonFiniteError("\(path): an element of tensor \(quoted)")
        }
        parameters.base[index] = Scalar(value)
      }
    }
  }

  /// w (1, C) and b (1) as tensors to be written; the head must outlive them.
  var tensors: [OutputTensor] {
    let source = parameters.base
    func tensor(_ name: String, _ shape: [Int], at start: Int) -> OutputTensor {
      OutputTensor(name: name, shape: shape) {
        (range: Range<Int>, out: UnsafeMutableBufferPointer<Float>) in
        for (place, element) in range.enumerated() { out[place] = Float(source[start + element]) }
      }
    }
    return [
      tensor(Self.names[0].weight, [1, hiddenSize], at: 0),
      tensor(Self.names[0].bias, [1], at: hiddenSize),
    ]
  }
}
