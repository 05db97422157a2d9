// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// Counters as text, for people and scripts.
extension NAT {
  /// Appends a line for sessions, one for each rule that matched, and one for each reason for which
  /// packets were dropped.
  public func appendReport(to text: inout [UInt8]) {
    text.append("sessions ")
    text.append(decimal: sessionCount)
    append(" begun ", counters.begun, to: &text)
    append(" expired ", counters.expired, to: &text)
    append(" evicted ", counters.evicted, to: &text)
    append(" out ", counters.outbound, to: &text)
    append(" in ", counters.inbound, to: &text)
    append(" echoes ", counters.echoes, to: &text)
    append(" errors ", counters.errors, to: &text)
    text.append("\n")
    for index in 0..<firewall.counts.count {
      let counts = ruleCounts(index)
      guard counts.matches > 0 else { continue }
      let line = firewall.line(index)
      text.append(line == 0 ? "otherwise" : "line ")
      if line > 0 { text.append(decimal: line) }
      append(" matches ", counts.matches, to: &text)
      append(" packets ", counts.packets, to: &text)
      append(" bytes ", counts.bytes, to: &text)
      text.append("\n")
    }
    for reason in DropReason.allCases where dropCount(reason) > 0 {
      text.append("dropped ")
      text.append(reason.name)
      append(" ", dropCount(reason), to: &text)
      text.append("\n")
    }
  }

  private func append(_ name: StaticString, _ count: UInt64, to text: inout [UInt8]) {
    text.append(name)
    text.append(decimal: Int(clamping: count))
  }
}

extension DropReason {
  /// As a report names it.
  var name: StaticString {
    switch self {
    case .notForUs: "not-for-us"
    case .malformed: "malformed"
    case .spoofed: "spoofed"
    case .unsupported: "unsupported"
    case .noSession: "no-session"
    case .filtered: "filtered"
    case .refused: "refused"
    case .rejected: "rejected"
    case .hopLimitExceeded: "hop-limit-exceeded"
    case .unreachable: "unreachable"
    case .tooBig: "too-big"
    case .lostFragment: "lost-fragment"
    case .tableFull: "table-full"
    case .noPort: "no-port"
    case .noBuffer: "no-buffer"
    case .noNeighbor: "no-neighbor"
    case .errorLimited: "error-limited"
    }
  }
}
