import Foundation
import Glibc
import Tasks
import TestSupport
import Testing

/// A user's command as verifier: no result ever goes to another sample, and nothing hangs.
@Suite struct ExternalVerifierTests {
  private let samples = ["a", "b", "c"].map {
    VerificationSample(id: $0, response: "\\boxed{\($0)}\n\"x\"", answer: "a")
  }

  /// Gives every sample whose answer is its id reward 1 and the others 0.
  private static let byID =
    #"sed -E -e 's/.*"id":"(.)".*"answer":"\1".*/{"id":"\1","reward":1}/' "#
    + #"-e 's/.*"id":"(.)".*"answer".*/{"id":"\1","reward":0}/'"#

  private func outcomes(_ command: String, timeout: Duration = .seconds(30)) throws
    -> [VerificationOutcome]
  {
    try ExternalVerifier(command: command, timeout: timeout).verify(samples).map(\.outcome)
  }

  @Test(arguments: ["", " | tac", " | sort -r", " | sed 's/$/\\r/'"])
  func resultsAreMatchedByIDInWhateverOrder(suffix: String) throws {
    #expect(try outcomes(Self.byID + suffix) == [.correct, .wrong, .wrong])
  }

  @Test func everyFormOfResultIsRead() throws {
    let command = """
      cat > /dev/null
      printf '%s\\n' '{"id":"b","outcome":"over_budget","reason":"too\\nlong"}'
      echo '{"id":"a","reward":0.5,"extracted":"7"}'
      echo '{"id":"c","reward":2,"outcome":"correct"}'
      """
    let found = try ExternalVerifier(command: command).verify(samples)
    #expect(
      found == [
        Verification(
          .wrong, reward: 0.5, extracted: "7", reason: "by the external verifier"),
        Verification(.overBudget, reason: "too long"),
        Verification(.correct, reward: 2, reason: "by the external verifier"),
      ])
  }

  /// A broken verifier is no policy that is always wrong.
  @Test(arguments: [
    (#"{"id":"a","reward":"yes"}"#, #":1: reward is "yes" (expected a number), for the id "a""#),
    (#"{"id":"a","reward":[1]}"#, #":1: reward is "#),
    (#"{"id":"a"}"#, #":1: neither reward nor outcome (expected one of them), for the id "a""#),
    (#"{"id":"a","reward":null}"#, ":1: neither reward nor outcome"),
    (#"{"id":"a","outcome":"right"}"#, #":1: outcome is "right""#),
    (#"{"id":"a","outcome":1}"#, ":1: outcome is 1"),
    (#"{"id":"a","reward":1,"outcome":"wrong"}"#, ":1: reward and outcome contradict each other"),
    (#"{"id":"a","reward":0,"outcome":"correct"}"#, ":1: reward and outcome contradict"),
    (#"{"id":"a","reward":false,"outcome":"correct"}"#, ":1: reward and outcome contradict"),
    (#"{"id":"a","reward":NaN}"#, ":1: \"{"),
    (#"{"id":"a","reward":1e999}"#, ":1: "),
    (#"{"reward":1}"#, ":1: \"{"),
    (#"{"id":"a","reward":1"#, ":1: \"{"), (#"{"id":["a"],"reward":1}"#, ":1: \"{"),
    ("hello", #":1: "hello" is no result, and the id "a" has none (expected a line {"id""#),
    ("", #": no result for the id "a" (expected a line {"id""#), ("  ", ": no result for the id"),
  ])
  func aVerifierWithoutValidResultsIsNamedWithItsAnswer(line: String, message: String) throws {
    let command = """
      echo '\(line)'; printf '%s\\n' '{"id":"b","reward":0}' '{"id":"c","reward":1}'
      """
    let error = try #require(throws: TaskFileError.self) { _ = try outcomes(command) }
    #expect(error.description.hasPrefix("verifier \""))
    #expect(error.description.contains(message), "\(error)")
    #expect(!error.description.contains("\n"))
    #expect(error.kind == .input)
  }

  @Test func aBooleanIsARewardAndMessagesAreNoResults() throws {
    let command = """
      cat > /dev/null; echo loading; echo '{"id":"a","reward":true}'; echo '{"progress": 1}'
      printf '%s\\n' '{"id":"b","reward":false}' '{"id":"c","reward":true,"outcome":"correct"}'
      """
    let found = try ExternalVerifier(command: command).verify(samples)
    #expect(found.map(\.reward) == [1, 0, 1])
    #expect(found.map(\.outcome) == [.correct, .wrong, .correct])
  }

  @Test(arguments: [
    (
      #"echo '{"id":"a","reward":1}'; echo; echo '{"id":"a","reward":1}'"#,
      #":3: the id "a" of line 1 again (expected every id once)"#
    ),
    (
      #"echo oops; echo '{"id":"d","reward":1}'"#, #":2: the id "d" (expected one of the samples')"#
    ),
    ("cat > /dev/null; exit 3", ": exit status 3 (expected 0)"),
    ("kill -9 $$", ": ended by signal 9 (expected exit status 0)"),
    ("no-such-program 2> /dev/null", ": exit status 127 (expected 0)"),
  ])
  func aVerifierThatFailsIsRefused(command: String, message: String) throws {
    let error = try #require(throws: TaskFileError.self) { _ = try outcomes(command) }
    #expect(error.description.hasPrefix("verifier \"") && error.description.hasSuffix(message))
    #expect(!error.description.contains("\n"))
    #expect(error.kind == .input)
  }

  @Test func idsAreComparedByTheirBytes() throws {
    let samples = ["é", "e\u{301}", "\"\n\\"].map {
      VerificationSample(id: $0, response: "r", answer: nil)
    }
    let command = #"sed -E -e '2s/"response".*/"reward":1}/' -e '2!s/"response".*/"reward":0}/'"#
    let found = try ExternalVerifier(command: command).verify(samples)
    #expect(found.map(\.outcome) == [.wrong, .correct, .wrong])
  }

  @Test func aQuietVerifierIsKilledWithAllItStarted() throws {
    try withTemporaryDirectory { folder in
      let command = "head -n 1 | \(Self.byID); sleep 600 & echo $! > \(folder)/pid; wait"
      let start = ContinuousClock.now
      #expect(
        try outcomes(command, timeout: .milliseconds(400)) == [.correct, .overBudget, .overBudget])
      #expect(.now - start < .seconds(10))
      try expectGone(folder)
    }
  }

  @Test func stoppingKillsTheVerifier() throws {
    try withTemporaryDirectory { folder in
      let command = "sleep 600 & echo $! > \(folder)/pid; wait"
      #expect(throws: CancellationError.self) {
        _ = try ExternalVerifier(command: command).verify(
          samples,
          shouldStop: {
            (try? Data(contentsOf: URL(fileURLWithPath: "\(folder)/pid")))?.count ?? 0 > 0
          }
        )
      }
      try expectGone(folder)
    }
  }

  /// The process whose id is in the folder has ended, or is about to be collected by init.
  private func expectGone(_ folder: String) throws {
    let text = try String(contentsOfFile: "\(folder)/pid", encoding: .utf8)
    let id = try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    let deadline = ContinuousClock.now + .seconds(5)
    func isAlive() -> Bool {
      let state = (try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)) ?? ""
      return kill(id, 0) == 0 && !state.contains(") Z ")
    }
    while isAlive(), .now < deadline { Thread.sleep(forTimeInterval: 0.01) }
    #expect(!isAlive())
  }

  /// Neither a verifier that reads nothing nor one that answers with as much as it was given blocks.
  @Test(arguments: [
    #"i=0; while [ $i -lt 20 ]; do echo "{\"id\":\"$i\",\"reward\":1}"; i=$((i+1)); done"#,
    #"sed -E 's/"response":(.*)}$/"reward":1,"reason":\1}/; s/,"answer".*/}/'"#,
  ])
  func largeInputsDoNotBlock(command: String) throws {
    let response = String(repeating: "x", count: 500_000)
    let samples = (0..<20).map { VerificationSample(id: "\($0)", response: response, answer: "5") }
    let found = try ExternalVerifier(command: command).verify(samples)
    #expect(found.allSatisfy { $0.outcome == .correct })
  }

  @Test func withoutSamplesNothingIsStarted() throws {
    #expect(try ExternalVerifier(command: "exit 1").verify([]).isEmpty)
  }
}
