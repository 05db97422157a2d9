// SPDX-License-Identifier: BSD-3-Clause

import Base
import Log
import Machine

@main
struct Entry {
  static func main() {
    Processor.prepare()
    Log.write(.error, "boot", "hello from swift")
    Log.writeExit(status: 3)
    Power.off(status: 3)
  }
}
@c(martlet_heap_allocate)
public func heapAllocate(_ byteCount: UInt, _ alignment: UInt) -> UInt { 0 }
@c(martlet_heap_free)
public func heapFree(_ address: UInt) {}
@c(martlet_heap_usable_size)
public func heapUsableSize(_ address: UInt) -> UInt { 0 }
