// The progress of a long command: a bar on a terminal, occasional lines elsewhere.
import Foundation
import Tables

/// Progress on standard error; used by one thread.
final class ProgressBar {
  private let label: String
  private let unit: String
  private let total: Int
  private let isQuiet: Bool
  private let isBar: Bool
  private let start = ContinuousClock.now
  private var lastShown = ContinuousClock.now
  private var lastShare = 0.0
  private var hasBar = false

  /// Progress over `total` items, whose plural is `unit`.
  init(_ label: String, total: Int, unit: String, quiet: Bool) {
    self.label = label
    self.total = total
    self.unit = unit
    isQuiet = quiet
    isBar = Console.isInteractive
  }

  /// Sets the number of finished items; `note` adds further information, such as a loss.
  ///
  /// A bar is redrawn at most ten times per second. Lines are printed after every tenth of the
  /// work, but at least two seconds apart, and at least once per minute.
  func update(_ done: Int, note: @autoclosure () -> String = "") {
    guard !isQuiet, total > 0 else { return }
    let now = ContinuousClock.now
    let share = Double(done) / Double(total)
    let pause = now - lastShown
    let isDue =
      isBar
      ? pause >= .milliseconds(100)
      : pause >= .seconds(60) || (pause >= .seconds(2) && share - lastShare >= 0.1)
    guard isDue else { return }
    lastShown = now
    lastShare = share
    let seconds = (now - start) / .seconds(1)
    let rate = Double(done) / seconds
    var parts = [
      label, isBar ? bar(share) : nil, String(format: "%3.0f%%", 100 * share),
      "\(done)/\(total) \(unit)", "\(significant(rate, 3))/s",
      "\(Self.duration((seconds / share) - seconds)) left",
    ].compactMap(\.self)
    let note = note()
    if !note.isEmpty { parts.append(note) }
    let line = parts.joined(separator: "  ")
    Console.write(isBar ? "\r\(line)\u{1B}[K" : line + "\n")
    hasBar = isBar
  }

  /// Erases the bar, so that further output starts on a new line.
  func finish() {
    if hasBar { Console.write("\r\u{1B}[K") }
    hasBar = false
  }

  private func bar(_ share: Double) -> String {
    let width = 24
    let filled = Int(Double(width) * min(1, max(0, share)))
    return "[" + String(repeating: "#", count: filled)
      + String(repeating: "-", count: width - filled) + "]"
  }

  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e7 else { return "?" }
    let whole = Int(seconds.rounded(.up))
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return String(format: "%d:%02d min", whole / 60, whole % 60) }
    return String(format: "%d:%02d h", whole / 3600, whole / 60 % 60)
  }
}
