// The time that strftime_now writes.

/// A date and a time of day.
public struct CalendarTime: Sendable, Hashable {
  let year: Int
  let month: Int
  let day: Int
  let hour: Int
  let minute: Int
  let second: Int

  /// Reads `YYYY-MM-DD`, or `YYYY-MM-DDTHH:MM:SS`; nil for other text or a date that does not exist.
  public init?(_ text: String) {
    let halves = text.split(separator: "T", omittingEmptySubsequences: false)
    func numbers(_ text: Substring, _ separator: Character, _ widths: [Int]) -> [Int]? {
      let parts = text.split(separator: separator, omittingEmptySubsequences: false)
      guard parts.map(\.utf8.count) == widths,
        parts.allSatisfy({
          $0.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        })
      else { return nil }
      return parts.compactMap { Int($0) }
    }
    guard halves.count <= 2, let date = numbers(halves[0], "-", [4, 2, 2]),
      let time = halves.count == 2 ? numbers(halves[1], ":", [2, 2, 2]) : [0, 0, 0]
    else { return nil }
    (year, month, day) = (date[0], date[1], date[2])
    (hour, minute, second) = (time[0], time[1], time[2])
    guard year > 0, 1...12 ~= month, 1...Self.days(in: month, year) ~= day, hour < 24, minute < 60,
      second < 60
    else { return nil }
  }

  /// `YYYY-MM-DDTHH:MM:SS`.
  public var text: String {
    (try? text("%Y-%m-%dT%H:%M:%S")) ?? ""
  }

  /// Python's `strftime` in the C locale.
  func text(_ format: String) throws(JinjaError) -> String {
    var result = ""
    var scalars = format.unicodeScalars[...]
    while let scalar = scalars.popFirst() {
      guard scalar == "%" else {
        result.unicodeScalars.append(scalar)
        continue
      }
      var width = 2
      if scalars.first == "-" {
        scalars.removeFirst()
        width = 1
      }
      guard let code = scalars.popFirst(), let text = text(of: code, width: width) else {
        throw JinjaError(.unsupported, "the date format \(format)")
      }
      result += text
    }
    return result
  }

  private func text(of code: Unicode.Scalar, width: Int) -> String? {
    func padded(_ number: Int, _ width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    if width == 1, !"dmHIMSjy".unicodeScalars.contains(code) { return nil }
    return switch code {
    case "Y": String(year)
    case "y": padded(year % 100, width)
    case "m": padded(month, width)
    case "d": padded(day, width)
    case "j": padded(dayOfYear, width == 1 ? 1 : 3)
    case "H": padded(hour, width)
    case "I": padded((hour + 11) % 12 + 1, width)
    case "p": hour < 12 ? "AM" : "PM"
    case "M": padded(minute, width)
    case "S": padded(second, width)
    case "B": Self.months[month - 1]
    case "b": String(Self.months[month - 1].prefix(3))
    case "A": Self.weekdays[weekday]
    case "a": String(Self.weekdays[weekday].prefix(3))
    case "F": "\(year)-\(padded(month, 2))-\(padded(day, 2))"
    case "T": "\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))"
    case "%": "%"
    default: nil
    }
  }

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
  ]
  private static let weekdays = [
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
  ]

  private static func days(in month: Int, _ year: Int) -> Int {
    let isLeap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0
    return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
  }

  private var dayOfYear: Int {
    (1..<month).reduce(day) { $0 + Self.days(in: $1, year) }
  }

  /// Days since Monday, in the proleptic Gregorian calendar.
  private var weekday: Int {
    let before = year - 1
    return (before * 365 + before / 4 - before / 100 + before / 400 + dayOfYear - 1) % 7
  }
}
