// The parts of the result file with more than a few numbers per rollout: prompts, parameter groups
// and tokens. They are written while the records are read.
import HDF5
import Tables

extension AlignmentFile {
  /// `/prompts`: all prompts, concatenated.
  func writePrompts(_ group: HDF5Group, _ samples: Range<Int>) throws {
    let rollouts = plan.rollouts[samples]
    try group.scale(
      "prompt_offset", Self.offsets(rollouts.map(\.promptTokens.count)), units: "token",
      longName: "first token of each prompt in token_id, and the end")
    try group.scale(
      "token", count: rollouts.reduce(0) { $0 + $1.promptTokens.count }, units: "token",
      longName: "token of a prompt")
    var tokens = try RowWriter<Int32>(
      group.createVariable("token_id", .int32, over: ["token"], longName: "token id"))
    for rollout in rollouts { try tokens.append(rollout.promptTokens) }
    try tokens.finish()
  }

  /// `/groups` and `/tokens`.
  func writeRows<Token: HDF5Element & BinaryFloatingPoint>(
    _ root: HDF5Group, _ sample: HDF5Dataset, _ samples: Range<Int>, _: Token.Type,
    _ row: (Int) throws -> AlignmentRow
  ) throws {
    let groupColumns = PairMeasurement.groupColumns
    let tokenColumns = PairMeasurement.tokenColumns(plan.options)
    var products = try makeGroups(root.createGroup("groups"), sample, groupColumns)
    var values = try makeTokens(root.createGroup("tokens"), samples, tokenColumns, Token.self)
    for index in samples {
      let pair = try row(index).sample.pair
      let tokenCount = plan.rollouts[index].responseTokens.count
      for (place, column) in groupColumns.enumerated() {
        let row = column.value(pair)
        precondition(row.count == groups.count, "rollout \(index) has other parameter groups")
        try products[place].append(row)
      }
      for (place, column) in tokenColumns.enumerated() {
        let row = column.value(pair)
        precondition(row.count == tokenCount, "rollout \(index) has another number of tokens")
        try values[place].append(row.map { Token($0) })
      }
    }
    for place in products.indices { try products[place].finish() }
    for place in values.indices { try values[place].finish() }
    try root.group("groups").markAsData(
      signal: "inner_product", axes: ["sample", "group"],
      title: "Inner products by parameter group")
    try root.group("tokens").markAsData(
      signal: "logp_conditional", axes: ["token"], title: "Log-probabilities of tokens")
  }

  private func makeGroups(
    _ group: HDF5Group, _ sample: HDF5Dataset, _ columns: [Column<PairMeasurement, [Double]>]
  ) throws -> [RowWriter<Double>] {
    try group.link(sample)
    try group.scale("group", count: groups.count, longName: "parameter group")
    try group.variable(
      "layer", groups.map { Int32(clamping: $0.layer) }, over: ["group"],
      longName: "layer, -1 for the embedding, the final norm and the head")
    try group.variable(
      "module", groups.map(\.module), over: ["group"], longName: "module within the layer")
    try group.variable(
      "group_name", groups.map(\.name), over: ["group"], longName: "name of the parameter group")
    return try columns.map { column in
      try RowWriter(
        group.createVariable(
          column.name, .float64, over: ["sample", "group"], units: column.units,
          longName: column.longName))
    }
  }

  private func makeTokens<Token: HDF5Element>(
    _ group: HDF5Group, _ samples: Range<Int>, _ columns: [Column<PairMeasurement, [Double]>],
    _: Token.Type
  ) throws -> [RowWriter<Token>] {
    let rollouts = plan.rollouts[samples]
    try group.scale(
      "sample_offset", Self.offsets(rollouts.map(\.responseTokens.count)), units: "token",
      longName: "first token of each response, and the end")
    try group.scale(
      "token", count: rollouts.reduce(0) { $0 + $1.responseTokens.count }, units: "token",
      longName: "token of a response")
    var tokens = try RowWriter<Int32>(
      group.createVariable("token_id", .int32, over: ["token"], longName: "token id"))
    var positions = try RowWriter<Int32>(
      group.createVariable(
        "position", .int32, over: ["token"], units: "token",
        longName: "place of the token in its response, from 0"))
    for rollout in rollouts {
      try tokens.append(rollout.responseTokens)
      try positions.append(rollout.responseTokens.indices.map { Int32(clamping: $0) })
    }
    try tokens.finish()
    try positions.finish()
    return try columns.map { column in
      try RowWriter(
        group.createVariable(
          column.name, Token.elementType, over: ["token"], units: column.units,
          longName: column.longName))
    }
  }

  /// The start of each part, and finally the end of the last one.
  private static func offsets(_ counts: [Int]) -> [Int] {
    counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
  }
}

/// Fills a dataset row by row, a block at a time.
private struct RowWriter<Element: HDF5Element> {
  private let dataset: HDF5Dataset
  private var pending: [Element] = []
  private var row = 0
  private var pendingRows = 0
  private let isFlat: Bool
  private static var blockSize: Int { 1 << 14 }

  init(_ dataset: HDF5Dataset) throws(HDF5Error) {
    self.dataset = dataset
    isFlat = try dataset.shape.count == 1
  }

  /// Adds one row, or values of a dataset with one axis.
  mutating func append(_ values: [Element]) throws(HDF5Error) {
    pending += values
    pendingRows += isFlat ? values.count : 1
    if pending.count >= Self.blockSize { try finish() }
  }

  /// Writes what is left.
  mutating func finish() throws(HDF5Error) {
    if !pending.isEmpty { try dataset.write(pending, at: row) }
    row += pendingRows
    pendingRows = 0
    pending.removeAll(keepingCapacity: true)
  }
}
