// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxCore
import Memory
import VFS

/// The family of calls about the program's memory.
public enum MemoryCalls: SystemCallFamily {
  public static func register<S: SystemCallSink>(in sink: inout S) {
    sink.add(
      .mmap,
      flags: """
        MAP_SHARED MAP_SHARED_VALIDATE MAP_PRIVATE MAP_FIXED MAP_FIXED_NOREPLACE MAP_ANONYMOUS \
        MAP_NORESERVE MAP_POPULATE MAP_STACK MAP_GROWSDOWN MAP_32BIT MAP_LOCKED
        """,
      limits: "write and execute together only with JIT=y; MAP_HUGETLB: ENOMEM", map)
    sink.add(.munmap, unmap)
    sink.add(.mprotect, limits: "write and execute together only with JIT=y", protect)
    sink.add(.mremap, flags: "MREMAP_MAYMOVE MREMAP_FIXED MREMAP_DONTUNMAP", remap)
    sink.add(
      .madvise,
      flags: "MADV_DONTNEED MADV_FREE MADV_WILLNEED MADV_POPULATE_READ MADV_POPULATE_WRITE",
      limits: "other advice is accepted without effect", advise)
    sink.add(.brk, setBreak)
    sink.add(.msync, flags: "MS_SYNC MS_ASYNC MS_INVALIDATE", synchronize)
    sink.add(.mincore, residency)
    sink.add(.mlock, limits: "nothing is ever swapped", lock)
    sink.add(.mlock2, limits: "nothing is ever swapped", lock)
    sink.add(.munlock, limits: "nothing is ever swapped", lock)
    sink.add(.mlockall, limits: "nothing is ever swapped") { (_) throws(Errno) in 0 }
    sink.add(.munlockall, limits: "nothing is ever swapped") { (_) throws(Errno) in 0 }
    sink.add(.pkeyMprotect, limits: "key -1 only", protectWithKey)
  }

  /// `PROT_READ`, `PROT_WRITE`, `PROT_EXEC`. On x86 what may be written or executed may be read.
  static func permissions(_ bits: UInt32, of call: SystemCall) throws(Errno) -> Permissions {
    // PROT_SEM, PROT_GROWSDOWN and PROT_GROWSUP are known and have no effect.
    guard bits & ~0x0300_000f == 0 else { throw .invalidArgument }
    var permissions = Permissions(rawValue: UInt8(bits & 7))
    if !permissions.isEmpty { permissions.insert(.read) }
    if permissions.contains(.write) && permissions.contains(.execute)
      && !call.process.allowsWriteAndExecute
    {
      call.process.wasRefusedWriteAndExecute = true
      throw .accessDenied
    }
    return permissions
  }

  /// `void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)`
  static func map(_ call: SystemCall) throws(Errno) -> Int {
    let flags = MapFlags(rawValue: call.uint32(3))
    let length = call.argument(1)
    guard length != 0, call.argument(5) & UInt(pageSize - 1) == 0 else { throw .invalidArgument }
    guard length <= UInt(KernelMemoryLimits.programBytes) else { throw .outOfMemory }
    guard !flags.contains(.hugePages) else { throw .outOfMemory }
    var request = MapRequest(
      byteCount: roundedUp(Int(length), to: pageSize),
      permissions: try permissions(call.uint32(2), of: call))
    switch flags.rawValue & 3 {
    case 1, 3: request.isShared = true
    case 2: request.isShared = false
    default: throw .invalidArgument
    }
    if flags.contains(.fixed) || flags.contains(.fixedNoReplace) {
      guard call.address(0).isPageAligned else { throw .invalidArgument }
      request.placement =
        flags.contains(.fixedNoReplace)
        ? .fixedNoReplace(call.address(0)) : .fixed(call.address(0))
    } else {
      request.placement = .anywhere(
        hint: call.optionalAddress(0).map { VirtualAddress(roundedUp($0.rawValue, to: 4096)) })
    }
    request.reservesNothing = flags.contains(.noReserve)
    request.growsDown = flags.contains(.growsDown)
    request.populates = flags.contains(.populate) || flags.contains(.locked)
    request.staysBelow2GiB = flags.contains(.below2GiB)
    if !flags.contains(.anonymous) { try setSource(of: &request, from: call) }
    do {
      return Int(bitPattern: try call.process.space.map(request).rawValue)
    } catch { throw Errno(error) }
  }

