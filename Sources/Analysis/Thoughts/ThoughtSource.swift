// The counts of one rollout file, with the names that its rows stand for.
import Statistics

/// A counted rollout file.
public struct ThoughtSource: Sendable {
  /// What `length` counts.
  public enum LengthUnit: String, Sendable, Hashable {
    /// Token ids of the file, or of a tokenizer.
    case ids
    /// Words separated by white space, for a file without token ids.
    case words

    /// The name of the unit in tables and files.
    public var noun: String { self == .ids ? "token" : "word" }
  }

  /// The file's path as given.
  public let path: String
  /// What lengths count.
  public let unit: LengthUnit
  /// One row per response.
  public let table: ThoughtTable
  /// The responses' ids; empty unless asked for.
  public let ids: [String]
  /// The problems' names by index.
  public let problemNames: [String]
  /// The clusters' names by index; two files that are compared share them.
  public let clusterNames: [String]
  /// All responses, by correctness and by length.
  public let strata: [ThoughtStratum]

  /// A counted file; its statistics are computed here.
  public init(
    path: String, unit: LengthUnit, table: ThoughtTable, ids: [String], problemNames: [String],
    clusterNames: [String], bootstrap: BootstrapT
  ) {
    self.path = path
    self.unit = unit
    self.table = table
    self.ids = ids
    self.problemNames = problemNames
    self.clusterNames = clusterNames
    strata = ThoughtStratum.strata(table, bootstrap: bootstrap)
  }
}
