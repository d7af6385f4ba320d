// Controls that put other tokens in the place of the prompt, the null context or the response.
import KeyedRandom
import ModelCore
import Tasks
import TestSupport
import Testing

@Suite struct ContextControlTests {
  private static func samples(_ setting: Setting, _ control: String, sweep: [[Int32]] = [])
    -> [(rollout: Rollout, sample: MeasuredSample)]
  {
    let lab = setting.family.lab
    let rollouts = lab.rollouts(for: setting.nullContext)
    let subject = Subject(
      rollouts, lab.model, untrained: lab.untrained,
      Request(
        nullContext: setting.nullContext, mean: setting.mean, controls: [control], sweep: sweep))
    return Array(zip(rollouts, subject.measure(Array(rollouts.indices))))
  }

  /// The first continuation whose summed log-probability is that of a row; a tiny model gives no two
  /// the same one to 1e-11.
  private static func find(
    _ candidates: [[Int32]], _ reference: Reference, _ setting: Setting, logMarginal: Double,
    continuation: ([Int32]) -> Continuation
  ) -> [[Int32]] {
    zip(candidates, reference.logs(candidates.map(continuation))).filter { _, logs in
      let scored = logs.dropFirst(setting.firstScored)
      let sum = scored.reduce(0, +) / (setting.mean ? Double(scored.count) : 1)
      return abs(sum - logMarginal) < 1e-11
    }.map(\.0)
  }

  // MARK: - mismatched-prompt

  /// The row is the pair of some other problem's prompt, and of no other.
  @Test(arguments: Setting.all)
  func mismatchedPromptIsAnotherProblemsPrompt(setting: Setting) throws {
    let lab = setting.family.lab
    let samples = Self.samples(setting, "mismatched-prompt")
    var partners: [(rollout: Rollout, row: MeasuredRow, prompt: [Int32])] = []
    for (rollout, sample) in samples {
      let row = try #require(sample.controls["mismatched-prompt"])
      let others = samples.map(\.rollout).filter {
        Array($0.problemID.utf8) != Array(rollout.problemID.utf8)
      }
      let prompts = Self.find(
        Array(Set(others.map(\.promptTokens))), lab.reference, setting,
        logMarginal: row.logMarginal
      ) { Continuation(context: $0, response: rollout.responseTokens) }
      let prompt = try #require(prompts.first, "rollout \(rollout.id): no other problem's prompt")
      #expect(prompts.count == 1)
      partners.append((rollout, row, prompt))
    }
    lab.prepare(
      partners.map { Continuation(context: $0.prompt, response: $0.rollout.responseTokens) })
    for (rollout, row, prompt) in partners {
      expectRow(
        row,
        ExpectedRow(
          lab.table(prompt, rollout.responseTokens),
          lab.table(rollout.promptTokens, rollout.responseTokens), setting,
          parameters: lab.model.layout.count), "rollout \(rollout.id)")
    }
    #expect(Set(partners.map(\.prompt)).count > 5, "partners are drawn from many problems")
  }

  /// Every rollout of another problem is as likely: of 1,600 draws, each prompt within 5 standard
  /// deviations of its share.
  @Test func mismatchedPromptsAreUniformOverTheOtherRollouts() throws {
    let lab = Lab.qwen3
    let index = 4
    let own = lab.rollouts[index]
    let others = lab.rollouts.filter { $0.problemID != own.problemID }
    let prompts = Array(Set(others.map(\.promptTokens)))
    let logs = lab.reference.logs(
      prompts.map { Continuation(context: $0, response: own.responseTokens) }
    ).map { $0.reduce(0, +) }
    let draws = 1600
    var counts: [[Int32]: Int] = [:]
    for seed in 0..<draws {
      let subject = Subject(
        lab.rollouts, lab.model,
        Request(mean: false, controls: ["mismatched-prompt"], seed: UInt64(seed)))
      let row = try #require(subject.measure([index])[0].controls["mismatched-prompt"])
      let place = try #require(logs.firstIndex { abs($0 - row.logMarginal) < 1e-11 })
      counts[prompts[place], default: 0] += 1
    }
    for prompt in prompts {
      let share = Double(others.count { $0.promptTokens == prompt }) / Double(others.count)
      let deviation = (Double(draws) * share * (1 - share)).squareRoot()
      #expect(abs(Double(counts[prompt] ?? 0) - Double(draws) * share) < 5 * deviation)
    }
  }

  // MARK: - random-prompt

  /// All prompts of a length that keep the first token and hold no special ids.
  private static func randomPrompts(_ prompt: [Int32]) -> [[Int32]] {
    var prompts: [[Int32]] = [Array(prompt.prefix(1))]
    for _ in prompt.dropFirst() {
      prompts = prompts.flatMap { begun in (3..<Int32(Lab.vocabulary)).map { begun + [$0] } }
    }
    return prompts
  }

  @Test(arguments: Setting.all)
  func randomPromptKeepsLengthAndFirstTokenAndHoldsNoSpecialIds(setting: Setting) throws {
    let lab = setting.family.lab
    var drawn: [ArraySlice<Int32>] = []
    for (rollout, sample) in Self.samples(setting, "random-prompt") {
      let row = try #require(sample.controls["random-prompt"])
      let prompts = Self.find(
        Self.randomPrompts(rollout.promptTokens), lab.reference, setting,
        logMarginal: row.logMarginal
      ) { Continuation(context: $0, response: rollout.responseTokens) }
      let prompt = try #require(prompts.first, "rollout \(rollout.id): no allowed prompt")
      if prompt.count == 3 { drawn.append(prompt.dropFirst()) }
      // Gradients of the new prompts cost most: a few rollouts of each setting.
      guard rollout.promptTokens.count < 3 || rollout.id.hasSuffix("3") else { continue }
      expectRow(
        row,
        ExpectedRow(
          lab.table(prompt, rollout.responseTokens),
          lab.table(rollout.promptTokens, rollout.responseTokens), setting,
          parameters: lab.model.layout.count), "rollout \(rollout.id)")
    }
    // 13 prompts have two random tokens of 64 pairs: each rollout draws its own.
    #expect(Set(drawn).count > 7)
  }

