// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Synchronization

/// Says on standard error what takes long: one live line on a terminal, plain lines elsewhere.
///
/// A step that ends within `Progress.patience` says nothing at all.
public final class Progress: Sendable {
  /// How long a step may take in silence.
  public static let patience = Duration.milliseconds(800)

  /// Where the lines go.
  public enum Style: Sendable { case terminal, plain, silent }

  private struct State {
    var title = ""
    var detail = ""
    var generation = 0
    var isShown = false
    var started = ContinuousClock.now
  }

  private let style: Style
  private let state = Mutex(State())
  private let writer: @Sendable (String) -> Void

  /// Creates a reporter; without arguments it looks whether standard error is a terminal.
  public init(style: Style? = nil, writer: (@Sendable (String) -> Void)? = nil) {
    self.style = style ?? Self.preferredStyle
    self.writer = writer ?? { StandardError.write($0) }
  }

  /// Silent when the environment has MARTLET_QUIET, which the test driver sets: it compares what
  /// programs write to standard error.
  private static var preferredStyle: Style {
    if ProcessInfo.processInfo.environment["MARTLET_QUIET"] != nil { return .silent }
    return isatty(STDERR_FILENO) == 1 ? .terminal : .plain
  }

  /// Runs `body` as a step with a title such as `Building the kernel`.
  public func step<Value>(_ title: String, _ body: () async throws -> Value) async rethrows -> Value
  {
    let generation = begin(title)
    let ticker = style == .silent ? nil : Task.detached { [self] in await tick(generation) }
    defer {
      ticker?.cancel()
      end(generation)
    }
    return try await body()
  }

  /// Starts a step without a scope; the next one, or `finish`, ends it.
  public func step(_ title: String) {
    let generation = begin(title)
    if style != .silent { Task.detached { [self] in await tick(generation) } }
  }

  /// Ends the step that `step(_:)` began.
  public func finish() {
    end(state.withLock { $0.generation })
  }

  /// Changes the text behind the title, such as `12 of 40`. On a terminal only.
  public func detail(_ text: String) {
    state.withLock {
      $0.detail = text
      if $0.isShown, style == .terminal { draw($0) }
    }
  }

  private func begin(_ title: String) -> Int {
    state.withLock {
      if $0.isShown, style == .terminal { writer("\r\u{1B}[K") }
      $0 = State(title: title, generation: $0.generation + 1)
      return $0.generation
    }
  }

  private func end(_ generation: Int) {
    state.withLock {
      guard $0.generation == generation else { return }
      if $0.isShown, style == .terminal { writer("\r\u{1B}[K") }
      $0.isShown = false
      $0.generation += 1
    }
  }

  private func tick(_ generation: Int) async {
    try? await Task.sleep(for: Progress.patience)
    while !Task.isCancelled {
      let isCurrent = state.withLock { (current: inout State) -> Bool in
        guard current.generation == generation else { return false }
        if style == .terminal {
          draw(current)
        } else if !current.isShown {
          writer("martlet: \(current.title)\n")
        }
        current.isShown = true
        return true
      }
      if !isCurrent || style == .plain { return }
      try? await Task.sleep(for: .milliseconds(250))
    }
  }

  private func draw(_ current: State) {
    let seconds = (ContinuousClock.now - current.started).components.seconds
    let line = "\(current.title)… \(current.detail) (\(seconds) s)"
    writer("\r\u{1B}[K" + String(line.prefix(100)))
  }
}
