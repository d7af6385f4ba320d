// What the tests of this module share.
import Foundation
import HDF5
import TestSupport
import Testing

/// A fresh folder for the length of `body`.
func withTemporary<Result>(_ body: (String) throws -> Result) throws -> Result {
  try withTemporaryDirectory(body)
}

/// The same for a body that waits, for example for a process of its own.
func withTemporaryFolder(_ body: (String) async throws -> Void) async throws {
  let folder = NSTemporaryDirectory() + "prerl-test-" + UUID().uuidString
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  try await body(folder)
}

/// Expects an HDF5 error whose one line holds all of `parts`.
@discardableResult
func expectError(
  _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) -> HDF5Error? {
  do {
    try body()
    Issue.record("no error, expected \(parts)", sourceLocation: sourceLocation)
  } catch let error as HDF5Error {
    let line = "\(error)"
    for part in parts where !line.contains(part) {
      Issue.record("'\(line)' does not say '\(part)'", sourceLocation: sourceLocation)
    }
    #expect(!line.contains("\n"), sourceLocation: sourceLocation)
    return error
  } catch {
    Issue.record("\(error)", sourceLocation: sourceLocation)
  }
  return nil
}
