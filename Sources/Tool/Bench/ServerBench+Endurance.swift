// SPDX-License-Identifier: BSD-3-Clause

extension ServerBench {
  /// Ten million requests in all: what `martlet test long` sends to see that nothing ever stalls.
  ///
  /// One guest of each application takes its whole share. A request that is not answered within
  /// `timeout` seconds ends the test.
  public static let endurance: [ServerBench] = [
    ServerBench(
      name: "nginx", application: "nginx", port: 80,
      loads: [
        .wrk("requests", connections: 30, timeout: timeout),
        .wrk("many-clients", connections: 1000, timeout: timeout),
        .wrk(
          "connections", connections: 30, options: ["-H", "Connection: close"], timeout: timeout),
      ], leastRequests: 1_500_000),
    ServerBench(
      name: "redis", application: "redis", port: 6379,
      loads: [
        .redis("set", pipeline: 1, requests: 100_000),
        .redis("get", pipeline: 1, requests: 100_000),
        .redis("set", pipeline: 16, requests: 1_000_000),
        .redis("get", pipeline: 16, requests: 1_000_000),
        .redis("lpush", pipeline: 100, requests: 500_000),
        .redis("lpop", pipeline: 100, requests: 500_000),
      ], leastRequests: 7_000_000),
    ServerBench(
      name: "memcached", application: "memcached", port: 11211,
      loads: [.memcached("set"), .memcached("get")], leastRequests: 1_500_000),
  ]

  /// Far above what a loaded machine needs, far below what a stalled connection takes.
  private static let timeout = 10
}
