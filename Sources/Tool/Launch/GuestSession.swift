// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Synchronization
import ToolSupport

/// One run of QEMU: its sockets, the threads that move bytes, and the wait for its end.
final class GuestSession: Sendable {
  /// Why the run is over.
  enum Cause: Sendable, Equatable {
    case itself(GuestProcess.End)
    case timeout
    case signal(Int32)
    /// Standard output cannot be written, with the `errno`.
    case outputFailed(Int32)
  }

  /// Everything that is left of it.
  struct Ended: Sendable {
    var cause: Cause
    var log: LogCollector.Record
    /// What QEMU itself said.
    var diagnostics: String
    var output: [UInt8]
    var errors: [UInt8]
  }

  private enum Stream: Sendable, CaseIterable { case output, errors, log, diagnostics }

  private enum Message: Sendable {
    case signal(Int32)
    case ended(GuestProcess.End)
    case stream(Stream, Relay.End)
  }

  /// How long the rest of the output may take after the guest was killed.
  private static let grace = DispatchTimeInterval.seconds(2)
  /// How long a guest that was asked to end may take.
  private static let askedGrace = DispatchTimeInterval.seconds(10)
  /// What asks it (Docs/BootProtocol.md).
  private static let shutdownByte: UInt8 = 3

  private let qemu: String
  private let arguments: [String]
  private let launchText: LaunchText
  private let streams: GuestStreams
  private let options: LaunchOptions
  private let mailbox = Mailbox<Message>()
  private let collector: LogCollector
  private let kept = Mutex<[Stream: [UInt8]]>([:])

  init(
    qemu: String, arguments: [String], launchText: LaunchText, streams: GuestStreams,
    options: LaunchOptions
  ) {
    self.qemu = qemu
    self.arguments = arguments
    self.launchText = launchText
    self.streams = streams
    self.options = options
    let isQuiet = options.isQuiet
    collector = LogCollector(isVerbose: options.isVerbose, showsPanics: !options.isNative) {
      if !isQuiet { StandardError.write("\($0)\n") }
    }
  }

  /// Starts QEMU and returns when it has ended and its output has been delivered. Blocks.
  func run() throws -> Ended {
    let mailbox = mailbox
    // A reader that has gone must be an error that can be handled, not the end of the process.
    signal(SIGPIPE, SIG_IGN)
    let signals = streams.catchesSignals ? Signals { mailbox.post(.signal($0)) } : nil
    defer { signals?.stop() }
    let input = try Channel()
    let output = try Channel()
    let errors = try Channel()
    let log = try Channel()
    let diagnostics = try Channel()
    var inherited = [input.guest, output.guest, errors.guest, log.guest]
    if launchText.isTooLong { inherited.append(try Channel.file(holding: launchText.text)) }
    receive(.output, from: output.own, into: streams.output)
    receive(.errors, from: errors.own, into: streams.errors)
    receive(.diagnostics, from: diagnostics.own, into: .capture)
    // Another name of the same end, since the log's relay closes its own.
    let requests = Descriptor(fcntl(log.own.number, F_DUPFD_CLOEXEC, 100))
    defer { requests.close() }
    receiveLog(from: log.own)
    let stop = feed(input.own)
    let process = GuestProcess.start(
      qemu, arguments, descriptors: inherited, errors: diagnostics.guest
    ) { mailbox.post(.ended($0)) }
    for descriptor in inherited + [diagnostics.guest] { descriptor.close() }
    if let process { Backlogs(ports: options.network?.ports ?? []).widen(of: process.identifier) }
    let cause = wait(for: process) {
      _ = requests.writeAll([Self.shutdownByte], count: 1)
    }
    stop.close()
    return kept.withLock {
      Ended(
        cause: cause, log: collector.finish(),
        diagnostics: String(decoding: $0[.diagnostics] ?? [], as: UTF8.self),
        output: $0[.output] ?? [], errors: $0[.errors] ?? [])
    }
  }

  private func wait(for process: GuestProcess?, asking ask: () -> Void) -> Cause {
    var deadline = options.timeout.map { Self.time(after: $0) } ?? .distantFuture
    var open = Set(Stream.allCases)
    var end: GuestProcess.End?
    var verdict: Cause?
    var asked: Int32?
    func conclude(_ cause: Cause) {
      guard verdict == nil else { return }
      verdict = cause
      if end == nil { process?.kill() }
      deadline = .now() + Self.grace
    }
    while end == nil || !open.isEmpty {
      switch mailbox.next(until: deadline) {
      case nil:
        if verdict != nil { return verdict ?? .timeout }
        conclude(asked.map { .signal($0) } ?? .timeout)
      case .signal(let number):
        // A second signal does not wait for a reader that is stuck.
        if let verdict { return verdict }
        if asked == nil, end == nil, collector.wantsShutdownRequest {
          asked = number
          deadline = min(deadline, .now() + Self.askedGrace)
          ask()
        } else {
          conclude(.signal(number))
        }
      case .ended(let how): end = how
      case .stream(let stream, let how):
        open.remove(stream)
        if case .destination(let failure) = how, stream == .output {
          conclude(.outputFailed(failure))
        }
      }
    }
    return verdict ?? .itself(end ?? .exited(0))
  }

  // MARK: Streams

  private func receive(_ stream: Stream, from source: Descriptor, into sink: GuestStreams.Sink) {
    let destination: Descriptor? =
      if case .descriptor(let number) = sink { Descriptor(number) } else { nil }
    let isLimited = stream == .diagnostics
    Relay.receive(from: source) { [self] bytes, count in
      guard let destination else {
        kept.withLock {
          if !isLimited || $0[stream, default: []].count < 1 << 16 {
            $0[stream, default: []] += bytes[..<count]
          }
        }
        return 0
      }
      let failure = destination.writeAll(bytes, count: count)
      // A program whose messages nobody reads goes on; one whose output nobody reads does not.
      return stream == .output ? failure : 0
    } whenEnded: { [mailbox] end in
      source.close()
      mailbox.post(.stream(stream, end))
    }
  }

  private func receiveLog(from source: Descriptor) {
    Relay.receive(from: source) { [collector] bytes, count in
      collector.receive(bytes, count: count)
      return 0
    } whenEnded: { [mailbox] end in
      source.close()
      mailbox.post(.stream(.log, end))
    }
  }

  /// Starts to pass standard input on; closing the result stops it.
  private func feed(_ guest: Descriptor) -> Descriptor {
    let stop = Channel.pipe()
    let isRead = options.readsInput && streams.kind != .none
    let source = isRead ? streams.input.map(Descriptor.init) : nil
    Relay.feed(from: source, to: guest, until: stop.reader)
    return stop.writer
  }

  private static func time(after duration: Duration) -> DispatchTime {
    let parts = duration.components
    let seconds = min(parts.seconds, 1 << 30)
    let nanoseconds = parts.attoseconds / 1_000_000_000
    return .now() + .seconds(Int(seconds)) + .nanoseconds(Int(nanoseconds))
  }
}
