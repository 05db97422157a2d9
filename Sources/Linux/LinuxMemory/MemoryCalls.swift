// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxCore
import Memory
import VFS

/// The system calls on the address space (`mmap(2)` and its family).
public enum MemoryCalls {
  public static func register<S: SystemCallSink>(in sink: inout S) {
    sink.add(
      .mmap,
      flags: """
        MAP_PRIVATE MAP_SHARED MAP_SHARED_VALIDATE MAP_ANONYMOUS MAP_FIXED MAP_FIXED_NOREPLACE \
        MAP_NORESERVE MAP_GROWSDOWN MAP_STACK MAP_POPULATE MAP_LOCKED MAP_32BIT
        """,
      limits: "writable and executable together is EACCES unless the image allows it", map)
    sink.add(.munmap, unmap)
    sink.add(.mprotect, flags: "PROT_READ PROT_WRITE PROT_EXEC", limits: "as mmap", protect)
    sink.add(
      .mremap, flags: "MREMAP_MAYMOVE MREMAP_FIXED", limits: "no MREMAP_DONTUNMAP", remap)
    sink.add(
      .madvise, flags: "MADV_DONTNEED MADV_FREE MADV_WILLNEED; other advice has no effect", advise)
    sink.add(.brk, setBreak)
    sink.add(.msync, flags: "MS_SYNC MS_ASYNC MS_INVALIDATE", synchronize)
    sink.add(.mincore, limits: "every mapped page counts as resident", residency)
    sink.add(.mlock, limits: "memory is never swapped", lock)
    sink.add(.mlock2, limits: "memory is never swapped", lock)
    sink.add(.munlock, lock)
    sink.add(.mlockall, limits: "memory is never swapped", ok)
    sink.add(.munlockall, ok)
    sink.add(.pkeyAlloc, limits: "ENOSPC: no protection keys", noKeys)
    sink.add(.pkeyFree, limits: "EINVAL: no protection keys", invalid)
  }

  static let shared: UInt = 1
  static let privateMapping: UInt = 2
  static let sharedValidate: UInt = 3
  static let fixed: UInt = 0x10
  static let anonymous: UInt = 0x20
  static let low: UInt = 0x40
  static let growsDown: UInt = 0x100
  static let noReserve: UInt = 0x4000
  static let populate: UInt = 0x8000
  static let fixedNoReplace: UInt = 0x10_0000

  /// `PROT_*`: on x86_64 what may be written or executed may be read.
  static func permissions(_ protection: UInt, _ process: Process) throws(Errno) -> Permissions {
    var permissions = Permissions.none
    if protection & 1 != 0 { permissions.insert(.read) }
    if protection & 2 != 0 { permissions.insert(.readWrite) }
    if protection & 4 != 0 { permissions.insert(.readExecute) }
    if permissions.contains([.write, .execute]) && !process.allowsWriteAndExecute {
      throw .accessDenied
    }
    return permissions
  }

  /// The whole pages of `byteCount` bytes from `start`, inside what programs may have.
  static func pages(_ start: UInt, _ byteCount: UInt, else error: Errno) throws(Errno) -> AddressRange {
    guard start & UInt(pageSize - 1) == 0 else { throw .invalidArgument }
    let size = roundedUp(byteCount, to: UInt(pageSize))
    guard size >= byteCount, start <= 1 << 47, size <= (1 << 47) - start else { throw error }
    return AddressRange(start: VirtualAddress(start), byteCount: Int(size))
  }

  /// `void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)`
  static func map(_ call: SystemCall) throws(Errno) -> Int {
    let flags = call.argument(3)
    let length = call.argument(1)
    guard length > 0 else { throw .invalidArgument }
    guard length <= 1 << 47 else { throw .outOfMemory }
    var request = MapRequest(
      byteCount: roundedUp(Int(length), to: pageSize),
      permissions: try permissions(call.argument(2), call.process))
    let kind = flags & 3
    guard kind != 0 else { throw .invalidArgument }
    request.isShared = kind != privateMapping
    request.reservesNothing = flags & noReserve != 0
    request.growsDown = flags & growsDown != 0
    request.populates = flags & populate != 0
    let address = call.argument(0)
    if flags & (fixed | fixedNoReplace) != 0 {
      guard address & UInt(pageSize - 1) == 0 else { throw .invalidArgument }
      request.placement =
        flags & fixedNoReplace != 0
        ? .fixedNoReplace(VirtualAddress(address)) : .fixed(VirtualAddress(address))
    } else if address != 0 {
      request.placement = .anywhere(hint: VirtualAddress(address & ~UInt(pageSize - 1)))
    } else if flags & low != 0 {
      request.placement = .anywhere(hint: VirtualAddress(0x4000_0000))
    }
    if flags & anonymous == 0 { try setFile(of: &request, call) }
    let process = call.process
    return try withErrno { () throws(SystemError) in
      Int(bitPattern: try process.space.map(request).rawValue)
    }
  }

