// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import ELF
import LinuxCore
import Machine
import Memory
import VFS

/// A file to be loaded: found, checked to be executable, and readable by offset.
struct ProgramFile {
  let node: Node
  let source: PageSource

  /// Finds `path` as the process does.
  init(path: [UInt8], in process: Process) throws(LoadError) {
    do {
      node = try process.namespace.lookup(RawSpan(_elements: path.span))
    } catch { throw .file(Errno(error)) }
    // A regular file with an executable bit.
    guard node.mode & 0o170000 == 0o100000, node.mode & 0o111 != 0 else { throw .notExecutable }
    do { source = try node.pageSource() } catch { throw .notExecutable }
  }

  var byteCount: Int { source.byteCount }

  /// Reads up to `count` bytes at `offset`; fewer at the end of the file.
  func read(at offset: Int, count: Int) throws(LoadError) -> [UInt8] {
    let end = min(byteCount, offset + count)
    guard offset < end else { return [] }
    var bytes = [UInt8](repeating: 0, count: end - offset)
    var cursor = offset
    while cursor < end {
      let first = cursor % pageSize
      let piece = min(pageSize - first, end - cursor)
      let page: SourcePage
      do { page = try source.page(at: cursor / pageSize, forWriting: false) } catch {
        throw .file(Errno(error))
      }
      FrameMemory.withBytes(of: page.frame) { frame in
        var target = bytes.mutableSpan
        var all = MutableRawSpan(_elements: &target)
        all.copy(frame.extracting(first..<first + piece), at: cursor - offset)
      }
      cursor += piece
    }
    return bytes
  }

  /// Parses the file's headers, of a program or of its dynamic loader.
  func image() throws(LoadError) -> ELFImage {
    let start = try read(at: 0, count: ELFHeader.byteCount)
    let header: ELFHeader
    do {
      header = try ELFHeader(parsing: RawSpan(_elements: start.span), fileByteCount: byteCount)
    } catch { throw .image(error) }
    let table = try read(
      at: header.programHeaderOffset, count: header.programHeaderTableByteCount)
    let image: ELFImage
    do {
      image = try ELFImage(
        header: header, programHeaders: RawSpan(_elements: table.span), fileByteCount: byteCount)
    } catch { throw .image(error) }
    guard image.hasEntryInCode else { throw .image(ELFError(.badEntry, at: 24)) }
    return image
  }
}
