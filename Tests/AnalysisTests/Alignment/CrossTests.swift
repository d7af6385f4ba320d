// The `cross` control: products of whole gradients, all pairs.
import ModelCore
import TestSupport
import Testing

@Suite struct CrossTests {
  @Test(arguments: Setting.all, [7, 128])
  func crossIsEveryProductOfTwoGradients(setting: Setting, limit: Int) throws {
    let lab = setting.family.lab
    let rollouts = lab.rollouts(for: setting.nullContext)
    let subject = Subject(
      rollouts, lab.model,
      Request(
        nullContext: setting.nullContext, mean: setting.mean, controls: ["cross"],
        crossLimit: limit))
    let cross = try #require(try subject.measureFile()?.cross)
    let count = min(limit, rollouts.count)
    // Evenly spaced over the file.
    #expect(
      cross.samples
        == (0..<count).map { Int(Double($0) * Double(rollouts.count) / Double(count)) })
    let gradients = cross.samples.map { index in
      let response = rollouts[index].responseTokens
      let weights = setting.weights(response.count)
      return [setting.nullContext, rollouts[index].promptTokens].map {
        combination(
          lab.table($0, response).gradients, weights, count: lab.model.layout.count)
      }
    }
    for (i, row) in gradients.enumerated() {
      for (j, column) in gradients.enumerated() {
        let lengths = norm(row[0]) * norm(column[1])
        let place = i * count + j
        // 1e-8: difference quotients, as for a row.
        expectClose(
          cross.products[place], dot(row[0], column[1]), absolute: 1e-8 * lengths, "\(i), \(j)")
        expectClose(
          cross.cosines[place], dot(row[0], column[1]) / lengths, absolute: 3e-8, "\(i), \(j)")
      }
      expectClose(cross.normsMarginal[i], norm(row[0]), relative: 1e-8, "|g_m|")
      expectClose(cross.normsConditional[i], norm(row[1]), relative: 1e-8, "|g_c|")
    }
  }
}
