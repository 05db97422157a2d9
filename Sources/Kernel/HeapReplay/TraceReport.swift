// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Heap
import Log
import Machine

/// Says in the log what a heap needed: lines `NAME VALUE`.
public enum TraceReport {
  /// Returns the status for the machine's end: 0, or 125 when the bytes are no trace.
  public static func write<H: KernelHeapProtocol & ~Copyable>(
    _ bytes: PermanentBytes, arena: any HeapArena, make: (HeapMemory) -> H
  ) -> Int32 {
    do {
      let trace = try AllocationTrace(bytes.span)
      let replay = HeapReplay(trace, arena: arena, make: make)
      line("operations", trace.count)
      line("cycles", Int(replay.cycles))
      line("worst-cycles", Int(replay.worstCycles))
      line("failures", replay.failures)
      line("peak-bytes", trace.peakByteCount)
      line("given-bytes", replay.givenByteCount)
      return 0
    } catch {
      Log.write(.error, "heap-replay", "the file in the root's place is not a trace")
      return 125
    }
  }

  private static func line(_ name: StaticString, _ value: Int) {
    let line = LogLine(.information, "heap-replay")
    line.append(name)
    line.append(" ")
    line.append(decimal: value)
    line.end()
  }
}
