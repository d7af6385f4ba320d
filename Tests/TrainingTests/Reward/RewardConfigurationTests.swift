import StrictJSON
import Testing
import Training

@Suite struct RewardConfigurationTests {
  @Test func defaultsAreThoseOfTheTable() throws {
    let configuration = try rewardConfiguration("\"steps\": 30")
    #expect(configuration.evaluation == .share(0.1))
    #expect(configuration.template == nil)
    #expect(configuration.pairsPerStep == 64)
    #expect(configuration.loss == BradleyTerry(margin: 0, centering: 0))
    #expect(configuration.ties == .drop)
    #expect(configuration.labelNoise == 0)
    #expect(configuration.evaluateEvery == 20 && configuration.saveEvery == 20)
    #expect(configuration.schedule.peak == 1e-4)
  }

  @Test(arguments: [
    #""steps": 3"#,
    #"""
    "steps": 3, "seed": 4, "held_out": "test.jsonl", "template": "dialogue", "pairs_per_step": 8,
    "margin": 0.5, "center_rewards_coefficient": 0.01, "ties": "half", "label_noise": 0.25,
    "evaluate_every": 0, "save_every": 7,
    "optimizer": {"learning_rate": 1e-3, "schedule": "cosine", "learning_rate_warmup_steps": 2}
    """#,
  ])
  func aConfigurationReadsBackAsItself(members: String) throws {
    let configuration = try rewardConfiguration(members)
    var reader = try JSONReader(JSON.parse(configuration.json.text()))
    let again = try RewardConfiguration(reading: &reader)
    try reader.finish()
    #expect(again.json == configuration.json)
  }

  @Test(arguments: [
    (#""seed": 1"#, "steps: missing (expected an integer in 1...1000000)"),
    (#""steps": 3, "margins": 1"#, "margins: unknown key (expected one of: algorithm, seed, steps"),
    (#""steps": 3, "margin": -1"#, "margin: -1 (expected a number in 0.0...1000000.0)"),
    (#""steps": 3, "ties": "keep""#, #"ties: "keep" (expected one of: "drop", "half")"#),
    (#""steps": 3, "label_noise": 1.5"#, "label_noise: 1.5 (expected a number in 0.0...1.0)"),
    (
      #""steps": 3, "held_out": "a", "held_out_share": 0.1"#,
      "held_out_share: with held_out (expected only one"
    ),
    (#""steps": 3, "rollouts": "r.jsonl""#, "pairs: with rollouts (expected only one"),
    (#""steps": 3, "held_out": """#, "held_out: is empty (expected a file)"),
    (
      #""steps": 3, "template": "chat""#,
      #"template: "chat" (expected one of: "joined", "dialogue")"#
    ),
    (#""steps": 3, "pairs_per_step": 0"#, "pairs_per_step: 0 (expected an integer in 1...65536)"),
    (#""steps": 3, "optimizer": {"beta3": 1}"#, "optimizer.beta3: unknown key"),
  ])
  func mistakesAreNamed(members: String, message: String) {
    let error = #expect(throws: JSONValueError.self) { _ = try rewardConfiguration(members) }
    #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
  }
}
