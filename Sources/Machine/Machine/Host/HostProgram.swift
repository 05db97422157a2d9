// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Glibc
import Synchronization

/// The process, for applications that run on the host.
public enum HostProgram {
  /// The words after the program's name.
  public static var arguments: [[UInt8]] {
    CommandLine.arguments.dropFirst().map { Array($0.utf8) }
  }

  /// Each as `NAME=VALUE`.
  public static var environment: [[UInt8]] {
    var result: [[UInt8]] = []
    var index = 0
    // SAFETY (all below): a list of texts that end with NUL, and ends with nil; nobody changes it.
    while let entry = unsafe environ[index] {
      let bytes = unsafe Array(UnsafeRawBufferPointer(start: entry, count: strlen(entry)))
      result.append(bytes)
      index += 1
    }
    return result
  }

  public static func end(status: Int32) -> Never { exit(status) }

  private static let hasHandlers = KernelGlobal(false)

  /// Whether SIGINT or SIGTERM has come.
  public static var wasAsked: Bool { hasBeenAsked.load(ordering: .sequentiallyConsistent) }

  /// From now on the first of these signals is told by `wasAsked`; the second ends the process.
  public static func catchRequests() {
    guard !hasHandlers.value else { return }
    hasHandlers.value = true
    var ends: [Int32] = [-1, -1]
    // SAFETY: writes both numbers.
    guard unsafe pipe(&ends) == 0 else { return }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let reader = ends[0]
    requestPipe.store(ends[1], ordering: .sequentiallyConsistent)
    for number in [SIGINT, SIGTERM] {
      signal(number) { _ in
        // Only what is safe in a handler.
        hasBeenAsked.store(true, ordering: .sequentiallyConsistent)
        var byte: UInt8 = 1
        // SAFETY: reads just the variable.
        _ = unsafe write(requestPipe.load(ordering: .sequentiallyConsistent), &byte, 1)
      }
    }
    _ = HostThreads.start {
      var byte: UInt8 = 0
      // SAFETY: writes just the variable.
      _ = HostThreads.waiting { unsafe read(reader, &byte, 1) }
      signal(SIGINT, SIG_DFL)
      signal(SIGTERM, SIG_DFL)
      HostThreads.changed()
    }
  }
}

/// What the handler has to say.
private let hasBeenAsked = Atomic<Bool>(false)
/// Where the handler writes, for a thread that wakes those who wait.
private let requestPipe = Atomic<Int32>(-1)
