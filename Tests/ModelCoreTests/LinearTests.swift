import ModelCore
import TestSupport
import Testing

/// The three matrix products of a linear layer y = x · wᵀ, on views with a stride.
@Suite struct LinearTests {
  private let rows = 5
  private let inputs = 7
  private let outputs = 3

  /// A view of the first columns of wider rows, so that strides matter.
  private struct View<Scalar: ModelScalar> {
    let memory: Values<Scalar>
    let matrix: Matrix<Scalar>

    init(_ values: [Double], rows: Int, columns: Int) {
      let stride = columns + 2
      memory = Values(Array(repeating: -777, count: rows * stride))
      matrix = memory.matrix(rows, stride).columns(0..<columns)
      for row in 0..<rows {
        for column in 0..<columns {
          matrix.row(row)[column] = Scalar(values[row * columns + column])
        }
      }
    }

    var values: [Double] {
      (0..<matrix.rows).flatMap { row in
        (0..<matrix.columns).map { Double(matrix.row(row)[$0]) }
      }
    }
  }

  private func forward(_ x: [Double], _ w: [Double]) -> [Double] {
    let xView = View<Double>(x, rows: rows, columns: inputs)
    let wView = View<Double>(w, rows: outputs, columns: inputs)
    let y = View<Double>(
      Array(repeating: -777, count: rows * outputs), rows: rows, columns: outputs)
    CPU.multiply(xView.matrix, transposed: wView.matrix, into: y.matrix)
    return y.values
  }

  /// dx and dw with what they start from and beta.
  private func backward<Scalar: ModelScalar>(
    _ type: Scalar.Type, _ x: [Double], _ w: [Double], _ dy: [Double], start: Double, beta: Scalar
  ) -> (dx: [Double], dw: [Double]) {
    let xView = View<Scalar>(x, rows: rows, columns: inputs)
    let wView = View<Scalar>(w, rows: outputs, columns: inputs)
    let dyView = View<Scalar>(dy, rows: rows, columns: outputs)
    let dx = View<Scalar>(
      Array(repeating: start, count: rows * inputs), rows: rows, columns: inputs)
    let dw = View<Scalar>(
      Array(repeating: start, count: outputs * inputs), rows: outputs, columns: inputs)
    CPU.multiply(dyView.matrix, wView.matrix, into: dx.matrix, beta: beta)
    CPU.multiply(transposed: dyView.matrix, xView.matrix, into: dw.matrix, beta: beta)
    for view in [dx, dw] {
      let last = view.matrix.row(view.matrix.rows - 1)
      #expect(last[view.matrix.columns] == -777, "nothing outside of the view is written")
    }
    return (dx.values, dw.values)
  }

  @Test func forwardIsTheDefinition() {
    let x = randomValues(rows * inputs, 1)
    let w = randomValues(outputs * inputs, 2)
    let expected = (0..<rows * outputs).map { place in
      dotProduct(
        Array(x[place / outputs * inputs..<(place / outputs + 1) * inputs]),
        Array(w[place % outputs * inputs..<(place % outputs + 1) * inputs]))
    }
    expectClose(forward(x, w), expected, absolute: 1e-14)
  }

  @Test func backwardIsTheDerivative() {
    let x = randomValues(rows * inputs, 1)
    let w = randomValues(outputs * inputs, 2)
    let dy = randomValues(rows * outputs, 3)
    let gradient = backward(Double.self, x, w, dy, start: -777, beta: 0)
    checkGradient(
      of: { dotProduct(forward($0, w), dy) }, at: x, gradient: gradient.dx, tolerance: 1e-9, "dx")
    checkGradient(
      of: { dotProduct(forward(x, $0), dy) }, at: w, gradient: gradient.dw, tolerance: 1e-9, "dw")
  }

  @Test func betaKeepsWhatIsThere() {
    let x = randomValues(rows * inputs, 1)
    let w = randomValues(outputs * inputs, 2)
    let dy = randomValues(rows * outputs, 3)
    let plain = backward(Double.self, x, w, dy, start: 0, beta: 0)
    let added = backward(Double.self, x, w, dy, start: 10, beta: 1)
    expectClose(added.dx, plain.dx.map { $0 + 10 }, absolute: 1e-13, "dx")
    expectClose(added.dw, plain.dw.map { $0 + 10 }, absolute: 1e-13, "dw")
    let single = backward(Float.self, x, w, dy, start: 10, beta: 1)
    expectClose(single.dx, added.dx, absolute: 1e-5, "Float dx")
    expectClose(single.dw, added.dw, absolute: 1e-5, "Float dw")
  }
}
