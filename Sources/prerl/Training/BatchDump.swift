// The packed batches of a pretraining run as text, for programs that train on the same ones.
import Runs
import StrictJSON
import Training

/// Writes the batches of a run, one line a step, as the throughput experiment's PyTorch script reads
/// them; nothing is trained.
struct BatchDump {
  let configuration: PretrainingConfiguration
  let steps: Int

  func write(to path: String, overwrite: Bool) throws {
    try AtomicFile.publish(path, overwrite: overwrite) { temporary in
      let file = try LineFile(temporary)
      let pretraining = Pretraining(configuration, threads: 1)
      for _ in 0..<steps {
        try Interruption.check()
        let rows = pretraining.nextRows()
        let line: JSON = [
          "rows": .array(
            rows.map { row in .array(row.joined().map { .integer(Int($0)) }) }),
          "document_offsets": .array(
            rows.map { row in
              var offset = 0
              return .array(
                row.map { document in
                  defer { offset += document.count }
                  return .integer(offset)
                })
            }),
        ]
        try file.write(line.text())
      }
      try file.close()
    }
  }
}
