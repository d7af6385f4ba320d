// The commit that the running program was built from, if it can be determined.
import Foundation

/// A commit and whether the checkout had changes; "unknown" where there is no checkout or no git.
public struct GitState: Sendable, Hashable {
  /// 40 hexadecimal digits, or "unknown".
  public let commit: String
  /// Whether tracked files were changed or untracked ones present; nil when unknown.
  public let isDirty: Bool?

  /// A state from its parts.
  public init(commit: String, isDirty: Bool?) {
    self.commit = commit
    self.isDirty = isDirty
  }

  /// No checkout, or no git.
  public static let unknown = GitState(commit: "unknown", isDirty: nil)

  /// The state of the checkout that holds the running program (`.build/…/prerl` inside it). The
  /// current folder is not used, since it may be another repository.
  public static func ofRunningProgram() -> GitState {
    let link = "/proc/self/exe"
    guard let program = try? FileManager.default.destinationOfSymbolicLink(atPath: link) else {
      return unknown
    }
    var folder = URL(fileURLWithPath: program).deletingLastPathComponent()
    while folder.path != "/" {
      let package = folder.appendingPathComponent("Package.swift")
      if let text = try? String(contentsOf: package, encoding: .utf8) {
        return text.contains("name: \"prerl\"") ? ofCheckout(folder.path) : unknown
      }
      folder.deleteLastPathComponent()
    }
    return unknown
  }

  /// The state of the checkout whose top folder this is.
  package static func ofCheckout(_ folder: String) -> GitState {
    guard FileManager.default.fileExists(atPath: folder + "/.git"),
      let commit = git(folder, "rev-parse", "--verify", "HEAD"), !commit.isEmpty
    else { return unknown }
    return GitState(
      commit: commit, isDirty: git(folder, "status", "--porcelain").map { !$0.isEmpty })
  }

  /// What git prints, without the last newline; nil when it is absent or fails.
  private static func git(_ folder: String, _ arguments: String...) -> String? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    // Without optional locks git only reads, so it cannot interfere with the user's git.
    process.arguments = ["git", "--no-optional-locks", "-C", folder] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let data = (try? output.fileHandleForReading.readToEnd()) ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { return nil }
    return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
  }
}
