// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// A program of the host whose allocations are recorded; both come with every Debian that can build
/// Martlet.
struct TracedProgram {
  let name: String
  let command: [String]
  let environment: [String: String]

  /// The most operations of a trace: it must fit into a guest beside what it allocates.
  private static let operationLimit = 200_000

  static let all = [
    TracedProgram(
      name: "perl",
      command: [
        "/usr/bin/perl", "-e",
        """
        my %seen; for my $i (1..12000) { my $k = "key" . ($i * 7919 % 5003);
        push @{$seen{$k}}, "x" x ($i % 97); delete $seen{"key" . ($i % 5003)} if $i % 3 == 0; }
        my @all = sort map { join ",", @{$seen{$_}} } keys %seen; print length "@all";
        """,
      ], environment: ["PERL_HASH_SEED": "0"]),
    TracedProgram(
      name: "python",
      command: [
        "/usr/bin/python3", "-S", "-c",
        """
        import json
        rows = [{"id": i, "name": "n%d" % (i * 7919 % 1009), "tags": ["t"] * (i % 7)}
                for i in range(3000)]
        text = json.dumps(rows)
        back = sorted(json.loads(text), key=lambda r: r["name"])
        print(len(text), back[0]["id"])
        """,
      ], environment: ["PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"]),
  ]

  /// Runs the program and returns the path of its trace.
  func record() async throws -> String {
    let source = "\(Repository.root)/Tests/Bench/allocations.c"
    let folder = try Paths.cache("bench")
    let recorder = "\(folder)/allocations.so"
    try await ExternalCommand("cc", ["-O2", "-shared", "-fPIC", "-o", recorder, source])
      .runChecked("compiling allocations.c")
    let recording = "\(folder)/\(name)-\(UUID().uuidString).recording"
    defer { try? FileManager.default.removeItem(atPath: recording) }
    var variables = environment
    variables["LD_PRELOAD"] = recorder
    variables["MARTLET_RECORD"] = recording
    try await ExternalCommand(
      command[0], Array(command.dropFirst()), environment: variables
    ).runChecked("recording \(name)")
    guard let bytes = FileManager.default.contents(atPath: recording), !bytes.isEmpty else {
      throw ToolError("the program \(name) recorded no allocations", at: recording)
    }
    let trace = AllocationTraceFile(recording: Array(bytes), limit: Self.operationLimit)
    let path = "\(folder)/\(name).trace"
    try Data(trace.bytes).write(to: URL(fileURLWithPath: path))
    return path
  }
}
