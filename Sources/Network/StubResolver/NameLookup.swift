// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes

/// Why a lookup found nothing.
public enum NameLookupError: Error, Equatable, Sendable {
  /// Nobody is known who could be asked.
  case noServer
  /// There is no such name, or it has no address.
  case notFound
  /// No server could tell.
  case failed
  /// No server has answered.
  case timedOut
}

/// A lookup of one name: asks for both versions at once, of one server after the other.
///
/// Whoever drives it does what `step` says and reports what comes of it.
public struct NameLookup {
  /// What is to be done next.
  public enum Step: Equatable, Sendable {
    /// Send this message to `server` by UDP.
    case ask([UInt8])
    /// Send this message to `server` by TCP, its length in two bytes before it, and report the
    /// answer that comes by the same way.
    case askByStream([UInt8])
    /// Report what comes until then.
    case wait(until: Instant)
    case found([IPAddress])
    case failed(NameLookupError)
  }

  private enum State: Equatable {
    case unasked, asked, wantsStream, onStream
    case answered(NameAnswer)
  }

  private struct Question {
    var query: NameQuery
    var state = State.unasked
  }

  /// Every server is asked so often.
  private static let roundCount = 3

  private let names: [DomainName]
  private let servers: [IPAddress]
  private let random: () -> UInt64
  private var nameIndex = 0
  /// How many servers were asked for this name.
  private var turn = 0
  private var questions: [Question] = []
  private var deadline = Instant.never
  private var hasHeardFailure = false
  private var allowsLong = true

  /// - Parameters:
  ///   - names: tried in this order until one has an address.
  ///   - servers: asked in this order.
  ///   - random: numbers that nobody can foretell.
  public init(names: [DomainName], servers: [IPAddress], random: @escaping () -> UInt64) {
    precondition(!names.isEmpty, "there is nothing to look up")
    self.names = names
    self.servers = servers
    self.random = random
    start()
  }

  /// Who is asked now. There has to be one when `step` says to ask.
  public var server: IPAddress { servers[turn % servers.count] }

  private mutating func start() {
    turn = 0
    questions = [NameQuery.Kind.aaaa, .a].map { kind in
      Question(
        query: NameQuery(names[nameIndex], kind, number: UInt16(truncatingIfNeeded: random())))
    }
  }

  /// What is to be done at a time.
  public mutating func step(at now: Instant) -> Step {
    guard !servers.isEmpty else { return .failed(.noServer) }
    while true {
      if let index = index(of: .unasked) {
        questions[index].state = .asked
        questions[index].query.allowsLong = allowsLong
        deadline = now + Nanoseconds(seconds: Int64(2 + turn / servers.count))
        return .ask(questions[index].query.message)
      }
      if let index = index(of: .wantsStream) {
        questions[index].state = .onStream
        return .askByStream(questions[index].query.message)
      }
      if let step = conclusion() { return step }
      guard isAnswered else {
        if now < deadline { return .wait(until: deadline) }
        if let step = nextServer() { return step }
        continue
      }
      // No address by this name: the next one.
      nameIndex += 1
      guard nameIndex < names.count else { return .failed(.notFound) }
      start()
    }
  }

  private func index(of state: State) -> Int? {
    questions.firstIndex { $0.state == state }
  }

  private var isAnswered: Bool {
    questions.allSatisfy { if case .answered = $0.state { true } else { false } }
  }

  private var addresses: [IPAddress] {
    questions.flatMap { question -> [IPAddress] in
      if case .answered(.addresses(let addresses)) = question.state { addresses } else { [] }
    }
  }

  private func conclusion() -> Step? {
    guard isAnswered, !addresses.isEmpty else { return nil }
    return .found(addresses)
  }

  /// Lets the next server answer what is open; when all have had their turns, says what is known.
  private mutating func nextServer() -> Step? {
    turn += 1
    guard turn < servers.count * Self.roundCount else {
      // One version is better than nothing.
      if !addresses.isEmpty { return .found(addresses) }
      return .failed(hasHeardFailure ? .failed : .timedOut)
    }
    for index in questions.indices {
      if case .answered = questions[index].state { continue }
      // Of another number: a late answer of the last server is nobody's.
      questions[index].query.number = UInt16(truncatingIfNeeded: random())
      questions[index].state = .unasked
    }
    return nil
  }

  /// A message has come from `server`, by UDP or by TCP. One that answers no question is ignored.
  public mutating func receive(_ message: RawSpan, byStream isStream: Bool = false) {
    for index in questions.indices {
      let state = questions[index].state
      guard state == (isStream ? .onStream : .asked),
        let answer = NameAnswer(message, to: questions[index].query)
      else { continue }
      take(answer, to: index, isStream)
      return
    }
  }

  private mutating func take(_ answer: NameAnswer, to index: Int, _ isStream: Bool) {
    switch answer {
    case .addresses, .noAddress, .noSuchName: questions[index].state = .answered(answer)
    case .truncated where !isStream: questions[index].state = .wantsStream
    case .notUnderstood where questions[index].query.allowsLong:
      allowsLong = false
      questions[index].state = .unasked
    case .truncated, .notUnderstood, .failed:
      hasHeardFailure = true
      giveServerUp()
    }
  }

  /// The server cannot be reached, or the stream ended without an answer.
  public mutating func serverFailed() {
    hasHeardFailure = true
    giveServerUp()
  }

  private mutating func giveServerUp() {
    for index in questions.indices {
      if case .answered = questions[index].state { continue }
      questions[index].state = .asked
    }
    deadline = .start
  }
}
