// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// Rules in their order, and what they have counted.
final class Firewall {
  private let rules: [FirewallRule]
  private let fallback: RuleAction
  /// Of each rule, and of the fallback behind them.
  let counts: PermanentTable<RuleCounts>

  init(_ rules: [FirewallRule], fallback: RuleAction) {
    self.rules = rules
    self.fallback = fallback
    counts = PermanentTable(count: rules.count + 1) { _ in RuleCounts() }
  }

  /// Judges a packet that would begin a session.
  ///
  /// - Returns: the rule that lets it pass.
  /// - Throws: `refused`, `rejected`.
  func judge(_ flow: Flow, from side: Side) throws(DropReason) -> Int32 {
    var index = 0
    while index < rules.count, !rules[index].matches(flow, from: side) { index += 1 }
    counts[index].matches &+= 1
    switch index < rules.count ? rules[index].action : fallback {
    case .accept: return Int32(index)
    case .drop: throw .refused
    case .reject: throw .rejected
    }
  }

  /// Where a rule stands in its file; 0 for the fallback.
  func line(_ index: Int) -> Int { index < rules.count ? rules[index].line : 0 }

  @inline(__always)
  func count(_ rule: Int32, byteCount: Int) {
    counts[Int(rule)].packets &+= 1
    counts[Int(rule)].bytes &+= UInt64(truncatingIfNeeded: byteCount)
  }
}
