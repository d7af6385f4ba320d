// A critic beside continuations, at the states between the steps of responses.
import Statistics
import StrictJSON
import Tables
import Tasks

/// What a critic says of states, beside the mean reward of continuations that are sampled from them.
///
/// Continuations have no bias, and the variance of their mean is known. So the mean of (v − m)² less that variance is the
/// squared error of a value v against V itself, for any v that does not depend on the continuations m.
public struct StateEvaluation: Sendable {
  /// The state before a token of a response.
  public struct State: Sendable {
    /// Index of the rollout.
    public let sample: Int
    /// Index of the token in the response.
    public let position: Int
    /// The critic's V.
    public let value: Double
    /// V by continuations.
    public let continued: ContinuationValues.Estimate
    /// The null: mean V by continuations of other clusters' states after as many steps.
    public let positionValue: Double
    /// The step that ends here; nil at the start of a response, and for a task without steps.
    public let step: ResponseStep?
  }

  /// A mean with its interval over clusters.
  public struct Row: Sendable {
    public let name: String
    public let longName: String
    public let interval: Interval
  }

  /// The states that follow one kind of step.
  public struct Kind: Sendable {
    public let name: String
    public let count: Int
    public let value: Interval
    public let continued: Interval
    /// Mean of the critic's V less that of continuations.
    public let bias: Interval
  }

  public let states: [State]
  /// Continuations of each state.
  public let continuations: Int
  public let kinds: [Kind]
  /// Squared errors of the critic and of the null, their difference, and the variance of V.
  public let errors: [Row]

  /// - Parameters:
  ///   - values: V before each token of each response, by the critic.
  ///   - places: The first tokens of the states of each response, ascending.
  ///   - continued: V of these by at least two continuations.
  package init(
    _ rollouts: [Rollout], values: [[Double]], places: [[Int]],
    continued: [[ContinuationValues.Estimate]], continuations: Int, task: any PolicyTask,
    _ bootstrap: BootstrapT
  ) {
    let clusters = rollouts.map(\.cluster)
    let nulls = Self.means(ofOthers: clusters, continued)
    var states: [State] = []
    for sample in rollouts.indices {
      let steps = task.steps(of: TaskResponse(of: rollouts[sample])) ?? []
      for (index, place) in places[sample].enumerated() {
        states.append(
          State(
            sample: sample, position: place, value: values[sample][place],
            continued: continued[sample][index], positionValue: nulls[sample][index],
            step: place == 0 ? nil : steps.last { $0.end == place }))
      }
    }
    self.states = states
    self.continuations = continuations

    func mean(_ states: [State], _ value: (State) -> Double) -> Interval {
      ClusteredSample(states.map(value), clusters: states.map { clusters[$0.sample] })
        .mean(bootstrap)
    }
    let kinds: [(name: String, has: (State) -> Bool)] = [
      ("start", { $0.position == 0 }),
      ("after a right step", { $0.step?.isRight == true }),
      ("after a wrong step", { $0.step?.isRight == false }),
      ("elsewhere", { $0.position > 0 && $0.step == nil }),
    ]
    self.kinds = kinds.compactMap { kind in
      let own = states.filter(kind.has)
      guard !own.isEmpty else { return nil }
      return Kind(
        name: kind.name, count: own.count, value: mean(own, \.value),
        continued: mean(own, \.continued.mean), bias: mean(own) { $0.value - $0.continued.mean })
    }
    let grand = states.reduce(0) { $0 + $1.continued.mean } / Double(max(1, states.count))
    func error(_ state: State, _ value: Double) -> Double {
      let difference = value - state.continued.mean
      return difference * difference - state.continued.variance
    }
    errors = [
      Row(
        name: "critic_error", longName: "mean squared error of the critic's value",
        interval: mean(states) { error($0, $0.value) }),
      Row(
        name: "position_error",
        longName: "the same of other problems' mean after as many steps",
        interval: mean(states) { error($0, $0.positionValue) }),
      Row(
        name: "critic_less_position", longName: "the first less the second",
        interval: mean(states) { error($0, $0.value) - error($0, $0.positionValue) }),
      Row(
        name: "variance", longName: "variance of the values over states",
        interval: mean(states) { error($0, grand) }),
    ]
  }

