// The provenance of a result: what is needed to reproduce it and to explain differences.
import Foundation
import StrictJSON

/// Everything that a result records about its origin. Written as `manifest.json` and as attributes
/// of the result files; no dataset depends on it.
public struct Manifest: Sendable {
  /// An input file.
  public struct Input: Sendable, Hashable {
    /// Its role: "model", "tokenizer", "rollouts".
    public let role: String
    /// Its path as given, or a name in place of the path.
    public let path: String
    /// Its size.
    public let byteCount: Int
    /// Its SHA-256.
    public let hash: String

    /// Reads the whole file for its hash; `name` is recorded instead of its path.
    public init(role: String, path: String, name: String? = nil) throws(OutputError) {
      (hash, byteCount) = try SHA256.ofFile(path)
      self.role = role
      self.path = name ?? path
    }
  }

  /// The fully resolved configuration.
  public var config: JSON
  /// The command line, the program's name first.
  public var arguments: [String]
  /// The program's version.
  public var version: String
  /// The commit it was built from.
  public var git: GitState
  /// The input files, in the order given.
  public var inputs: [Input]
  /// The seeds by name.
  public var seeds: KeyValuePairs<String, UInt64>
  /// The precision of the arithmetic, "float32" or "float64".
  public var precision: String
  /// The precision of published sums.
  public var accumulation = "float64"
  /// The number of worker threads.
  public var threads: Int
  /// The BLAS library and its version.
  public var blas: String
  /// The BLAS library's kernels ("Haswell", "Zen"): they change the last bits.
  public var blasCore: String
  /// Further facts by name, such as the null context's text or a chat template's hash. The names
  /// must differ from the manifest's own.
  public var facts: KeyValuePairs<String, String> = [:]
  /// The machine.
  public var machine: Machine
  /// When the run started.
  public var start: Date
  /// When it ended; nil while it runs.
  public var end: Date?

  /// A manifest of the running program on this machine, started now.
  public init(
    config: JSON, arguments: [String] = CommandLine.arguments, version: String,
    git: GitState = .ofRunningProgram(), inputs: [Input] = [],
    seeds: KeyValuePairs<String, UInt64>, precision: String, threads: Int, blas: String,
    blasCore: String, machine: Machine = .current(), start: Date = Date()
  ) {
    self.config = config
    self.arguments = arguments
    self.version = version
    self.git = git
    self.inputs = inputs
    self.seeds = seeds
    self.precision = precision
    self.threads = threads
    self.blas = blas
    self.blasCore = blasCore
    self.machine = machine
    self.start = start
  }

  /// The SHA-256 of a configuration: of its text on one line with sorted keys, so that the order of
  /// keys and the layout of a file do not matter.
  public static func hash(of config: JSON) -> String {
    SHA256.hexadecimal(of: Array(config.text(sorted: true).utf8))
  }

  /// `manifest.json`; the keys are the contract's.
  public var json: JSON {
    var object: JSONObject = [
      "config": config,
      "config_sha256": .string(Self.hash(of: config)),
      "argv": .array(arguments.map(JSON.string)),
      "version": .string(version),
      "git_commit": .string(git.commit),
      "git_dirty": git.isDirty.map(JSON.bool) ?? .null,
      "inputs": .array(
        inputs.map { input in
          [
            "role": .string(input.role), "path": .string(input.path),
            "bytes": .integer(input.byteCount), "sha256": .string(input.hash),
          ]
        }),
    ]
    var seedObject = JSONObject()
    for (name, seed) in seeds {
      // Seeds beyond Int keep all their digits as text.
      seedObject[name] = Int(exactly: seed).map(JSON.integer) ?? .string(String(seed))
    }
    object["seeds"] = .object(seedObject)
    object["precision"] = .string(precision)
    object["accumulation"] = .string(accumulation)
    object["threads"] = .integer(threads)
    object["blas"] = .string(blas)
    object["blas_core"] = .string(blasCore)
    object["cpu"] = .string(machine.processor)
    object["cpu_flags"] = .array(machine.instructionSets.map(JSON.string))
    object["cpu_count"] = .integer(machine.processorCount)
    object["os"] = .string(machine.operatingSystem)
    object["kernel"] = .string(machine.kernel)
    for (name, fact) in facts {
      precondition(object[name] == nil, "the fact \(name) has the name of a manifest field")
      object[name] = .string(fact)
    }
    object["start_utc"] = .string(Self.utc(start))
    object["end_utc"] = end.map { .string(Self.utc($0)) } ?? .null
    return .object(object)
  }

  /// The same fields as text, for attributes of HDF5 files: strings unchanged, everything else as
  /// JSON text.
  public var attributes: [(name: String, text: String)] {
    (json.objectValue?.members ?? []).map { ($0.key, $0.value.stringValue ?? $0.value.text()) }
  }

  /// A time as ISO 8601 in UTC, to the second: "2026-01-31T12:00:00Z".
  package static func utc(_ date: Date) -> String {
    date.formatted(.iso8601)
  }
}
