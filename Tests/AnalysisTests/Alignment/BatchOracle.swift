// Batch vectors of the `update` control by hand, from gradients of single tokens.
import ModelCore
import Tasks

/// The rollouts of a run with their advantages, and the vectors of any batch of them.
struct BatchOracle {
  let lab: Lab
  let setting: Setting
  let rollouts: [Rollout]
  /// A_i = r_i − mean reward of its problem; nil in a group of one.
  let advantages: [Double?]
  /// Rollouts with an advantage, cluster by cluster; names are told apart by their bytes.
  let clusters: [[Int]]
  /// Σ_t ∇ log π(y_t | ·) of each rollout: after the null context, after the prompt.
  private let gradients: [(marginal: [Double], conditional: [Double])]
  /// The same of its first token, if that is scored.
  private let firsts: [(marginal: [Double], conditional: [Double])]

  static let spaces = ["m", "c"]
  static let kinds = ["C", "D", "U"]

  /// - Parameter backward: Take tokens' gradients from the backward pass, not from difference
  ///   quotients: for steps u/(|u| + ε), whose smallest elements are below the noise of quotients.
  init(_ setting: Setting, backward: Bool = false) {
    let lab = setting.family.lab
    let rollouts = lab.rollouts(for: setting.nullContext)
    self.lab = lab
    self.setting = setting
    self.rollouts = rollouts
    let advantages = rollouts.map { rollout -> Double? in
      let group = rollouts.filter { Array($0.problemID.utf8) == Array(rollout.problemID.utf8) }
      guard group.count > 1 else { return nil }
      let mean = group.reduce(0) { $0 + ($1.reward ?? .nan) } / Double(group.count)
      return (rollout.reward ?? .nan) - mean
    }
    self.advantages = advantages
    let names = rollouts.map { Array($0.cluster.utf8) }
    clusters = Set(names).map { name in
      rollouts.indices.filter { names[$0] == name && advantages[$0] != nil }
    }.filter { !$0.isEmpty }
    func sums(_ scored: (Rollout) -> [Int32]) -> [(marginal: [Double], conditional: [Double])] {
      rollouts.map { rollout in
        let response = scored(rollout)
        // Sums, whatever the reduction of the run.
        let ones = response.indices.map { $0 >= setting.firstScored ? 1.0 : 0 }
        func sum(_ context: [Int32]) -> [Double] {
          guard ones.contains(1) else {
            return Array(repeating: 0, count: lab.model.layout.count)
          }
          let one = Continuation(context: context, response: response)
          let table =
            backward ? lab.reference.backwardTable(one) : lab.table(one.context, one.response)
          return combination(table.gradients, ones, count: lab.model.layout.count)
        }
        return (sum(setting.nullContext), sum(rollout.promptTokens))
      }
    }
    gradients = sums(\.responseTokens)
    // Of equal first tokens one quotient serves all, so that they cancel where the gradients do.
    firsts = sums { Array($0.responseTokens.prefix(1)) }
  }

  /// The same rollouts as those of other problems.
  var renamed: [Rollout] {
    rollouts.map { rollout in
      var renamed = rollout
      renamed.problemID = "other " + rollout.problemID
      renamed.cluster = "other " + rollout.cluster
      return renamed
    }
  }

  /// Σ T_i, the scored tokens of some rollouts.
  func tokens(_ members: [Int]) -> Int {
    members.reduce(0) { $0 + rollouts[$1].responseTokens.count - setting.firstScored }
  }

  /// (1/N) Σ_i w_i g_i of a batch: "C_m" has w = A_i after the null context, "U_c" w = 1 after the
  /// prompt; "first:C_m" is of first tokens alone.
  func vector(_ name: String, _ members: [Int]) -> [Double] {
    let isFirst = name.hasPrefix("first:")
    let gradients = isFirst ? firsts : gradients
    let name = isFirst ? String(name.dropFirst(6)) : name
    let count = Double(tokens(members))
    let weights = members.map { member in
      let advantage = advantages[member] ?? .nan
      switch name.prefix(1) {
      case "C": return advantage / count
      case "D": return abs(advantage) / count
      default: return 1 / count
      }
    }
    return combination(
      members.map {
        name.hasSuffix("m") ? gradients[$0].marginal : gradients[$0].conditional
      }, weights, count: lab.model.layout.count)
  }

