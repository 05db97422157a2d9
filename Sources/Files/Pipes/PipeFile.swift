// SPDX-License-Identifier: BSD-3-Clause

import Base
import Memory
import Scheduling
import VFS

/// One open end of a pipe, or an open named pipe. It counts as a reader or writer until its last
/// reference has gone.
public final class PipeFile: OpenFile {
  public let pipe: Pipe
  private let reads: Bool
  private let writes: Bool
  /// How often writers had come when this end was opened (`f_version` in Linux).
  private let writersBefore: Int

  init(_ pipe: Pipe, node: Node, reads: Bool, writes: Bool, flags: OpenFlags) {
    self.pipe = pipe
    self.reads = reads
    self.writes = writes
    writersBefore = pipe.writerCount > 0 ? -1 : pipe.writerOpenings
    super.init(node: node, flags: flags)
    pipe.open(reading: reads, writing: writes)
  }

  deinit {
    pipe.close(reading: reads, writing: writes)
  }

  public override func read(
    into buffer: UserBuffer, at offset: Int64?
  ) throws(SystemError) -> Int {
    guard offset == nil else { throw .illegalSeek }
    guard reads else { throw .badDescriptor }
    return try pipe.read(into: buffer, blocking: !isNonBlocking)
  }

  public override func write(
    from buffer: UserBuffer, at offset: Int64?
  ) throws(SystemError) -> Int {
    guard offset == nil else { throw .illegalSeek }
    guard writes else { throw .badDescriptor }
    return try pipe.write(from: buffer, blocking: !isNonBlocking)
  }

  public override var readiness: Readiness {
    var result: Readiness = []
    if reads {
      result = pipe.readReadiness(sawWriter: pipe.writerOpenings != writersBefore)
    }
    if writes { result.formUnion(pipe.writeReadiness) }
    return result
  }

  public override var readinessQueue: WaitQueue? {
    reads && writes ? pipe.both : reads ? pipe.readers : pipe.writers
  }
}

extension PipeFile {
  /// The two ends of a new pipe. `flags` are status flags without an access mode.
  public static func pair(flags: OpenFlags) -> (reader: PipeFile, writer: PipeFile) {
    let pipe = Pipe()
    let node = PipeNode()
    let writing = OpenFlags(rawValue: flags.rawValue | 1)
    return (
      PipeFile(pipe, node: node, reads: true, writes: false, flags: flags),
      PipeFile(pipe, node: node, reads: false, writes: true, flags: writing)
    )
  }
}
