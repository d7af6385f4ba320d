// Aligns a model from Swift: checkpoint, rollouts, plan, run, and a gradient receiver of one's own.
//
// usage: AlignFromSwift CHECKPOINT-FOLDER [ROLLOUTS.jsonl]
import Analysis
import Foundation
import ModelCore
import Runs
import Statistics
import Tasks

let arguments = CommandLine.arguments
guard (2...3).contains(arguments.count) else {
  print("usage: AlignFromSwift CHECKPOINT-FOLDER [ROLLOUTS.jsonl]")
  exit(2)
}
let threads = ProcessInfo.processInfo.activeProcessorCount

// What happens when memory is exhausted is the program's choice; without a handler it is a trap.
MemoryExhaustion.setHandler { byteCount in
  print("out of memory: \(byteCount >> 20) MiB more were asked for")
  exit(3)
}

do {
  // 1. The checkpoint: a Hugging Face folder with config.json and safetensors.
  let model = try Transformer<Float>(directory: arguments[1])
  guard let start = model.configuration.bosToken else {
    throw CheckpointError(
      path: arguments[1], message: "has no start token (expected bos_token_id in config.json)")
  }

  // 2. The rollouts: from a file, or made here.
  let rollouts =
    try arguments.count == 3
    ? RolloutReader.read(
      path: arguments[2],
      options: RolloutReader.Options(
        vocabularySize: model.configuration.vocabularySize,
        maximumLength: model.configuration.maximumPositions))
    : exampleRollouts(of: model, threads: threads)
  print("\(rollouts.count) rollouts of \(Set(rollouts.map(\.problemID)).count) problems")

  // 3. The plan: every random choice of the controls, fixed before anything is measured.
  let options = AlignmentOptions(
    nullContext: NullContext(name: "bos", tokens: [Int32(start)]),
    controls: ["mismatched-prompt", "shuffled-response"])
  let plan = AlignmentPlan(
    rollouts: rollouts, options: options, vocabularySize: model.configuration.vocabularySize)
  for (control, reason) in plan.leftOut { print("\(control) is left out: \(reason)") }

  // 4. The run, to a result file and what its provenance says.
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("align-from-swift-\(ProcessInfo.processInfo.processIdentifier)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  let output = folder.appendingPathComponent("alignment.h5").path
  let configuration = AlignmentConfiguration(
    model: arguments[1], options: options, precision: .float32)
  let manifest = Manifest(
    config: configuration.json, version: "1", seeds: ["seed": options.seed], precision: "float32",
    threads: threads, blas: BLAS.version, blasCore: BLAS.core)
  var run = AlignmentRun(plan, model: model, output: output, manifest: manifest)
  run.threads = threads
  guard case .finished(let summary) = try run.run(.afresh) else { exit(1) }

  // 5. The results: any number of the summary with its interval, or the table.
  let cosine: Interval = summary[[], "cosine_mean"]
  print("main cosine \(cosine.estimate) (95% interval \(cosine.low) .. \(cosine.high))\n")
  print(AlignmentReport(summary, plan: plan).table(paper: false))

  // 6. A backward pass of one's own: log P(y|x) of the first rollout into `GradientNorms`.
  let sequence = plan.sequence(0, marginal: false)
  let coefficients = [Float](
    repeating: 1 / Float(sequence.scoredCount), count: sequence.scoredCount)
  var batch = PackedSequences()
  batch.append(sequence)
  let workspace = Workspace(model)
  let scores = workspace.score(batch)
  let receiver = GradientNorms<Float>(model.layout)
  workspace.backward(coefficients: coefficients, into: receiver)
  let logProbability = scores.logProbabilities.reduce(0, +)
  print("\nFirst rollout: log P(y|x) is \(logProbability); the largest gradients of its mean:")
  let named = zip(model.layout.parameters.map(\.name), receiver.norms)
  for (name, norm) in named.sorted(by: { $0.1 > $1.1 }).prefix(5) {
    print("  \(norm)  \(name)")
  }

  // The library's own receiver, on the same batch as both sides of a pair, must find the same norms.
  _ = workspace.score(PackedSequences(first: sequence, second: sequence))
  let products = workspace.gradientProducts(coefficients: coefficients + coefficients)
  let worst =
    zip(receiver.norms, products.squaredNormsOfFirst)
    .map { abs($0 - $1.squareRoot()) / max($1.squareRoot(), 1e-3) }.max() ?? .nan
  print("Largest relative difference from the library's own norms: \(worst)")
  guard worst < 1e-3 else { exit(1) }
} catch {
  print("AlignFromSwift: \(error)")
  exit(1)
}
