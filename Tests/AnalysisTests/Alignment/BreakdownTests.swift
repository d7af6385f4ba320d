// The `breakdown` control: parts of a gradient, and that the parts of one kind make up the whole.
import Foundation
import ModelCore
import Tasks
import TestSupport
import Testing

@Suite struct BreakdownTests {
  /// A bin of tokens as published: its label and the tokens that it holds.
  private struct Bin: Sendable {
    let label: String
    let holds: @Sendable (_ position: Int, _ probability: Double, _ entropy: Double) -> Bool
  }

  private static let kinds: [[Bin]] = [
    [
      Bin(label: "position 0-2") { position, _, _ in position <= 2 },
      Bin(label: "position 3-7") { position, _, _ in position >= 3 && position <= 7 },
      Bin(label: "position 8-15") { position, _, _ in position >= 8 && position <= 15 },
      Bin(label: "position 16+") { position, _, _ in position >= 16 },
    ],
    [
      Bin(label: "probability 0.0-0.1") { _, p, _ in p < 0.1 },
      Bin(label: "probability 0.1-0.5") { _, p, _ in p >= 0.1 && p < 0.5 },
      Bin(label: "probability 0.5-0.9") { _, p, _ in p >= 0.5 && p < 0.9 },
      Bin(label: "probability 0.9-1") { _, p, _ in p >= 0.9 },
    ],
    [
      Bin(label: "entropy < 0.01") { _, _, h in h < 0.01 },
      Bin(label: "entropy 0.01-0.1") { _, _, h in h >= 0.01 && h < 0.1 },
      Bin(label: "entropy 0.1-0.5") { _, _, h in h >= 0.1 && h < 0.5 },
      Bin(label: "entropy 0.5-1.0") { _, _, h in h >= 0.5 && h < 1 },
      Bin(label: "entropy >= 1.0") { _, _, h in h >= 1 },
    ],
  ]

  /// Both gradients over a bin's tokens, divided by the whole T; logarithms over the bin's own tokens.
  /// Bins of one kind hold each scored token once, so their gradients add up to the whole.
  @Test(arguments: Setting.all)
  func tokenBinsAreGradientsOfTheirTokens(setting: Setting) {
    let lab = setting.family.lab
    let parameters = lab.model.layout.count
    let rollouts = lab.rollouts(for: setting.nullContext)
    let subject = Subject(
      rollouts, lab.model,
      Request(nullContext: setting.nullContext, mean: setting.mean, controls: ["breakdown"]))
    var used = Set<String>()
    for (rollout, sample) in zip(rollouts, subject.measure(Array(rollouts.indices))) {
      let marginal = lab.table(setting.nullContext, rollout.responseTokens)
      let conditional = lab.table(rollout.promptTokens, rollout.responseTokens)
      let weights = setting.weights(rollout.responseTokens.count)
      let entropies = rollout.responseTokens.indices.map { token in
        lab.reference.entropy(
          after: rollout.promptTokens + rollout.responseTokens.prefix(token))
      }
      let scored = setting.firstScored..<rollout.responseTokens.count
      for bins in Self.kinds {
        var held = 0
        for bin in bins {
          let members = scored.filter {
            bin.holds($0, exp(conditional.logs[$0]), entropies[$0])
          }
          held += members.count
          let row = sample.controls["breakdown/" + bin.label]
          guard !members.isEmpty else {
            #expect(row?.isUndefined == true, "\(bin.label) holds no token")
            continue
          }
          used.insert(bin.label)
          let part = weights.indices.map { members.contains($0) ? weights[$0] : 0 }
          expectRow(
            row,
            ExpectedRow(
              combination(marginal.gradients, part, count: parameters),
              combination(conditional.gradients, part, count: parameters),
              logs: (
                marginal: members.map { marginal.logs[$0] },
                conditional: members.map { conditional.logs[$0] }
              ), divisor: setting.mean ? Double(members.count) : 1),
            "rollout \(rollout.id), \(bin.label)")
        }
        #expect(held == scored.count, "bins of one kind hold every token once")
      }
    }
    #expect(used.count >= 12, "nearly every bin holds some token: \(used.sorted())")
  }

  /// Rollouts of one reward sign keep the main row bit for bit; the others have none.
  @Test(arguments: Setting.all)
  func rewardBinsAreTheRolloutsOfASign(setting: Setting) throws {
    let lab = setting.family.lab
    var rollouts = lab.rollouts(for: setting.nullContext)
    rollouts[1].reward = -1
    rollouts[2].reward = nil
    let subject = Subject(
      rollouts, lab.model,
      Request(nullContext: setting.nullContext, mean: setting.mean, controls: ["breakdown"]))
    for (rollout, sample) in zip(rollouts, subject.measure(Array(rollouts.indices))) {
      let positive = try #require(sample.controls["breakdown/reward > 0"])
      let others = try #require(sample.controls["breakdown/reward <= 0"])
      let isPositive = rollout.reward.map { $0 > 0 }
      #expect(isPositive == true ? positive.bits == sample.row.bits : positive.isUndefined)
      #expect(isPositive == false ? others.bits == sample.row.bits : others.isUndefined)
    }
  }

  /// Every parameter but the embedding matrix; the whole matrix where it is the head too.
  @Test(arguments: Setting.all)
  func withoutEmbeddingLeavesItsParametersOut(setting: Setting) {
    let lab = setting.family.lab
    let rollouts = lab.rollouts(for: setting.nullContext)
    let subject = Subject(
      rollouts, lab.model,
      Request(nullContext: setting.nullContext, mean: setting.mean, controls: ["breakdown"]))
    let embedding = Set(
      lab.reference.groups.first { $0.name == "-1 embed_tokens" }?.places ?? [])
    #expect(embedding.count == 44)
    for (rollout, sample) in zip(rollouts, subject.measure(Array(rollouts.indices))) {
      func rest(_ context: [Int32]) -> TokenTable {
        var table = lab.table(context, rollout.responseTokens)
        for token in table.gradients.indices where !table.gradients[token].isEmpty {
          for place in embedding { table.gradients[token][place] = 0 }
        }
        return table
      }
      expectRow(
        sample.controls["breakdown/without embedding"],
        ExpectedRow(
          rest(setting.nullContext), rest(rollout.promptTokens), setting,
          parameters: lab.model.layout.count), tolerance: 2e-8, "rollout \(rollout.id)")
    }
  }
}