  /// For each state, the mean of the other clusters' states after as many steps; where there are none, of all other
  /// clusters' states.
  private static func means(
    ofOthers clusters: [String], _ values: [[ContinuationValues.Estimate]]
  ) -> [[Double]] {
    struct Sum {
      var total = 0.0
      var count = 0.0
      mutating func add(_ value: Double) {
        total += value
        count += 1
      }
      func mean(without other: Sum) -> Double? {
        count > other.count ? (total - other.total) / (count - other.count) : nil
      }
    }
    let longest = values.map(\.count).max() ?? 0
    var all = [Sum](repeating: Sum(), count: longest + 1)
    var own: [String: [Sum]] = [:]
    for (cluster, values) in zip(clusters, values) {
      for (index, value) in values.enumerated() {
        for place in [index, longest] {
          all[place].add(value.mean)
          own[cluster, default: Array(repeating: Sum(), count: longest + 1)][place].add(value.mean)
        }
      }
    }
    return zip(clusters, values).map { cluster, values in
      values.indices.map { index in
        guard let own = own[cluster] else { return .nan }
        return all[index].mean(without: own[index]) ?? all[longest].mean(without: own[longest])
          ?? .nan
      }
    }
  }
}

extension StateEvaluation {
  /// `/states` of the values' file.
  var group: VariableGroup {
    let states = states
    func real(
      _ name: String, _ longName: String, _ value: @escaping @Sendable (State) -> Double
    ) -> Variable {
      Variable(name, longName, over: ["state"]) { .reals(states.map(value)) }
    }
    func integer(
      _ name: String, units: String = "1", _ longName: String,
      _ value: @escaping @Sendable (State) -> Int
    ) -> Variable {
      Variable(name, units: units, longName, over: ["state"]) { .integers(states.map(value)) }
    }
    return VariableGroup(
      axes: [
        Axis("state", "state between two steps of a response", .count(states.count))
      ],
      variables: [
        integer("sample", "index of the rollout") { $0.sample },
        integer("position", units: "token", "place of the token behind the state, from 0") {
          $0.position
        },
        real("value", "V of the critic") { $0.value },
        real("continuation_value", "V by \(continuations) continuations") { $0.continued.mean },
        real("continuation_error", "standard error of V by continuations") {
          $0.continued.variance.squareRoot()
        },
        real("position_value", "mean of other clusters' states after as many steps") {
          $0.positionValue
        },
        integer("step_right", "whether the step that ends here is right, 0 or 1; -1 for none") {
          $0.step.map { $0.isRight ? 1 : 0 } ?? -1
        },
        real("potential", "the task's own account of the response so far, 0 to 1") {
          $0.step?.potential ?? 0
        },
      ],
      plot: .init(
        signal: "continuation_value", over: ["state"], title: "Values by continuations"))
  }

  /// `kinds` with an object for each kind of step, and the errors.
  var json: JSON {
    var object: JSONObject = ["continuations": .integer(continuations)]
    object["kinds"] = .array(
      kinds.map { kind in
        var object: JSONObject = ["after": .string(kind.name), "states": .integer(kind.count)]
        for (name, interval) in [
          ("value", kind.value), ("continuation_value", kind.continued), ("bias", kind.bias),
        ] {
          for (key, value) in interval.members(name, ends: true) { object[key] = value }
        }
        return .object(object)
      })
    for row in errors {
      for (key, value) in row.interval.members(row.name, ends: true) { object[key] = value }
    }
    return .object(object)
  }

  /// Two tables, for people.
  var text: String {
    var table = TextTable([
      "critic at states", "count", "value", "by \(continuations)", "difference", "95% interval",
    ])
    for kind in kinds {
      table.add([
        kind.name, String(kind.count), fixed(kind.value.estimate, 3),
        fixed(kind.continued.estimate, 3), fixed(kind.bias.estimate, 3), kind.bias.ends(3),
      ])
    }
    var own = TextTable(["against \(continuations) continuations", "mean", "95% interval"])
    for row in errors {
      own.add([row.longName, fixed(row.interval.estimate, 4), row.interval.ends(4)])
    }
    return table.text + "\n" + own.text
  }
}
