// Bytes of safetensors files, right or wrong, for the tests of this folder.
import Foundation
import Safetensors
import TestSupport

/// The length field, the header and the data.
func fileBytes(_ header: String, _ data: [UInt8] = []) -> [UInt8] {
  fileBytes(Array(header.utf8), data)
}

/// The length field, the header and the data.
func fileBytes(_ header: [UInt8], _ data: [UInt8] = []) -> [UInt8] {
  lengthField(UInt64(header.count)) + header + data
}

/// Eight little-endian bytes.
func lengthField(_ length: UInt64) -> [UInt8] {
  (0..<8).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) }
}

/// A header's entry.
func entry(_ name: String, _ dtype: String, _ shape: String, _ start: Int, _ end: Int) -> String {
  #""\#(name)":{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":[\#(start),\#(end)]}"#
}

/// Zero bytes for data whose values do not matter.
func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

/// Opens the bytes as a file, which has no name any more when this returns.
func opened(_ bytes: [UInt8]) throws -> SafetensorsFile {
  try withTemporaryDirectory { folder in
    let path = folder + "/model.safetensors"
    try save(bytes, path)
    return try SafetensorsFile(path: path)
  }
}

/// Writes bytes to a path.
func save(_ bytes: [UInt8], _ path: String) throws {
  try Data(bytes).write(to: URL(fileURLWithPath: path))
}

/// The names in a folder, or what is wrong with it.
func names(in folder: String) -> [String] {
  do {
    return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  } catch {
    return ["\(error)"]
  }
}
