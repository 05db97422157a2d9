// SPDX-License-Identifier: BSD-3-Clause

import Base
import CMachine

// What the Swift runtime asks of an operating system besides memory (runtime.c): random bytes for
// hashing, and where messages go.

/// `arc4random_buf(3)`, for the seeds of hash tables. The kernel uses no hash that an attacker can
/// feed, so the processor's source is enough.
// SAFETY (all below): writes stay inside the buffer of `count` bytes that the caller gives.
@c(arc4random_buf)
@unsafe
public func fillRandom(_ buffer: UnsafeMutableRawPointer, _ count: UInt) {
  var offset = 0
  while offset < Int(count) {
    let word = HardwareRandom.next() ?? CycleCounter.read()
    // SAFETY: inside the caller's buffer.
    unsafe buffer.storeBytes(
      of: UInt8(truncatingIfNeeded: word), toByteOffset: offset, as: UInt8.self)
    offset += 1
  }
}

// `putchar(3)`, for what the runtime prints: the linker script chooses one of these.

@c(martlet_put_log)
public func putLogCharacter(_ character: Int32) -> Int32 {
  LogPort.write(UInt8(truncatingIfNeeded: character))
  return character
}

@c(martlet_put_console)
public func putConsoleCharacter(_ character: Int32) -> Int32 {
  DebugConsole.output.write(UInt8(truncatingIfNeeded: character))
  return character
}
