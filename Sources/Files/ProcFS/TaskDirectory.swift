// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import VFS

/// `/proc/self/task`: one directory for each thread.
final class TaskDirectory: FixedDirectory {
  private let information: any SystemInformation
  /// The directories that were looked up, of threads that may have ended since.
  private var made: [(identifier: Int32, directory: FixedDirectory)] = []

  init(_ system: PseudoFileSystem, _ information: any SystemInformation) {
    self.information = information
    super.init(system)
  }

  override func lookupOther(_ name: RawSpan) throws(SystemError) -> Node? {
    guard let identifier = DecimalText.number(name) else { return nil }
    return directory(of: identifier)
  }

  /// The directory of a thread, or nil when there is no such thread.
  func directory(of identifier: Int32) -> Node? {
    forgetEnded()
    guard information.hasThread(identifier) else { return nil }
    for known in made where known.identifier == identifier { return known.directory }
    let directory = ProcessEntries.makeThreadDirectory(system, information, identifier)
    made.append((identifier: identifier, directory: directory))
    return directory
  }

  private func forgetEnded() {
    var index = 0
    while index < made.count {
      if information.hasThread(made[index].identifier) {
        index += 1
      } else {
        made.remove(at: index).directory.forgetNodes()
      }
    }
  }

  override func otherEntry(from cookie: UInt64) throws(SystemError) -> DirectoryEntry? {
    var next: Int32?
    for thread in information.threads where UInt64(thread.identifier) >= cookie {
      if next == nil || thread.identifier < next ?? 0 { next = thread.identifier }
    }
    guard let next else { return nil }
    return DirectoryEntry(
      name: DecimalText.bytes(of: next), number: number << 32 | UInt64(next), kind: .directory,
      next: UInt64(next) + 1)
  }
}
