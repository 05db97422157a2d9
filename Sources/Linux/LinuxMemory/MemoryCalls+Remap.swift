// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxCore
import Memory

extension MemoryCalls {
  /// `void *mremap(void *old, size_t old_size, size_t new_size, int flags, void *new)`
  static func remap(_ call: SystemCall) throws(Errno) -> Int {
    let flags = call.uint32(3)
    let mayMove = flags & 1 != 0
    let isFixed = flags & 2 != 0
    let keepsOld = flags & 4 != 0
    let old = call.address(0)
    guard flags & ~7 == 0, old.isPageAligned, !(isFixed || keepsOld) || mayMove,
      call.argument(2) != 0
    else { throw .invalidArgument }
    guard call.argument(1) <= UInt(KernelMemoryLimits.programBytes),
      call.argument(2) <= UInt(KernelMemoryLimits.programBytes)
    else { throw .invalidArgument }
    let oldSize = roundedUp(Int(call.argument(1)), to: pageSize)
    let newSize = roundedUp(Int(call.argument(2)), to: pageSize)
    if keepsOld && oldSize != newSize { throw .invalidArgument }
    if isFixed && !call.address(4).isPageAligned { throw .invalidArgument }
    do {
      let result = try call.process.space.remap(
        AddressRange(start: old, byteCount: oldSize), newByteCount: newSize,
        target: isFixed ? call.address(4) : nil, mayMove: mayMove, keepsOld: keepsOld)
      return Int(bitPattern: result.rawValue)
    } catch { throw Errno(error) }
  }

  /// `int madvise(void *addr, size_t length, int advice)`
  static func advise(_ call: SystemCall) throws(Errno) -> Int {
    let start = call.address(0)
    guard start.isPageAligned, call.argument(1) <= UInt(KernelMemoryLimits.programBytes),
      start.rawValue <= UInt(KernelMemoryLimits.programBytes)
    else { throw .invalidArgument }
    let advice: MemoryAdvice
    switch call.int32(2) {
    case 0, 1, 2, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21: advice = .normal
    case 3, 22: advice = .willNeed
    case 23: advice = .populateWrite
    case 4: advice = .dontNeed
    case 8: advice = .free
    default: throw .invalidArgument
    }
    let range = AddressRange(
      start: start, byteCount: roundedUp(Int(call.argument(1)), to: pageSize))
    guard !range.isEmpty else { return 0 }
    do { try call.process.space.advise(range, advice) } catch { throw Errno(error) }
    return 0
  }
}
