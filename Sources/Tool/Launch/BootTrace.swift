// SPDX-License-Identifier: BSD-3-Clause

/// When the phases of a guest's boot were over, in order.
public struct BootTrace: Sendable, Equatable {
  /// A phase's name, and the cycles from the kernel's entry to its end. With `--icount` a cycle is
  /// an instruction.
  public var phases: [(name: String, end: UInt64)] = []

  public init() {}

  public static func == (left: BootTrace, right: BootTrace) -> Bool {
    left.phases.elementsEqual(right.phases) { $0 == $1 }
  }

  /// The end of a phase.
  public func end(of name: String) -> UInt64? { phases.first { $0.name == name }?.end }

  /// A table: what each phase took, and what had passed at its end.
  public var table: [String] {
    let width = max(5, phases.map(\.name.count).max() ?? 0)
    var before: UInt64 = 0
    let rows = phases.map { phase in
      defer { before = phase.end }
      return Self.row(phase.name, "\(phase.end &- before)", "\(phase.end)", width)
    }
    return [Self.row("phase", "instructions", "in all", width)] + rows
  }

  private static func row(_ name: String, _ own: String, _ end: String, _ width: Int) -> String {
    func padded(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }
    return name + String(repeating: " ", count: width - name.count) + padded(own, 14)
      + padded(end, 10)
  }
}
