// Where the elements of evaluation come from, for tasks and trainings of files.
import StrictJSON

/// Where the problems, conversations or pairs of evaluation come from.
public enum HeldOutSource: Sendable, Hashable {
  /// A separate file.
  case file(String)
  /// This fraction of the clusters of the training file, which training then never sees.
  case share(Double)

  /// Reads `held_out` or `held_out_share` (0.1).
  ///
  /// - Parameter noun: What the file has, in errors.
  public init(reading reader: inout JSONReader, noun: String) throws(JSONValueError) {
    let file = try reader.optionalText("held_out", expected: "a file")
    let share = try reader.optionalDouble("held_out_share", in: 0.001...0.9)
    if file != nil, share != nil {
      throw JSONValueError(
        path: reader.path(of: "held_out_share"),
        message: "with held_out (expected only one: the file has all \(noun) of evaluation)")
    }
    self = file.map { .file($0) } ?? .share(share ?? 0.1)
  }

  /// Adds the key that it is read from.
  public func write(to object: inout JSONObject) {
    switch self {
    case .file(let path): object["held_out"] = .string(path)
    case .share(let share): object["held_out_share"] = .real(share)
    }
  }

  /// The elements of both sides, and the files that they come from, that of training first.
  public typealias Parts<Element> = (training: [Element], heldOut: [Element], files: [String])

  /// Reads the training file and, if there is one, the file of evaluation, or splits the first one by clusters.
  ///
  /// - Parameters:
  ///   - folder: The configuration's folder, to which paths are relative.
  ///   - noun: What the files have, in errors.
  ///   - key: The path of `held_out` in the configuration, in errors.
  ///   - read: Reads a file.
  /// - Throws: What `read` throws; `TaskFileError` for a file with a single cluster that is to be split.
  public func load<Element: Sendable>(
    _ training: String, in folder: String, noun: String, key: String,
    cluster: (Element) -> String, read: (_ path: String) throws -> [Element]
  ) throws -> Parts<Element> {
    let place = Self.path(training, in: folder)
    let own = try read(place)
    switch self {
    case .file(let path):
      let other = Self.path(path, in: folder)
      return (own, try read(other), [place, other])
    case .share(let share):
      guard let parts = ClusterSplit(own, share: share, cluster: cluster) else {
        throw TaskFileError(
          "all \(noun) belong to one cluster (expected several to hold some out, or \(key) with a file)",
          path: place)
      }
      return (parts.training, parts.heldOut, [place])
    }
  }

  /// Resolves a path relative to the configuration's folder.
  private static func path(_ path: String, in folder: String) -> String {
    path.hasPrefix("/") || folder.isEmpty || folder == "." ? path : "\(folder)/\(path)"
  }
}

extension JSONReader {
  /// A text that is not empty.
  ///
  /// - Parameter expected: What it must be, in the error.
  public mutating func text(
    _ key: String, expected: String
  ) throws(JSONValueError) -> String {
    try filled(string(key), key, expected)
  }

  /// The same, or nil if the key is missing.
  public mutating func optionalText(
    _ key: String, expected: String
  ) throws(JSONValueError) -> String? {
    guard let text = try optionalString(key) else { return nil }
    return try filled(text, key, expected)
  }

  private func filled(
    _ text: String, _ key: String, _ expected: String
  ) throws(JSONValueError) -> String {
    guard !text.isEmpty else {
      throw JSONValueError(path: path(of: key), message: "is empty (expected \(expected))")
    }
    return text
  }
}
