// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import MartletTime

/// A record of what the application did when.
///
/// ```swift
/// import Martlet
///
/// Trace.start(capacity: 1000)
/// Trace.span("answer") {
///   Trace.event("cache miss")
///   Time.sleep(.milliseconds(2))
/// }
/// Console.errors.write(Trace.json())
/// ```
///
/// Save what it gives as a file and open it in ui.perfetto.dev.
public enum Trace {
  private static let ring = KernelGlobal<TraceRing?>(nil)

  /// Begins to take notes; those of an earlier trace are gone.
  ///
  /// - Parameter capacity: how many are kept at least 1; then the oldest go.
  public static func start(capacity: Int = 4096) {
    precondition(capacity > 0, "a trace holds at least one event")
    ring.value = TraceRing(capacity: capacity)
  }

  /// Ends the trace, and lets its notes go.
  public static func stop() {
    ring.value = nil
  }

  /// Whether notes are taken.
  public static var isOn: Bool { ring.value != nil }

  /// Notes that something has happened.
  ///
  /// - Parameter track: shown as a row of its own, for example one for each connection.
  public static func event(_ name: StaticString, track: Int = 0) {
    guard let ring = ring.value else { return }
    ring.add(TraceNote(name: name, track: track, start: Time.now(), end: nil))
  }

  /// Notes how long `body` takes.
  ///
  /// - Parameter track: spans of one track are shown inside of each other, so those of threads that
  ///   take turns need tracks of their own.
  public static func span<Result, Failure: Error>(
    _ name: StaticString, track: Int = 0, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard isOn else { return try body() }
    let start = Time.now()
    defer {
      ring.value?.add(TraceNote(name: name, track: track, start: start, end: Time.now()))
    }
    return try body()
  }

  /// The notes, the oldest first, in the Trace Event Format (JSON object form; `ph` is X or i).
  public static func json() -> [UInt8] {
    var text = StaticString("{\"traceEvents\":[").byteArray
    var isFirst = true
    ring.value?.forEach { note in
      if !isFirst { text.append(UInt8(ascii: ",")) }
      isFirst = false
      note.append(to: &text)
    }
    text += StaticString("\n]}\n").byteArray
    return text
  }
}

/// An event, or a span when it has an end.
private struct TraceNote {
  let name: StaticString
  let track: Int
  let start: Instant
  let end: Instant?

  func append(to text: inout [UInt8]) {
    text += StaticString("\n{\"name\":\"").byteArray
    let bytes = name.bytes
    for offset in 0..<bytes.byteCount {
      let byte = bytes.byte(at: offset)
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { text.append(0x5c) }
      text.append(byte < 0x20 ? UInt8(ascii: " ") : byte)
    }
    text += StaticString("\",\"pid\":1,\"tid\":").byteArray
    if track < 0 { text.append(UInt8(ascii: "-")) }
    Self.append(UInt64(track.magnitude), to: &text)
    text += StaticString(",\"ts\":").byteArray
    Self.append(microseconds: start.nanoseconds, to: &text)
    if let end {
      text += StaticString(",\"ph\":\"X\",\"dur\":").byteArray
      Self.append(microseconds: UInt64((end - start).count), to: &text)
      text.append(UInt8(ascii: "}"))
    } else {
      text += StaticString(",\"ph\":\"i\",\"s\":\"t\"}").byteArray
    }
  }

  private static func append(microseconds nanoseconds: UInt64, to text: inout [UInt8]) {
    append(nanoseconds / 1000, to: &text)
    text.append(UInt8(ascii: "."))
    var divisor: UInt64 = 100
    while divisor > 0 {
      text.append(UInt8(ascii: "0") + UInt8(nanoseconds / divisor % 10))
      divisor /= 10
    }
  }

  private static func append(_ number: UInt64, to text: inout [UInt8]) {
    var divisor: UInt64 = 1
    while number / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
      text.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
      divisor /= 10
    }
  }
}

/// The notes of one trace.
private final class TraceRing {
  private let capacity: Int
  private var notes: [TraceNote] = []
  /// The oldest, once the ring is full.
  private var first = 0

  init(capacity: Int) {
    self.capacity = capacity
    notes.reserveCapacity(capacity)
  }

  func add(_ note: TraceNote) {
    guard notes.count == capacity else {
      notes.append(note)
      return
    }
    notes[first] = note
    first = first + 1 == capacity ? 0 : first + 1
  }

  func forEach(_ body: (TraceNote) -> Void) {
    for index in notes.indices {
      let place = first + index
      body(notes[place < notes.count ? place : place - notes.count])
    }
  }
}