  private static func setFile(of request: inout MapRequest, _ call: SystemCall) throws(Errno) {
    let file = try call.file(4)
    let offset = call.argument(5)
    guard offset & UInt(pageSize - 1) == 0 else { throw .invalidArgument }
    guard offset <= 1 << 62 else { throw .overflow }
    // Linux wants every mapped file readable, and writable for a shared writable mapping.
    let access = file.flags.rawValue & 3
    guard access != 1 else { throw .accessDenied }
    if request.isShared && request.permissions.contains(.write) && access != 2 {
      throw .accessDenied
    }
    guard let source = file.pageSource else { throw .noSuchDevice }
    request.content = .source(source, firstPage: Int(offset) / pageSize)
  }

  /// `int munmap(void *addr, size_t length)`
  static func unmap(_ call: SystemCall) throws(Errno) -> Int {
    guard call.argument(1) > 0 else { throw .invalidArgument }
    let range = try pages(call.argument(0), call.argument(1), else: .invalidArgument)
    let space = call.process.space
    try withErrno { () throws(SystemError) in try space.unmap(range) }
    return 0
  }

  /// `int mprotect(void *addr, size_t len, int prot)`
  static func protect(_ call: SystemCall) throws(Errno) -> Int {
    let range = try pages(call.argument(0), call.argument(1), else: .outOfMemory)
    // PROT_GROWSDOWN and PROT_GROWSUP widen the range; the house has no use for them.
    let permissions = try permissions(call.argument(2), call.process)
    guard !range.isEmpty else { return 0 }
    let space = call.process.space
    try withErrno { () throws(SystemError) in try space.protect(range, permissions) }
    return 0
  }

  /// `void *mremap(void *old_address, size_t old_size, size_t new_size, int flags, void *new)`
  static func remap(_ call: SystemCall) throws(Errno) -> Int {
    let flags = call.argument(3)
    guard flags & ~3 == 0, flags != 2, call.argument(2) > 0 else { throw .invalidArgument }
    let old = try pages(call.argument(0), call.argument(1), else: .invalidArgument)
    guard call.argument(2) <= 1 << 47 else { throw .outOfMemory }
    let size = roundedUp(Int(call.argument(2)), to: pageSize)
    var target: VirtualAddress?
    if flags & 2 != 0 {
      target = try pages(call.argument(4), UInt(size), else: .invalidArgument).start
    }
    let space = call.process.space
    return try withErrno { () throws(SystemError) in
      Int(
        bitPattern: try space.remap(
          old, newByteCount: size, mayMove: flags & 1 != 0, to: target
        ).rawValue)
    }
  }

  /// `int madvise(void *addr, size_t length, int advice)`
  static func advise(_ call: SystemCall) throws(Errno) -> Int {
    let advice: MemoryAdvice
    switch call.int32(2) {
    case 0, 1, 2: advice = .normal
    case 3: advice = .willNeed
    case 4: advice = .dontNeed
    case 8, 20, 21: advice = .free
    case 22, 23: advice = .willNeed
    case 10, 11, 12, 13, 14, 15, 16, 17, 18, 19: advice = .normal
    default: throw .invalidArgument
    }
    let range = try pages(call.argument(0), call.argument(1), else: .invalidArgument)
    guard !range.isEmpty else { return 0 }
    let space = call.process.space
    try withErrno { () throws(SystemError) in try space.advise(range, advice) }
    return 0
  }

  /// `int brk(void *addr)`: the kernel's call returns the break that holds afterwards.
  static func setBreak(_ call: SystemCall) throws(Errno) -> Int {
    Int(bitPattern: call.process.space.setBreak(call.address(0)).rawValue)
  }

  /// `int msync(void *addr, size_t length, int flags)`
  static func synchronize(_ call: SystemCall) throws(Errno) -> Int {
    let flags = call.argument(2)
    guard flags & ~7 == 0, flags & 5 != 5 else { throw .invalidArgument }
    let range = try pages(call.argument(0), call.argument(1), else: .outOfMemory)
    let space = call.process.space
    try withErrno { () throws(SystemError) in try space.synchronize(range) }
    return 0
  }

  /// `int mincore(void *addr, size_t length, unsigned char *vec)`
  static func residency(_ call: SystemCall) throws(Errno) -> Int {
    let range = try pages(call.argument(0), call.argument(1), else: .outOfMemory)
    guard call.process.space.isMapped(range) else { throw .outOfMemory }
    var done = 0
    let total = range.byteCount / pageSize
    while done < total {
      let count = min(total - done, 4096)
      try ProgramBytes.copyOut([UInt8](repeating: 1, count: count), to: call.address(2) + done)
      done += count
    }
    return 0
  }

  /// `int mlock(const void *addr, size_t len)`: faults come later, as with `MLOCK_ONFAULT`.
  static func lock(_ call: SystemCall) throws(Errno) -> Int {
    let start = call.argument(0) & ~UInt(pageSize - 1)
    let range = try pages(
      start, call.argument(1) &+ (call.argument(0) - start), else: .outOfMemory)
    guard range.isEmpty || call.process.space.isMapped(range) else { throw .outOfMemory }
    return 0
  }

  static func ok(_ call: SystemCall) throws(Errno) -> Int { 0 }
  static func noKeys(_ call: SystemCall) throws(Errno) -> Int { throw .noSpace }
  static func invalid(_ call: SystemCall) throws(Errno) -> Int { throw .invalidArgument }
}
