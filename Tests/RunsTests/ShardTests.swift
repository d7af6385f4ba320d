import Runs
import Testing

/// Parts of a run by the tasks of a Slurm array.
@Suite struct ShardTests {
  struct Refused: Error, Equatable {
    let message: String
  }

  private static func shard(_ id: Int?, _ first: Int, _ last: Int, _ count: Int, step: Int? = nil)
    throws -> Shard
  {
    var environment = [
      "SLURM_ARRAY_TASK_MIN": "\(first)", "SLURM_ARRAY_TASK_MAX": "\(last)",
      "SLURM_ARRAY_TASK_COUNT": "\(count)",
    ]
    environment["SLURM_ARRAY_TASK_ID"] = id.map { "\($0)" }
    environment["SLURM_ARRAY_TASK_STEP"] = step.map { "\($0)" }
    return try Shard(slurm: environment) { Refused(message: $0) }
  }

  @Test func tasksOfAnArrayArePartsInOrder() throws {
    #expect(
      try (0..<4).map { try Self.shard($0, 0, 3, 4).description } == ["0/4", "1/4", "2/4", "3/4"])
    #expect(try Self.shard(4, 1, 4, 4) == Shard(index: 3, count: 4))
    #expect(try Self.shard(14, 10, 20, 6, step: 2) == Shard(index: 2, count: 6))
    #expect(try Self.shard(0, 0, 0, 1) == Shard(index: 0, count: 1))
  }

  /// Of a list of tasks, or of one that is submitted again, nobody knows which parts are meant.
  @Test func arraysWithGapsAreRefused() {
    #expect(throws: Refused.self) { try Self.shard(3, 0, 7, 3) }
    #expect(throws: Refused.self) { try Self.shard(3, 3, 3, 1) }
    #expect(throws: Refused.self) { try Self.shard(11, 10, 20, 6, step: 2) }
    #expect(throws: Refused.self) { try Self.shard(9, 0, 3, 4) }
  }

  @Test func outsideAnArrayTheMessageNamesTheVariable() {
    #expect(
      throws: Refused(
        message: "SLURM_ARRAY_TASK_ID is not set (expected a task of a Slurm array; elsewhere i/n)")
    ) { try Self.shard(nil, 0, 3, 4) }
    #expect(
      throws: Refused(message: "SLURM_ARRAY_TASK_ID is \"x\" (expected a number)")
    ) { try Shard(slurm: ["SLURM_ARRAY_TASK_ID": "x"]) { Refused(message: $0) } }
  }
}
