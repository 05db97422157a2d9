// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxCore
import Memory
import Pipes
import VFS

/// The calls on contents and positions that move no bytes to the program.
enum ContentCalls {
  /// `off_t lseek(int fd, off_t offset, int whence)`
  static func seek(_ call: SystemCall) throws(Errno) -> Int {
    let file = try call.file(0)
    let origin: SeekOrigin
    switch call.int32(2) {
    case 0: origin = .start
    case 1: origin = .current
    case 2: origin = .end
    case 3: origin = .data
    case 4: origin = .hole
    default: throw .invalidArgument
    }
    do { return Int(try file.seek(call.int64(1), origin)) } catch { throw Errno(error) }
  }

  /// `int truncate(const char *path, off_t length)`
  static func truncate(_ call: SystemCall) throws(Errno) -> Int {
    guard call.int64(1) >= 0 else { throw .invalidArgument }
    let node = try Paths.find(call, path: 0)
    if node.isDirectory { throw .isDirectory }
    guard node.kind == .regular else { throw .invalidArgument }
    return try truncate(node, call.int64(1))
  }

  /// `int ftruncate(int fd, off_t length)`
  static func truncateFile(_ call: SystemCall) throws(Errno) -> Int {
    guard call.int64(1) >= 0 else { throw .invalidArgument }
    let file = try call.file(0)
    guard file.node.kind == .regular, file.isWritable else { throw .invalidArgument }
    return try truncate(file.node, call.int64(1))
  }

  private static func truncate(_ node: Node, _ byteCount: Int64) throws(Errno) -> Int {
    if let seals = FileLocks.existing(of: node)?.seals {
      if byteCount < node.byteCount && seals.contains(.shrink) { throw .notPermitted }
      if byteCount > node.byteCount && seals.contains(.grow) { throw .notPermitted }
    }
    do { try node.truncate(to: byteCount) } catch { throw Errno(error) }
    return 0
  }

  /// `int fallocate(int fd, int mode, off_t offset, off_t len)`
  static func allocate(_ call: SystemCall) throws(Errno) -> Int {
    let file = try call.file(0)
    let offset = call.int64(2)
    let count = call.int64(3)
    guard offset >= 0 && count > 0 else { throw .invalidArgument }
    let mode: AllocationMode
    switch call.uint32(1) {
    case 0: mode = .extend
    case 1: mode = .keepSize
    case 3: mode = .punchHole
    case 0x10: mode = .zero(keepsSize: false)
    case 0x11: mode = .zero(keepsSize: true)
    default: throw .notSupported
    }
    guard file.isWritable else { throw .badDescriptor }
    switch file.node.kind {
    case .fifo: throw .illegalSeek
    case .directory: throw .isDirectory
    case .regular: break
    default: throw .noSuchDevice
    }
    guard !offset.addingReportingOverflow(count).overflow else { throw .fileTooLarge }
    if let seals = FileLocks.existing(of: file.node)?.seals {
      if seals.contains(.write) { throw .notPermitted }
      if seals.contains(.grow) && offset + count > file.node.byteCount { throw .notPermitted }
    }
    do { try file.allocate(mode, at: offset, count: count) } catch { throw Errno(error) }
    return 0
  }

  /// `int fsync(int fd)`
  static func synchronize(_ call: SystemCall) throws(Errno) -> Int {
    let file = try synchronizable(call)
    do { try file.synchronize() } catch { throw Errno(error) }
    return 0
  }

  /// `int fdatasync(int fd)`
  static func synchronizeContents(_ call: SystemCall) throws(Errno) -> Int {
    let file = try synchronizable(call)
    do { try file.synchronizeContents() } catch { throw Errno(error) }
    return 0
  }

  private static func synchronizable(_ call: SystemCall) throws(Errno) -> OpenFile {
    let file = try call.file(0)
    guard !file.flags.contains(.pathOnly) else { throw .badDescriptor }
    switch file.node.kind {
    case .regular, .directory, .blockDevice: return file
    default: throw .invalidArgument
    }
  }

  /// `int syncfs(int fd)`
  static func synchronizeSystem(_ call: SystemCall) throws(Errno) -> Int {
    let file = try call.file(0)
    do { try file.synchronize() } catch { throw Errno(error) }
    return 0
  }

  /// `void sync(void)`
  static func synchronizeAll(_ call: SystemCall) throws(Errno) -> Int {
    FileSystems.synchronize()
    return 0
  }

  /// `int sync_file_range(int fd, off_t offset, off_t nbytes, unsigned int flags)`
  static func synchronizeRange(_ call: SystemCall) throws(Errno) -> Int {
    let file = try call.file(0)
    let (offset, count) = (call.int64(1), call.int64(2))
    guard call.uint32(3) & ~7 == 0, offset >= 0, count >= 0,
      !offset.addingReportingOverflow(count).overflow
    else { throw .invalidArgument }
    guard file.isSeekable else { throw .illegalSeek }
    return 0
  }

  /// `int posix_fadvise(int fd, off_t offset, off_t len, int advice)`; nothing follows from it,
  /// because all contents are in memory.
  static func advise(_ call: SystemCall) throws(Errno) -> Int {
    let file = try call.file(0)
    guard file.node.kind != .fifo else { throw .illegalSeek }
    guard call.int64(2) >= 0, (0...5).contains(call.int32(3)) else { throw .invalidArgument }
    return 0
  }

  /// `ssize_t readahead(int fd, off64_t offset, size_t count)`
  static func readAhead(_ call: SystemCall) throws(Errno) -> Int {
    let file = try call.file(0)
    guard file.isReadable else { throw .badDescriptor }
    guard file.node.kind == .regular else { throw .invalidArgument }
    return 0
  }

  /// `int memfd_create(const char *name, unsigned int flags)`
  static func makeMemoryFile(_ call: SystemCall) throws(Errno) -> Int {
    let flags = call.uint32(1)
    // MFD_CLOEXEC, MFD_ALLOW_SEALING, MFD_NOEXEC_SEAL, MFD_EXEC; not MFD_HUGETLB.
    guard flags & ~0x1b == 0 else { throw .invalidArgument }
    let name = try memoryFileName(call)
    let file: OpenFile
    do {
      let node = try call.process.namespace.root.makeNameless(permissionBits: 0o777)
      node.lastName = name
      node.isRemoved = true
      file = try node.open([.readWrite, .largeFile])
      let locks = FileLocks.of(node)
      locks.seals = flags & 2 == 0 ? .seal : []
    } catch { throw Errno(error) }
    return Int(try call.process.descriptors.add(file, closesOnExec: flags & 1 != 0))
  }

  /// The name as `/proc` shows it; `invalidArgument` above 249 bytes.
  private static func memoryFileName(_ call: SystemCall) throws(Errno) -> [UInt8] {
    var name = StaticString("memfd:").byteArray
    do {
      name.append(contentsOf: try ProgramBytes.text(at: call.address(0), limit: 250))
    } catch {
      throw error == .nameTooLong ? .invalidArgument : error
    }
    return name
  }
}
