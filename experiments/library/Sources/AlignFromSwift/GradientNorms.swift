// A gradient receiver of one's own: the norm of every parameter's gradient.
import ModelCore

/// Sums each parameter's gradient in Double and takes its norm.
///
/// A backward pass does not form gradients. It hands over, for each parameter, the two factors whose
/// product is the gradient; a receiver decides what becomes of them. This one multiplies them by
/// plain loops, the simplest receiver that is right for every model.
final class GradientNorms<Scalar: ModelScalar>: GradientReceiver {
  private let layout: ParameterLayout
  /// The gradient of each parameter, row by row.
  private var gradients: [[Double]]

  init(_ layout: ParameterLayout) {
    self.layout = layout
    gradients = layout.parameters.map { Array(repeating: 0, count: $0.count) }
  }

  /// The Euclidean norm of each parameter's gradient, in the order of the layout.
  var norms: [Double] {
    gradients.map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }
  }

  func weights(_ parameters: [Int], outputGradient dy: Matrix<Scalar>, input x: Matrix<Scalar>) {
    // Parameters that lie one after another share a call: each has some of the columns of dy.
    var column = 0
    for parameter in parameters {
      let count = layout.parameters[parameter].count / x.columns
      addProduct(dy, columns: column..<column + count, x, to: parameter, firstRow: 0)
      column += count
    }
  }

  func biases(_ parameters: [Int], outputGradient dy: Matrix<Scalar>) {
    for row in 0..<dy.rows {
      dy.withRow(row) { dy in
        var column = 0
        for parameter in parameters {
          for place in gradients[parameter].indices {
            gradients[parameter][place] += Double(dy[column])
            column += 1
          }
        }
      }
    }
  }

  func vector(_ parameter: Int, side: Int, gradient: Matrix<Scalar>) {
    gradient.withRow(0) { gradient in
      for place in gradient.indices { gradients[parameter][place] += Double(gradient[place]) }
    }
  }

  func head(
    _ parameter: Int, rows: Range<Int>, outputGradient dLogits: Matrix<Scalar>,
    input f: Matrix<Scalar>
  ) {
    addProduct(
      dLogits, columns: 0..<rows.count, f, to: parameter, firstRow: rows.lowerBound)
  }

  func lookup(_ parameter: Int, indices: [Int32], outputGradient dx: Matrix<Scalar>) {
    // A tied embedding has got the head's share before; the two add up to one gradient.
    for (row, index) in indices.enumerated() {
      dx.withRow(row) { dx in
        let start = Int(index) * dx.count
        for place in dx.indices { gradients[parameter][start + place] += Double(dx[place]) }
      }
    }
  }

  /// Adds dyᵀ x, with some columns of dy, to the rows of a parameter from `firstRow` on.
  private func addProduct(
    _ dy: Matrix<Scalar>, columns: Range<Int>, _ x: Matrix<Scalar>, to parameter: Int, firstRow: Int
  ) {
    for row in 0..<dy.rows {
      dy.withRow(row) { dy in
        x.withRow(row) { x in
          var start = firstRow * x.count
          for column in columns {
            let factor = Double(dy[column])
            for place in x.indices {
              gradients[parameter][start + place] += factor * Double(x[place])
            }
            start += x.count
          }
        }
      }
    }
  }
}