  private static func setSource(
    of request: inout MapRequest, from call: SystemCall
  ) throws(Errno) {
    let file = try call.file(4)
    // A mapping needs a file that was opened for reading; a shared one that may be written needs
    // one that was opened for writing (mmap(2), EACCES).
    guard file.isReadable else { throw .accessDenied }
    if request.isShared && request.permissions.contains(.write) && !file.isWritable {
      throw .accessDenied
    }
    let isSealed = file.node.isWriteSealed
    if request.isShared && request.permissions.contains(.write) && isSealed {
      throw .notPermitted
    }
    request.maximumPermissions =
      request.isShared && (!file.isWritable || isSealed) ? .readExecute : [.read, .write, .execute]
    do {
      request.content = .source(
        try file.pageSource(), firstPage: Int(call.argument(5) / UInt(pageSize)))
    } catch { throw Errno(error) }
  }

  /// A range that starts at a page and is rounded up to pages. Throws `invalidArgument`.
  private static func range(_ call: SystemCall, overflow: Errno) throws(Errno) -> AddressRange {
    let start = call.address(0)
    guard start.isPageAligned else { throw .invalidArgument }
    let length = call.argument(1)
    guard length <= UInt(KernelMemoryLimits.programBytes),
      start.rawValue <= UInt(KernelMemoryLimits.programBytes)
    else { throw overflow }
    return AddressRange(start: start, byteCount: roundedUp(Int(length), to: pageSize))
  }

  /// `int munmap(void *addr, size_t length)`
  static func unmap(_ call: SystemCall) throws(Errno) -> Int {
    let range = try range(call, overflow: .invalidArgument)
    guard !range.isEmpty else { throw .invalidArgument }
    let space = call.process.space
    let sources = space.sources(in: range)
    do { try space.unmap(range) } catch { throw Errno(error) }
    for source in sources { source.didUnmap() }
    return 0
  }

  /// `int mprotect(void *addr, size_t length, int prot)`
  static func protect(_ call: SystemCall) throws(Errno) -> Int {
    let range = try range(call, overflow: .outOfMemory)
    let permissions = try permissions(call.uint32(2), of: call)
    guard !range.isEmpty else { return 0 }
    do { try call.process.space.protect(range, permissions) } catch { throw Errno(error) }
    return 0
  }

  /// `int pkey_mprotect(void *addr, size_t length, int prot, int pkey)`
  static func protectWithKey(_ call: SystemCall) throws(Errno) -> Int {
    guard call.int32(3) == -1 else { throw .invalidArgument }
    return try protect(call)
  }

  /// `int brk(void *addr)`: Linux's call returns the break, the old one when it cannot be set.
  static func setBreak(_ call: SystemCall) throws(Errno) -> Int {
    Int(bitPattern: call.process.space.setBreak(call.address(0)).rawValue)
  }

  /// `int msync(void *addr, size_t length, int flags)`
  static func synchronize(_ call: SystemCall) throws(Errno) -> Int {
    let flags = call.uint32(2)
    guard flags & ~7 == 0, flags & 5 != 5 else { throw .invalidArgument }
    let range = try range(call, overflow: .outOfMemory)
    do { try call.process.space.synchronize(range) } catch { throw Errno(error) }
    return 0
  }

  /// `int mincore(void *addr, size_t length, unsigned char *vec)`
  static func residency(_ call: SystemCall) throws(Errno) -> Int {
    let range = try range(call, overflow: .outOfMemory)
    guard call.process.space.isMapped(range) else { throw .outOfMemory }
    var page = range.start
    var index = 0
    while page < range.end {
      let isResident: UInt8 = call.process.space.isResident(page) ? 1 : 0
      try ProgramBytes.store(isResident, at: call.address(2) + index)
      page = page + pageSize
      index += 1
    }
    return 0
  }

  /// `int mlock(const void *addr, size_t length)`
  static func lock(_ call: SystemCall) throws(Errno) -> Int {
    let start = call.address(0).pageStart
    let (end, overflow) = call.argument(0).addingReportingOverflow(call.argument(1))
    guard !overflow, end <= UInt(KernelMemoryLimits.programBytes) else { throw .outOfMemory }
    let range = AddressRange(start: start, end: VirtualAddress(roundedUp(end, to: 4096)))
    guard range.isEmpty || call.process.space.isMapped(range) else { throw .outOfMemory }
    return 0
  }
}

/// Bounds that hold whatever the memory size.
enum KernelMemoryLimits {
  /// No length in a program's range is larger.
  static let programBytes = 0x7c00_0000_0000
}

/// `MAP_*`
struct MapFlags: OptionSet {
  let rawValue: UInt32

  static let fixed = MapFlags(rawValue: 0x10)
  static let anonymous = MapFlags(rawValue: 0x20)
  static let below2GiB = MapFlags(rawValue: 0x40)
  static let growsDown = MapFlags(rawValue: 0x100)
  static let locked = MapFlags(rawValue: 0x2000)
  static let noReserve = MapFlags(rawValue: 0x4000)
  static let populate = MapFlags(rawValue: 0x8000)
  static let hugePages = MapFlags(rawValue: 0x40000)
  static let fixedNoReplace = MapFlags(rawValue: 0x100000)
}
