// Weights that stay in their checkpoint's files, in the type in which they are stored.
import Safetensors

/// Where the weights of a model are.
public enum WeightStorage: String, Sendable, CaseIterable {
  /// In memory, converted once.
  case float32
  /// Matrices stay in the checkpoint's mapped files and are converted whenever a product needs them, with the
  /// same bits. The files must not change while the model is used.
  case stored
}

/// The matrices of a model that stay in their files, by parameter.
final class StoredWeights: Sendable {
  let tensors: [MappedTensor?]
  /// Scalars of the largest matrix that is converted at a time.
  let largest: Int

  init(_ tensors: [MappedTensor?], largest: Int) {
    self.tensors = tensors
    self.largest = largest
  }

  /// Bytes in the files.
  var byteCount: Int { tensors.reduce(0) { $0 + ($1?.byteCount ?? 0) } }
}

/// One worker's memory for converted matrices: two at a time.
final class WeightPanels<Scalar: ModelScalar> {
  private var first = Buffer<Scalar>(count: 0)
  private var second = Buffer<Scalar>(count: 0)

  static var count: Int { 2 }

  func memory(_ panel: Int, count: Int) -> UnsafeMutablePointer<Scalar> {
    if panel == 0 {
      if first.count < count { first = Buffer(count: count) }
      return first.base
    }
    if second.count < count { second = Buffer(count: count) }
    return second.base
  }
}

/// A buffer over a layout as operations read it: a model's parameters, some of which may be stored elsewhere, or a
/// direction of them.
struct ParameterView<Scalar: ModelScalar> {
  let base: UnsafeMutablePointer<Scalar>
  var stored: StoredWeights? = nil
  var panels: WeightPanels<Scalar>? = nil

  /// A vector, or a matrix that is never stored.
  @inline(__always)
  subscript(_ weight: Weight) -> UnsafeMutablePointer<Scalar> { base + weight.offset }

  /// A parameter as a matrix; with fused layers, also the parameters that follow it.
  ///
  /// - Parameter panel: A matrix is valid until the next one with the same number.
  func matrix(_ weight: Weight, rows: Int, columns: Int, panel: Int = 0) -> Matrix<Scalar> {
    guard let stored, let panels, stored.tensors[weight.index] != nil else {
      return Matrix(self[weight], rows: rows, columns: columns)
    }
    return self.rows(
      weight, 0..<rows, columns: columns, stored, panels.memory(panel, count: rows * columns))
  }

  /// Some rows of a parameter as a matrix.
  func rows(_ weight: Weight, _ range: Range<Int>, columns: Int) -> Matrix<Scalar> {
    guard let stored, let panels, stored.tensors[weight.index] != nil else {
      return Matrix(self[weight] + range.lowerBound * columns, rows: range.count, columns: columns)
    }
    return rows(
      weight, range, columns: columns, stored, panels.memory(0, count: range.count * columns))
  }

  private func rows(
    _ weight: Weight, _ range: Range<Int>, columns: Int, _ stored: StoredWeights,
    _ memory: @autoclosure () -> UnsafeMutablePointer<Scalar>
  ) -> Matrix<Scalar> {
    let wanted = range.lowerBound * columns..<range.upperBound * columns
    if Scalar.self == Float.self, let tensor = stored.tensors[weight.index],
      wanted.upperBound <= tensor.count, let values = tensor.floats
    {
      let base = UnsafeMutableRawPointer(mutating: values).assumingMemoryBound(to: Scalar.self)
      return Matrix(base + wanted.lowerBound, rows: range.count, columns: columns)
    }
    let target = memory()
    var (index, done, skipped) = (weight.index, 0, wanted.lowerBound)
    while done < wanted.count, let tensor = stored.tensors[index] {
      let part = skipped..<min(tensor.count, skipped + wanted.count - done)
      Self.copy(tensor, part, to: target + done)
      done += part.count
      skipped = 0
      index += 1
    }
    precondition(done == wanted.count, "fused matrices are stored together")
    return Matrix(target, rows: range.count, columns: columns)
  }

  /// y_i = or += row i of a table.
  func gather(
    _ table: Weight, width: Int, _ indices: [Int32], to y: Matrix<Scalar>, adding: Bool
  ) {
    guard let tensor = stored?.tensors[table.index], let panels else {
      let rows = (indices.max().map(Int.init) ?? -1) + 1
      let all = Matrix(self[table], rows: rows, columns: width)
      return adding
        ? Backend.gatherAdding(all, indices, to: y) : Backend.gather(all, indices, into: y)
    }
    let row = Matrix(panels.memory(0, count: width), rows: 1, columns: width)
    for (place, index) in indices.enumerated() {
      let own = y.rows(place..<place + 1)
      Self.copy(
        tensor, Int(index) * width..<(Int(index) + 1) * width, to: adding ? row.base : own.base)
      if adding { Backend.gatherAdding(row, [0], to: own) }
    }
  }

  static func copy(
    _ tensor: MappedTensor, _ range: Range<Int>, to target: UnsafeMutablePointer<Scalar>
  ) {
    let raw = UnsafeMutableRawPointer(target)
    if Scalar.self == Float.self {
      tensor.copy(
        range,
        to: UnsafeMutableBufferPointer(
          start: raw.assumingMemoryBound(to: Float.self), count: range.count))
    } else {
      tensor.copy(
        range,
        to: UnsafeMutableBufferPointer(
          start: raw.assumingMemoryBound(to: Double.self), count: range.count))
    }
  }
}
