import ModelCore
import TestSupport
import Testing

@Suite struct RowKernelTests {
  /// The maximum at every place of every tail; what lies beyond the row is not read.
  @Test(arguments: 0...17) func rowMaximumFindsTheLargestWhereverItIs(count: Int) {
    #expect(rowMaximum([Float](repeating: 9, count: 8), count: 0) == -.infinity)
    for place in 0..<count {
      var row = randomValues(count, 1).map { Float($0) } + [1e6, 1e6]
      row[place] = 100
      #expect(rowMaximum(row, count: count) == 100)
      row = row.map { $0 - 1e4 }
      #expect(rowMaximum(row, count: count) == row[place], "all negative")
    }
  }

  /// Products of large floats overflow Float and vanish beside each other; in Double they do not.
  @Test func publishedProductsAreSummedInDouble() {
    #expect(wideDot([1e30, 1] as [Float], [1e30, 1] as [Float], count: 2) > 0.99e60)
    let x = [Float](repeating: 1, count: 1001)
    var y = [Float](repeating: 0x1p-30, count: 1001)
    y[500] = 1
    expectClose(wideDot(x, y, count: 1001), 1 + 1000 * 0x1p-30, absolute: 1e-14)
  }
}
