import ModelCore
import TestSupport
import Testing

/// A receiver that a user of the library writes: what it is given makes up the whole gradient.
@Suite struct GradientReceiverTests {
  /// Forms every gradient with three loops, from spans.
  private final class Plain: GradientReceiver {
    let layout: ParameterLayout
    var gradient: [Double]
    var calls: [String] = []

    init(_ layout: ParameterLayout) {
      self.layout = layout
      gradient = Array(repeating: 0, count: layout.count)
    }

    private func addProduct(_ start: Int, _ dy: Matrix<Double>, _ x: Matrix<Double>) {
      for row in 0..<dy.rows {
        dy.withRow(row) { dy in
          x.withRow(row) { x in
            for i in dy.indices {
              for j in x.indices { gradient[start + i * x.count + j] += dy[i] * x[j] }
            }
          }
        }
      }
    }

    private func addRow(_ start: Int, _ matrix: Matrix<Double>, _ row: Int) {
      matrix.withRow(row) { values in
        for i in values.indices { gradient[start + i] += values[i] }
      }
    }

    private func start(_ parameter: Int) -> Int { layout.parameters[parameter].offset }

    func weights(_ parameters: [Int], outputGradient dy: Matrix<Double>, input x: Matrix<Double>) {
      calls.append("weights")
      let count = parameters.reduce(0) { $0 + layout.parameters[$1].count }
      #expect(count == dy.columns * x.columns && dy.rows == x.rows)
      addProduct(start(parameters[0]), dy, x)
    }

    func biases(_ parameters: [Int], outputGradient dy: Matrix<Double>) {
      for row in 0..<dy.rows { addRow(start(parameters[0]), dy, row) }
    }

    func vector(_ parameter: Int, side: Int, gradient: Matrix<Double>) {
      #expect(gradient.rows == 1 && gradient.columns == layout.parameters[parameter].count)
      addRow(start(parameter), gradient, 0)
    }

    func head(
      _ parameter: Int, rows: Range<Int>, outputGradient dLogits: Matrix<Double>,
      input f: Matrix<Double>
    ) {
      calls.append("head")
      #expect(rows.count == dLogits.columns)
      addProduct(start(parameter) + rows.lowerBound * f.columns, dLogits, f)
    }

    func lookup(_ parameter: Int, indices: [Int32], outputGradient dx: Matrix<Double>) {
      calls.append("lookup")
      for (row, index) in indices.enumerated() {
        addRow(start(parameter) + Int(index) * dx.columns, dx, row)
      }
    }
  }

  @Test(arguments: Shape.all) func whatIsDeliveredIsTheWholeGradient(shape: Shape) {
    let model = Transformer<Double>.random(shape.configuration())
    let workspace = Workspace(model, activationBudget: 10_000, vocabularyTile: 4)
    let batch = PackedSequences([
      ScoredSequence(context: [1], response: [3, 3, 7, 2]),
      ScoredSequence(context: [9, 4], response: [6, 1, 6, 2]),
    ])
    let coefficients = randomValues(batch.scoredCount, 5)
    let expected = workspace.gradient(batch, coefficients)
    let receiver = Plain(model.layout)
    workspace.backward(coefficients: coefficients, into: receiver)
    let largest = expected.map { abs($0) }.max() ?? 0
    expectClose(receiver.gradient, expected, absolute: 1e-13 * largest, "gradient")
    #expect(receiver.calls.prefix(3) == ["head", "head", "head"], "tiles come first")
    #expect(receiver.calls.last == "lookup")
  }
}
