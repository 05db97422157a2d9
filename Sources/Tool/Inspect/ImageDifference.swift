// SPDX-License-Identifier: BSD-3-Clause

/// What came, went, grew and shrank from one image to another. Bytes are those in the file.
public struct ImageDifference: Codable, Sendable {
  /// What became of a library or a function.
  public enum Change: String, Codable, Sendable, CaseIterable {
    case came, grew, shrank, went

    init?(from old: Int?, to new: Int?) {
      switch (old, new) {
      case (nil, .some): self = .came
      case (.some, nil): self = .went
      case (.some(let old), .some(let new)) where old != new: self = old < new ? .grew : .shrank
      default: return nil
      }
    }
  }

  /// One side's sums.
  public struct Side: Codable, Sendable {
    public let name: String
    public let bytes: Int
    /// Memory that is zero at the start.
    public let zeroed: Int
  }

  /// A library or a function with what it has on both sides.
  public struct Entry: Codable, Sendable, Equatable {
    public let library: String
    /// Absent for a whole library.
    public let function: String?
    public let symbol: String?
    public let change: Change
    public let from: Int
    public let to: Int

    public var bytes: Int { to - from }
  }

  public let from: Side
  public let to: Side
  /// Those that changed, the largest change first.
  public let libraries: [Entry]
  public let functions: [Entry]

  init(from oldName: String, _ old: [ImagePart], to newName: String, _ new: [ImagePart]) {
    from = Side(old, name: oldName)
    to = Side(new, name: newName)
    libraries = Self.entries(old, new, key: { Key(library: $0.library, symbol: nil) })
    functions = Self.entries(
      old, new, key: { Key(library: $0.library, symbol: $0.symbol.isEmpty ? $0.name : $0.symbol) })
  }

  private struct Key: Hashable {
    let library: String
    let symbol: String?
  }

  private static func entries(
    _ old: [ImagePart], _ new: [ImagePart], key: (ImagePart) -> Key
  ) -> [Entry] {
    var sums: [Key: (from: Int?, to: Int?)] = [:]
    var names: [Key: String] = [:]
    for (parts, side) in [(old, 0), (new, 1)] {
      for part in parts where part.kind != .zeroed {
        let key = key(part)
        names[key] = part.name
        var sum = sums[key] ?? (nil, nil)
        if side == 0 { sum.from = (sum.from ?? 0) + part.fileBytes }
        if side == 1 { sum.to = (sum.to ?? 0) + part.fileBytes }
        sums[key] = sum
      }
    }
    let entries = sums.compactMap { key, sum -> Entry? in
      guard let change = Change(from: sum.from, to: sum.to) else { return nil }
      return Entry(
        library: key.library, function: key.symbol == nil ? nil : names[key], symbol: key.symbol,
        change: change, from: sum.from ?? 0, to: sum.to ?? 0)
    }
    return entries.sorted {
      (abs($1.bytes), $0.library, $0.symbol ?? "") < (abs($0.bytes), $1.library, $1.symbol ?? "")
    }
  }
}

extension ImageDifference.Side {
  init(_ parts: [ImagePart], name: String) {
    self.name = name
    bytes = parts.reduce(0) { $0 + $1.fileBytes }
    zeroed = parts.reduce(0) { $0 + ($1.kind == .zeroed ? $1.byteCount : 0) }
  }
}
