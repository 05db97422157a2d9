// SPDX-License-Identifier: BSD-3-Clause

/// How an application was started, and the state of all that this followed from: while nothing of it
/// has changed, the same command starts the same machine.
///
/// A file of lines: how to start first, then the states, so that a reader can start before it has
/// looked at them.
public struct StartRecord: Sendable, Equatable {
  /// Files and folders that one folder holds, or that have whole paths when it is empty.
  public struct Folder: Sendable, Equatable {
    public var path: String
    public var entries: [(name: String, state: FileState)]

    public init(path: String, entries: [(name: String, state: FileState)] = []) {
      self.path = path
      self.entries = entries
    }

    public static func == (left: Folder, right: Folder) -> Bool {
      left.path == right.path
        && left.entries.elementsEqual(right.entries) { $0.name == $1.name && $0.state == $1.state }
    }
  }

  /// What a machine is started by.
  public struct Start: Sendable, Equatable {
    public var emulator: String
    /// The emulator's words.
    public var words: [String]
    /// Which word is the kernel's command line: its clock, seed and input are of each start.
    public var commandLineIndex: Int
    /// Ends the guest after so many nanoseconds.
    public var timeout: UInt64?
    /// TCP ports of the host that lead to the guest.
    public var ports: [UInt16]

    public init(
      emulator: String, words: [String], commandLineIndex: Int, timeout: UInt64?, ports: [UInt16]
    ) {
      self.emulator = emulator
      self.words = words
      self.commandLineIndex = commandLineIndex
      self.timeout = timeout
      self.ports = ports
    }
  }

  /// What the emulator is told so that the guest waits for a word on descriptor 8.
  public static let gate = [
    "-S", "-chardev", "socket,id=gate,fd=8", "-mon", "chardev=gate,mode=readline",
  ]

  static let title = "martlet-start 1"

  public var start: Start
  public var folders: [Folder]

  public init(start: Start, folders: [Folder]) {
    self.start = start
    self.folders = folders
  }

  /// The text of the file; nil when a name or word has a line end.
  public var text: String? {
    var lines = [Self.title, "emulator \(start.emulator)", "line \(start.commandLineIndex)"]
    if let timeout = start.timeout { lines.append("timeout \(timeout)") }
    lines += start.ports.map { "port \($0)" } + start.words.map { "word \($0)" } + ["states"]
    for folder in folders {
      lines.append("/\(folder.path)")
      for (name, state) in folder.entries {
        lines.append(
          "\(state.byteCount) \(state.contentChange) \(state.anyChange) \(state.inode) \(name)")
      }
    }
    guard !lines.contains(where: { $0.utf8.contains(10) || $0.utf8.contains(0) }) else {
      return nil
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