  /// Of 1,600 draws each of the 8 ids that are not special within 5 standard deviations of an eighth.
  @Test func randomPromptTokensAreUniform() throws {
    let lab = Lab.qwen3
    let own = lab.rollouts[0]
    let prompts = Self.randomPrompts(own.promptTokens)
    #expect(prompts.count == 8)
    let logs = lab.reference.logs(
      prompts.map { Continuation(context: $0, response: own.responseTokens) }
    ).map { $0.reduce(0, +) }
    let draws = 1600
    var counts = [Int](repeating: 0, count: prompts.count)
    for seed in 0..<draws {
      let subject = Subject(
        lab.rollouts, lab.model,
        Request(mean: false, controls: ["random-prompt"], seed: UInt64(seed)))
      let row = try #require(subject.measure([0])[0].controls["random-prompt"])
      counts[try #require(logs.firstIndex { abs($0 - row.logMarginal) < 1e-11 })] += 1
    }
    for count in counts { #expect(abs(Double(count) - 200) < 5 * (1600.0 * 7 / 64).squareRoot()) }
  }

  // MARK: - shuffled-response

  private static func permutations(_ tokens: [Int32]) -> Set<[Int32]> {
    guard tokens.count > 1 else { return [tokens] }
    var all = Set<[Int32]>()
    for place in tokens.indices {
      var rest = tokens
      let first = rest.remove(at: place)
      for permutation in permutations(rest) { all.insert([first] + permutation) }
    }
    return all
  }

  /// The row is the pair of one order of the same tokens, in both contexts, with an end token last.
  @Test(arguments: Setting.all)
  func shuffledResponseKeepsItsTokensAndItsEnd(setting: Setting) throws {
    let lab = setting.family.lab
    var moved = 0
    // A long response has too many orders to try.
    for (rollout, sample) in Self.samples(setting, "shuffled-response")
    where rollout.responseTokens.count < 8 {
      let row = try #require(sample.controls["shuffled-response"])
      let response = rollout.responseTokens
      let hasEnd = response.last == Lab.end
      let orders = Self.permutations(hasEnd ? response.dropLast() : response)
        .map { hasEnd ? $0 + [Lab.end] : $0 }
      let after: ([Int32]) -> Continuation = {
        Continuation(context: setting.nullContext, response: $0)
      }
      let found = Self.find(
        orders, lab.reference, setting, logMarginal: row.logMarginal, continuation: after)
      let shuffled = try #require(found.first, "rollout \(rollout.id): no order of its tokens")
      if shuffled != response { moved += 1 }
      guard rollout.id.hasSuffix("2") || rollout.id.hasSuffix("5") else { continue }
      expectRow(
        row,
        ExpectedRow(
          lab.table(setting.nullContext, shuffled), lab.table(rollout.promptTokens, shuffled),
          setting, parameters: lab.model.layout.count), "rollout \(rollout.id)")
    }
    #expect(moved > 10, "most responses change their order")
  }

  // MARK: - null-context and untrained

  @Test(arguments: Setting.all)
  func nullContextSweepIsAPairOfEachContext(setting: Setting) throws {
    let lab = setting.family.lab
    let sweep: [[Int32]] = [[9], [], [1, 4]]
    for (rollout, sample) in Self.samples(setting, "null-context", sweep: sweep) {
      #expect(sample.controls.count == sweep.count)
      for context in sweep {
        let row = try #require(
          sample.controls["null-context/" + Subject<Double>.name(context)])
        if context.isEmpty, rollout.responseTokens.count == 1 {
          #expect(row.isUndefined, "a response of one token has no prediction without a context")
          continue
        }
        // Each context decides by itself whether the first token is scored, in both of its pair.
        let own = Setting(family: setting.family, nullContext: context, mean: setting.mean)
        expectRow(
          row,
          ExpectedRow(
            lab.table(context, rollout.responseTokens),
            lab.table(rollout.promptTokens, rollout.responseTokens), own,
            parameters: lab.model.layout.count), "rollout \(rollout.id), context \(context)")
      }
    }
  }

  @Test(arguments: Setting.all)
  func untrainedIsTheOtherModelsOwnPair(setting: Setting) throws {
    let lab = setting.family.lab
    let samples = Array(Self.samples(setting, "untrained").prefix(3))
    let tables = lab.untrainedReference.tables(
      samples.flatMap { rollout, _ in
        [setting.nullContext, rollout.promptTokens].map {
          Continuation(context: $0, response: rollout.responseTokens)
        }
      })
    for (rollout, sample) in samples {
      func table(_ context: [Int32]) throws -> TokenTable {
        try #require(tables[Continuation(context: context, response: rollout.responseTokens)])
      }
      expectRow(
        sample.controls["untrained"],
        ExpectedRow(
          try table(setting.nullContext), try table(rollout.promptTokens), setting,
          parameters: lab.model.layout.count), "rollout \(rollout.id)")
    }
  }
}
