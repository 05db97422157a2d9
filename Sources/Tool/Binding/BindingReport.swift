// SPDX-License-Identifier: BSD-3-Clause

/// What became of the system calls of an object or a library.
public struct BindingReport: Sendable, Equatable {
  /// A `syscall` instruction that stays.
  public struct UnboundSite: Sendable, Equatable {
    public let object: String
    public let section: String
    public let offset: UInt64
    public let reason: Reason
  }

  public enum Reason: String, Sendable, CaseIterable {
    case unknownNumber = "its number is not known here"
    case hiddenWays = "a jump through a table may lead anywhere in this code"
    case noRoom = "there is no room for a jump"
  }

  /// `syscall` instructions that became jumps, by the call's number.
  public var boundSites: [Int: Int] = [:]
  /// Calls of a dispatcher with a known number that are led to a function for that number.
  public var boundCalls: [Int: Int] = [:]
  public var unboundSites: [UnboundSite] = []

  public var boundSiteCount: Int { boundSites.values.reduce(0, +) }
  public var boundCallCount: Int { boundCalls.values.reduce(0, +) }

  public init() {}

  mutating func add(_ other: BindingReport) {
    boundSites.merge(other.boundSites, uniquingKeysWith: +)
    boundCalls.merge(other.boundCalls, uniquingKeysWith: +)
    unboundSites += other.unboundSites
  }
}
