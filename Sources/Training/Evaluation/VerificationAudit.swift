// Where verifiers disagree: a wrong reward is a wrong gradient.
import Runs
import StrictJSON
import Tables
import Tasks

/// The samples that one verifier calls right and another does not. Verifiers are the rewards of the
/// file, the built-in one and the user's.
public struct VerificationAudit: Sendable {
  /// One sample with what each verifier found.
  public struct Disagreement: Sendable {
    public let rollout: Rollout
    /// The reward of the file.
    public let given: Double?
    public let builtIn: Verification?
    public let external: Verification?

    /// The verifiers' findings by name, in order.
    public var findings: [(name: String, outcome: VerificationOutcome)] {
      [
        ("file", given.map { $0 >= 1 ? .correct : .wrong }), ("built-in", builtIn?.outcome),
        ("external", external?.outcome),
      ].compactMap { name, outcome in outcome.map { (name, $0) } }
    }

    /// The answer that was found in the response.
    public var extracted: String? { builtIn?.extracted ?? external?.extracted }

    public var json: JSON {
      var object: JSONObject = [
        "id": .string(rollout.id), "problem_id": .string(rollout.problemID),
      ]
      object["answer"] = rollout.answer.map(JSON.string)
      object["file"] = given.map {
        ["outcome": .string($0 >= 1 ? "correct" : "wrong"), "reward": .real($0)]
      }
      object["built_in"] = builtIn.map(Self.json)
      object["external"] = external.map(Self.json)
      return .object(object)
    }

    private static func json(_ found: Verification) -> JSON {
      var object: JSONObject = [
        "outcome": .string(found.outcome.rawValue), "reward": .real(found.reward),
      ]
      object["extracted"] = found.extracted.map(JSON.string)
      object["rule"] = found.rule.map { .string($0.rawValue) }
      object["reason"] = .string(found.reason)
      return .object(object)
    }
  }

  /// Samples that two verifiers or more have judged; 0 where there was nothing to compare.
  public let compared: Int
  /// Those of them that are right for one and not right for another.
  public let disagreements: [Disagreement]

  /// Compares all findings.
  ///
  /// - Parameter given: the rewards of the file, before anything was verified.
  init(_ verification: RolloutVerification, given: [Double?]) {
    var compared = 0
    var disagreements: [Disagreement] = []
    for (index, rollout) in verification.rollouts.enumerated() {
      let sample = Disagreement(
        rollout: rollout, given: given[index], builtIn: verification.builtIn[index],
        external: verification.external?[index])
      let findings = sample.findings
      if findings.count > 1 { compared += 1 }
      if Set(findings.map { $0.outcome == .correct }).count > 1 { disagreements.append(sample) }
    }
    self.compared = compared
    self.disagreements = disagreements
  }

  /// Writes one line of JSON per disagreement.
  public func write(to path: String, overwrite: Bool) throws(OutputError) {
    let lines = disagreements.map { $0.json.text() + "\n" }
    try AtomicFile.publish(lines.joined(), to: path, overwrite: overwrite)
  }

  /// The value of the JSON key `audit`; with every sample unless a file has them.
  public func json(listsSamples: Bool) -> JSON {
    var object: JSONObject = [
      "compared": .integer(compared), "disagreements": .integer(disagreements.count),
    ]
    if listsSamples { object["samples"] = .array(disagreements.map(\.json)) }
    return .object(object)
  }

  /// The count, and a table of the samples unless a file has them.
  public func text(listsSamples: Bool) -> String {
    let count = "audit: \(disagreements.count) of \(compared) samples are judged differently"
    guard listsSamples, !disagreements.isEmpty else { return count }
    var table = TextTable(["sample", "findings", "answer", "extracted", "reason"], numbers: 0..<0)
    for sample in disagreements {
      table.add([
        JSON.string(sample.rollout.id).summary,
        sample.findings.map { "\($0.name) \($0.outcome.words)" }.joined(separator: ", "),
        sample.rollout.answer.map { JSON.string($0).summary } ?? "-",
        sample.extracted.map { JSON.string($0).summary } ?? "-",
        sample.builtIn?.reason ?? sample.external?.reason ?? "-",
      ])
    }
    return "\(count)\n\(table.text)"
  }
}
