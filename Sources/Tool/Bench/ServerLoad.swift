// SPDX-License-Identifier: BSD-3-Clause

import ToolSupport

/// One thing that a client does to a server, and how fast that goes.
struct ServerLoad: Sendable {
  var name: String
  /// Of the rate, such as `requests/s`.
  var unit: String
  /// What the counts of instructions and exits are for, such as `request`.
  var part = "request"
  /// How many times Linux' rate is wanted at least; `nil` for a number that is only told.
  var wanted: Double?
  /// The client's program and its arguments.
  var words: [String]
  var read: @Sendable (String) throws -> LoadResult?

  /// How long loads that are given a time take.
  static let seconds = 5
  /// After this the load has stalled.
  static let patience = 180

  /// Runs the client.
  func run(in network: TestNetwork) async throws -> LoadResult {
    let output = try await network.command(words, seconds: Self.patience).run()
    let command = words.joined(separator: " ")
    if output.status == 124 {
      throw ToolError("the server stalled: '\(command)' did not end in \(Self.patience) s")
    }
    let result = try read(output.text)
    guard output.isSuccess, let result else {
      let said = (output.text + output.errorText).suffix(1000)
      throw ToolError("the load '\(command)' failed with status \(output.status)\n  \(said)")
    }
    return result
  }

  static func wrk(
    _ name: String, unit: String = "requests/s", part: String = "request", wanted: Double? = nil,
    connections: Int, path: String = "/", options: [String] = [], timeout: Int = 20,
    read: @escaping @Sendable (String) throws -> LoadResult? = { try LoadOutput.wrkRequests($0) }
  ) -> ServerLoad {
    ServerLoad(
      name: name, unit: unit, part: part, wanted: wanted,
      words: ["wrk", "-t1", "-c\(connections)", "-d\(seconds)s", "--timeout", "\(timeout)s"]
        + options + ["http://\(TestNetwork.guestAddress)\(path)"],
      read: read)
  }

  static func redis(
    _ test: String, pipeline: Int, requests: Int, wanted: Double? = nil
  ) -> ServerLoad {
    ServerLoad(
      name: "\(test)-pipeline-\(pipeline)", unit: "requests/s", wanted: wanted,
      words: [
        "redis-benchmark", "-h", TestNetwork.guestAddress, "-t", test, "-n", "\(requests)", "-c",
        "50", "-P", "\(pipeline)", "--csv",
      ],
      read: { LoadOutput.redis($0, test: test.uppercased(), requests: requests) })
  }

  static func iperf(_ name: String, options: [String], wanted: Double) -> ServerLoad {
    ServerLoad(
      name: name, unit: "Mbit/s", part: "MiB", wanted: wanted,
      words: ["iperf3", "-c", TestNetwork.guestAddress, "-t", "\(seconds)", "-J"] + options,
      read: { try LoadOutput.iperf($0) })
  }
}
