// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Launch
import Plan
import ToolSupport

extension ServerLoad {
  /// Stands for `Tests/Bench/load.c`, once it is compiled.
  static let ownProgram = "load"

  static func memcached(_ operation: String) -> ServerLoad {
    ServerLoad(
      name: operation, unit: "requests/s",
      words: [
        ownProgram, "memcached", TestNetwork.guestAddress, "11211", "50", "\(seconds)", operation,
      ], read: { LoadOutput.own($0) })
  }

  /// The same by datagrams, with so many requests under way.
  static func memcachedDatagrams(_ operation: String) -> ServerLoad {
    ServerLoad(
      name: "udp-\(operation)", unit: "requests/s",
      words: [
        ownProgram, "memcached-udp", TestNetwork.guestAddress, "11211", "128", "\(seconds)",
        operation,
      ], read: { LoadOutput.own($0) })
  }
}

extension ServerBench {
  /// A file that is too large for a socket's buffers.
  private static let largeFileSize = 16 << 20

  private static func entries(_ file: String) -> [Plan.RootEntry] {
    [.file(path: file, output: "/srv/www/large.bin")]
  }

  /// Requests of redis-benchmark: enough that the emulator's first translation of the code, which each
  /// boot pays once, is a small part.
  private static let redisRequests = (single: 100_000, pipelined: 400_000)

  static let all: [ServerBench] = [
    ServerBench(
      name: "http", application: "nginx", port: 80,
      files: {
        let file = "\(try Paths.cache("bench"))/large-file"
        let kept = try? Paths.byteCount(of: file)
        if kept == largeFileSize { return entries(file) }
        let bytes = (0..<largeFileSize).map { UInt8(truncatingIfNeeded: $0 &* 0x9E37_79B1 >> 13) }
        try Data(bytes).write(to: URL(fileURLWithPath: file), options: .atomic)
        return entries(file)
      },
      loads: [
        .wrk("requests", wanted: 4, connections: 30),
        .wrk(
          "connections", unit: "connections/s", part: "connection", wanted: 3, connections: 30,
          options: ["-H", "Connection: close"]),
        .wrk(
          "large-file", unit: "MiB/s", part: "MiB", connections: 4, path: "/large.bin",
          read: { try LoadOutput.wrkTransfer($0) }),
      ],
      native: NativeServer(
        application: "http",
        goals: [
          "requests": .init(ratio: 8, instructions: 6_000), "connections": .init(),
        ], firstAnswer: 400_000)),
    ServerBench(
      name: "redis", application: "redis", port: 6379,
      loads: [
        .redis("set", pipeline: 1, requests: redisRequests.single, wanted: 3),
        .redis("get", pipeline: 1, requests: redisRequests.single, wanted: 3),
        .redis("set", pipeline: 16, requests: redisRequests.pipelined, wanted: 1.4),
        .redis("get", pipeline: 16, requests: redisRequests.pipelined, wanted: 1.4),
      ]),
    ServerBench(
      name: "iperf", application: "iperf3", port: 5201,
      loads: [
        .iperf("to-guest", options: [], wanted: 1.5),
        .iperf("from-guest", options: ["-R"], wanted: 1.5),
      ]),
    ServerBench(
      name: "memcached", application: "memcached", port: 11211,
      loads: [.memcached("set"), .memcached("get")]),
    ServerBench(
      name: "kv", application: "memcached", port: 11211,
      // The first one also fills the store.
      loads: [.memcached("get"), .memcachedDatagrams("get"), .memcachedDatagrams("set")],
      native: NativeServer(
        application: "kv",
        goals: [
          "get": .init(), "udp-get": .init(ratio: 4, instructions: 1_500),
          "udp-set": .init(ratio: 4, instructions: 1_500),
        ]),
      options: ["-U", "11211"]),
  ]

  private static let summaries = [
    "http": "nginx and the native http under wrk: requests and connections a second, a large file",
    "redis": "redis-benchmark GET and SET, pipelines of 1 and 16",
    "iperf": "iperf3: bulk TCP both ways",
    "memcached": "get and set over 50 connections",
    "kv": "the native kv and memcached: get and set by UDP",
  ]

  var benchmark: Benchmark {
    Benchmark(name: name, summary: Self.summaries[name] ?? name) { try await measure($0) }
  }
}
