// The token values of an alignment result, found by the id of a rollout.
import HDF5
import Runs
import Tasks

/// An alignment file open for reading, one rollout at a time.
public struct AlignmentTokens {
  /// The file.
  public let path: String
  /// The number of rollouts it holds.
  public var count: Int { rollouts.count }

  private let rollouts: [Rollout]
  private let offsets: [Int]
  private let placeOfID: [[UInt8]: Int]
  private let values: [HDF5Dataset]

  /// Opens a result of `prerl align`, also a part or an incomplete one.
  public init(_ path: String) throws {
    self.path = path
    let part = try AlignmentPart(path)
    rollouts = part.rollouts
    offsets = rollouts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.responseTokens.count) }
    var places: [[UInt8]: Int] = [:]
    for (place, rollout) in rollouts.enumerated() { places[Array(rollout.id.utf8)] = place }
    placeOfID = places
    let names =
      ["logp_marginal", "logp_conditional", "entropy_marginal", "entropy_conditional"]
      + (part.options.tokenProducts ? ["inner_product"] : [])
    let tokenCount = offsets[rollouts.count]
    values = try names.map { name in
      let dataset = try part.root.dataset("tokens/\(name)")
      guard try dataset.shape == [tokenCount] else {
        throw OutputError.usage(
          path, "tokens/\(name) has shape \(try dataset.shape) (expected [\(tokenCount)])")
      }
      return dataset
    }
  }

  /// The index of a rollout; nil if the file does not have it.
  public func place(of id: String) -> Int? { placeOfID[Array(id.utf8)] }

  /// The response of a rollout in tokens.
  public func response(at place: Int) -> [Int32] { rollouts[place].responseTokens }

  /// The values of the tokens of a response.
  public func values(at place: Int) throws -> ThoughtTokens.Values {
    let rows = offsets[place]..<offsets[place + 1]
    let columns = try values.map { try $0.read(Double.self, rows: rows) }
    return ThoughtTokens.Values(
      logMarginal: columns[0], logConditional: columns[1], entropyMarginal: columns[2],
      entropyConditional: columns[3], innerProduct: columns.count > 4 ? columns[4] : [])
  }
}
