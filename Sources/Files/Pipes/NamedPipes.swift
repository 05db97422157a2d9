// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Scheduling
import VFS

/// The pipes behind named pipes (`fifo(7)`) that are open. Two opens of one name meet here.
public enum NamedPipes {
  private struct Entry {
    let node: Node
    let pipe: Pipe
  }

  private static let entries = KernelGlobal<[Entry]>([])

  /// Opens the named pipe `node`. Reading waits for a writer and writing for a reader, unless
  /// `flags` say not to block. Throws `noSuchDeviceAddress` when writing does not block and nobody
  /// reads, `interrupted`.
  public static func open(_ node: Node, flags: OpenFlags) throws(SystemError) -> OpenFile {
    let reads = flags.allowsReading
    let writes = flags.allowsWriting
    let pipe = pipe(of: node)
    if writes && !reads && flags.contains(.nonBlocking) && pipe.readerCount == 0 {
      dropUnused()
      throw .noSuchDeviceAddress
    }
    let readersBefore = pipe.readerOpenings
    let writersBefore = pipe.writerOpenings
    let file = PipeFile(pipe, node: node, reads: reads, writes: writes, flags: flags)
    if flags.contains(.nonBlocking) || reads && writes { return file }
    if reads {
      while pipe.writerCount == 0 && pipe.writerOpenings == writersBefore {
        if pipe.readers.wait() == .interrupted { throw .interrupted }
      }
    } else {
      while pipe.readerCount == 0 && pipe.readerOpenings == readersBefore {
        if pipe.writers.wait() == .interrupted { throw .interrupted }
      }
    }
    return file
  }

  private static func pipe(of node: Node) -> Pipe {
    dropUnused()
    for entry in entries.value where entry.node === node { return entry.pipe }
    let pipe = Pipe()
    entries.value.append(Entry(node: node, pipe: pipe))
    return pipe
  }

  /// Forgets pipes that nobody has open; what was in them is lost, as it should be.
  private static func dropUnused() {
    entries.value.removeAll { $0.pipe.readerCount == 0 && $0.pipe.writerCount == 0 }
  }
}
