// The stored values of a group: written to a journal, and read from a journal or a file.
import HDF5
import Runs

/// Values by name, read from a journal or a file.
public struct StoredValues {
  /// A value is missing or has an unexpected kind.
  public struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
      self.description = description
    }
  }

  private let source: (String) throws -> Cells?

  /// Values of an HDF5 group, each read on demand.
  public init(_ group: HDF5Group) {
    source = { name in
      guard try group.contains(name) else { return nil }
      let dataset = try group.dataset(name)
      switch try dataset.elementType {
      case .string: return .texts(try dataset.read())
      case .float32, .float64: return .reals(try dataset.read())
      case .int32: return .smallIntegers(try dataset.read())
      default: return .integers(try dataset.read())
      }
    }
  }

  init(_ values: [String: Cells]) {
    source = { values[$0] }
  }

  private func cells(_ name: String) throws -> Cells {
    guard let cells = try source(name) else { throw Fault("\(name) is missing") }
    return cells
  }

  /// The numbers of a variable.
  ///
  /// - Throws: `Fault` where there are none of this name, `HDF5Error` for a damaged file.
  public func reals(_ name: String) throws -> [Double] {
    guard case .reals(let values) = try cells(name) else { throw Fault("\(name) holds no numbers") }
    return values
  }

  /// The integers of a variable or axis.
  public func integers(_ name: String) throws -> [Int] {
    guard case .integers(let values) = try cells(name) else {
      throw Fault("\(name) holds no integers")
    }
    return values
  }

  /// The texts of a variable.
  public func texts(_ name: String) throws -> [String] {
    guard case .texts(let values) = try cells(name) else { throw Fault("\(name) holds no texts") }
    return values
  }
}

extension VariableGroup {
  /// The group's stored values with their names, in order.
  fileprivate var storedCells: [(name: String, cells: Cells)] {
    axes.filter(\.isStored).map { axis in
      switch axis.coordinates {
      case .count(let count): (axis.name, .integers(Array(0..<count)))
      case .integers(let values): (axis.name, .integers(values))
      }
    } + variables.filter(\.isStored).map { ($0.name, $0.cells()) }
  }
}

extension ByteWriter {
  /// Writes the stored values of a group: for each its name, a kind and the numbers or texts.
  public mutating func write(stored group: VariableGroup) {
    let stored = group.storedCells
    write(stored.count)
    for (name, cells) in stored {
      write(name)
      switch cells {
      case .reals(let values):
        write(0)
        write(values)
      case .integers(let values):
        write(1)
        write(values)
      case .texts(let values):
        write(2)
        write(values)
      case .smallIntegers(let values):
        write(1)
        write(values.map { Int($0) })
      case .intervals(let values):
        write(0)
        write(values.flatMap { [$0.estimate, $0.low, $0.high] })
      }
    }
  }
}

extension ByteReader {
  /// Reads what `write(stored:)` wrote.
  public mutating func readStored() throws(Malformed) -> StoredValues {
    var values: [String: Cells] = [:]
    for _ in 0..<(try readCount()) {
      let name = try readString()
      let kind = try readInt()
      switch kind {
      case 0: values[name] = .reals(try readDoubles())
      case 1: values[name] = .integers(try readInts())
      case 2: values[name] = .texts(try readStrings())
      default: throw malformed("values of kind \(kind) (expected 0 to 2)")
      }
    }
    return StoredValues(values)
  }
}