  /// The batches behind published counts: which clusters make up each, known by the squared length of
  /// its U_c. Several clusters can share a batch, up to three here.
  ///
  /// With `heldOut`, those of the held-out rollouts, which are the same under other names: known by G.
  func batches(_ update: MeasuredUpdate, heldOut: Bool = false) -> [[Int]] {
    let drift = update.names.firstIndex(of: heldOut ? "G" : "U_c") ?? 0
    var unions: [[Int]] = clusters
    for (one, first) in clusters.enumerated() {
      for (two, second) in clusters.enumerated() where two > one {
        unions.append(first + second)
        for third in clusters[(two + 1)...] { unions.append(first + second + third) }
      }
    }
    return update.batchTokens.indices.map { batch in
      let published = update.product(drift, batch, drift, batch)
      let found = unions.filter { members in
        guard
          heldOut
            || members.count == update.batchRollouts[batch]
              && tokens(members) == update.batchTokens[batch]
        else { return false }
        let vector = vector(heldOut ? "C_c" : "U_c", members)
        return abs(dot(vector, vector) - published) < 1e-7 * published
      }
      return found.count == 1 ? found[0].sorted() : []
    }
  }

  /// Each rule's vector of a batch in a metric, and the drifts and contrasts that it is made of.
  ///
  /// - raw: sums over the batch;
  /// - adam: u / (√v + ε), v the mean over all batches of C_c², element by element;
  /// - step: u / (|u| + ε) of the rule's own u;
  /// - raw_first_token_masked, step_first_token_masked: of u less what first tokens contribute.
  func ruleVectors(_ metric: String, _ batches: [[Int]]) -> [String: [[Double]]] {
    let basis = basisVectors(batches)
    var second = [Double](repeating: 0, count: lab.model.layout.count)
    for vector in basis["C_c"] ?? [] {
      for index in second.indices {
        second[index] += vector[index] * vector[index] / Double(batches.count)
      }
    }
    func measure(_ u: [Double]) -> [Double] {
      u.indices.map { index in
        switch metric {
        case "adam": u[index] / (second[index].squareRoot() + 1e-8)
        case "step", "step_first_token_masked": u[index] / (abs(u[index]) + 1e-8)
        default: u[index]
        }
      }
    }
    var vectors: [String: [[Double]]] = [:]
    for batch in batches.indices {
      func add(_ name: String, _ terms: [(Double, String)]) {
        let all =
          metric.hasSuffix("masked") ? terms + terms.map { (-$0.0, "first:" + $0.1) } : terms
        let u = combination(
          all.map { basis[$0.1]?[batch] ?? [] }, all.map(\.0), count: second.count)
        vectors[name, default: []].append(measure(u))
      }
      for (space, objective) in [("m", "PreRL"), ("c", "RL")] {
        for kind in Self.kinds { add("\(kind)_\(space)", [(1, "\(kind)_\(space)")]) }
        add(objective, [(1, "C_\(space)")])
        add("NSR-" + objective, [(0.5, "C_\(space)"), (-0.5, "D_\(space)")])
        add("PSR-" + objective, [(0.5, "C_\(space)"), (0.5, "D_\(space)")])
        add("drift-" + objective, [(-1, "U_\(space)")])
      }
    }
    return vectors
  }

  /// The sums of every batch, over all tokens and over first tokens.
  func basisVectors(_ batches: [[Int]]) -> [String: [[Double]]] {
    var vectors: [String: [[Double]]] = [:]
    for space in Self.spaces {
      for kind in Self.kinds {
        for name in ["\(kind)_\(space)", "first:\(kind)_\(space)"] {
          vectors[name] = batches.map { vector(name, $0) }
        }
      }
    }
    return vectors
  }
}
