// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Memory
import Scheduling

/// An open file: what one `open` made and descriptors share. Linux calls it a file description.
///
/// It closes when the last descriptor and the last use of it are gone (`deinit` of subclasses).
open class OpenFile {
  public final let node: Node
  public final var flags: OpenFlags
  /// The offset for reads and writes that name none.
  public final var position: Int64 = 0
  /// Descriptors that refer to it.
  public final private(set) var descriptorCount = 0
  private final var closeObservers: [any FileCloseObserver] = []
  /// The path it was opened by, for `/proc/self/fd`; empty when there is none.
  public final var path: [UInt8] = []

  public init(node: Node, flags: OpenFlags) {
    self.node = node
    self.flags = flags
  }

  public final var isNonBlocking: Bool { flags.contains(.nonBlocking) }
  public final var isReadable: Bool { flags.allowsReading }
  public final var isWritable: Bool { flags.allowsWriting }

  /// Reads up to the buffer's count, at `offset` or, if nil, at the file's position, which moves.
  /// Returns 0 at the end.
  open func read(into buffer: UserBuffer, at offset: Int64?) throws(SystemError) -> Int {
    throw node.isDirectory ? .isDirectory : .invalidArgument
  }

  /// Writes up to the buffer's count, at `offset` or, if nil, at the file's position, which moves.
  open func write(from buffer: UserBuffer, at offset: Int64?) throws(SystemError) -> Int {
    throw node.isDirectory ? .isDirectory : .invalidArgument
  }

  /// Whether what the program names in several parts (`readv`) is one transfer, as messages are.
  /// Then the two methods below do it; others get their parts one by one.
  open var takesVectors: Bool { false }

  /// Reads into several parts.
  open func read(into vector: UserVector) throws(SystemError) -> Int { throw .invalidArgument }

  /// Writes several parts.
  open func write(from vector: UserVector) throws(SystemError) -> Int { throw .invalidArgument }

  /// Lends the bytes at `offset` that lie together, `count` at most, to `body`, which tells how many
  /// it has used: for transfers from file to file without a copy between. Returns that number; 0 at
  /// the end; nil for files that cannot lend.
  open func lend(
    at offset: Int64, count: Int, _ body: (RawSpan) throws(SystemError) -> Int
  ) throws(SystemError) -> Int? {
    nil
  }

  /// Where the contents lie in the root archive, as long as they are its own and in one piece.
  open var archivedExtent: Range<Int>? { nil }

  /// Whether `writeLent` works.
  open var takesLent: Bool { false }

  /// Writes bytes that another file lends, as many as there is room for, and never waits. Throws
  /// `wouldBlock` when there is none.
  open func writeLent(_ bytes: RawSpan) throws(SystemError) -> Int { throw .invalidArgument }

  /// Whether a write that fails with `brokenPipe` raises `SIGPIPE` besides.
  open var signalsBrokenPipe: Bool { true }

  /// Whether reads and writes may name an offset (`pread`); pipes and terminals refuse.
  open var isSeekable: Bool { false }

  /// Moves the position. Throws `illegalSeek` for files without one.
  open func seek(_ offset: Int64, _ origin: SeekOrigin) throws(SystemError) -> Int64 {
    throw .illegalSeek
  }

  /// What can be done at once.
  open var readiness: Readiness {
    [.readable, .writable, .readableNormal, .writableNormal]
  }

  /// Woken when `readiness` may have changed; nil for files that are always ready.
  open var readinessQueue: WaitQueue? { nil }

  /// `ioctl(2)` of this kind of file. Throws `notTerminal` for what it does not know.
  open func control(request: UInt32, argument: UInt) throws(SystemError) -> Int {
    throw .notTerminal
  }

  /// Where mappings get their pages.
  open func pageSource() throws(SystemError) -> PageSource { try node.pageSource() }

  /// What was written is to reach its final place.
  open func synchronize() throws(SystemError) {}

  /// As `synchronize`, but attributes that are not needed to read the contents may stay behind
  /// (`fdatasync(2)`).
  open func synchronizeContents() throws(SystemError) { try synchronize() }

  /// `fallocate(2)`
  open func allocate(
    _ mode: AllocationMode, at offset: Int64, count: Int64
  ) throws(SystemError) {
    throw .noSuchDevice
  }

  // MARK: Descriptors

  /// A descriptor refers to the file now.
  public final func descriptorDidOpen() {
    descriptorCount += 1
  }

  /// A descriptor does not refer to it any more.
  open func descriptorDidClose() {
    descriptorCount -= 1
    guard descriptorCount == 0 else { return }
    let observers = closeObservers
    closeObservers = []
    for observer in observers { observer.fileDidClose() }
  }

  /// Who wants to hear that no descriptor refers to the file any more (epoll does).
  public final func addCloseObserver(_ observer: any FileCloseObserver) {
    closeObservers.append(observer)
  }

  public final func removeCloseObserver(_ observer: any FileCloseObserver) {
    closeObservers.removeAll { $0 === observer }
  }
}

/// Hears that no descriptor refers to a file any more.
public protocol FileCloseObserver: AnyObject {
  func fileDidClose()
}

/// What an offset counts from (`lseek(2)`).
public enum SeekOrigin: Sendable {
  case start
  case current
  case end
  /// The next data at or behind the offset.
  case data
  /// The next hole at or behind the offset.
  case hole
}

/// `fallocate(2)`
public enum AllocationMode: Sendable {
  /// Make room; the file grows.
  case extend
  /// Make room; the size stays.
  case keepSize
  /// Free what is there; it reads as zero.
  case punchHole
  /// Zero what is there; the file grows unless `keepsSize`.
  case zero(keepsSize: Bool)
}
