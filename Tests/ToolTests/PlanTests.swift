// SPDX-License-Identifier: BSD-3-Clause

import Plan
import Testing
import ToolSupport

@Suite struct PlanTests {
  static func parse(_ text: String) throws(ToolError) -> Plan {
    try Plan.parse(bytes: Array(text.utf8), file: "/apps/redis/martlet.yaml")
  }

  /// The error of a text; fails the test when there is none.
  static func error(_ text: String) -> ToolError? {
    do {
      let plan = try parse(text)
      Issue.record("accepted: \(plan)")
      return nil
    } catch {
      return error
    }
  }

  @Test func readsEveryKey() throws {
    let plan = try Self.parse(
      """
      name: redis
      kind: linux
      root:
        - debian: [redis-server, libc6]
        - directory: files
        - file: ../shop.db
          to: /data/shop.db
        - program: [a.c, b.c]
          static: false
      command: [/usr/bin/redis-server, --protected-mode, no, 8, ""]
      environment: {TZ: UTC, EMPTY: "", N: 1}
      memory: 64MiB
      ports: ["6379:6379", "127.0.0.1:53:53/udp"]
      volumes: ["data:/data:ro"]
      config: [NET=y, CONFIG_HEAP=4]
      cwd: /srv
      """)
    #expect(plan.name == "redis")
    #expect(plan.directory == "/apps/redis")
    #expect(
      plan.root == [
        .debian(["redis-server", "libc6"]), .directory("/apps/redis/files"),
        .file(path: "/apps/shop.db", output: "/data/shop.db"),
        .program(
          sources: ["/apps/redis/a.c", "/apps/redis/b.c"], output: "/bin/a", isStatic: false),
      ])
    #expect(plan.rootPositions.map(\.line) == [4, 5, 6, 8])
    #expect(plan.command == ["/usr/bin/redis-server", "--protected-mode", "no", "8", ""])
    #expect(plan.environment.map(\.text) == ["TZ=UTC", "EMPTY=", "N=1"])
    #expect(plan.memory == .mebibytes(64))
    #expect(plan.ports.map(\.description) == ["127.0.0.1:6379:6379/tcp", "127.0.0.1:53:53/udp"])
    #expect(plan.volumes.map(\.description) == ["data:/data:ro"])
    #expect(plan.config.map(\.text) == ["NET=y", "HEAP=4"])
    #expect(plan.config.map(\.position.line) == [15, 15])
    #expect(plan.workingDirectory == "/srv")
  }

  @Test func takesTheNameOfTheFolder() throws {
    let plan = try Self.parse("root: [{debian: jq}]\ncommand: /usr/bin/jq")
    #expect(plan.name == "redis")
    #expect(plan.command == ["/usr/bin/jq"])
    #expect(plan.memory == nil)
  }

  static let head = "root: []\ncommand: [/bin/a]\n"

  @Test(arguments: [
    ("comand: [/bin/a]\nroot: []", ":1:1", "unknown key 'comand'", "Did you mean 'command'"),
    (head + "workdir: /x", ":3:1", "unknown key 'workdir'", "Did you mean 'cwd'"),
    (head + "xyzzy: 1", ":3:1", "unknown key 'xyzzy'", "The keys are"),
    (head + "memory: 64 mibi", ":3:9", "'64 mibi' is not a size", "64MiB"),
    (head + "memory: 99999999999G", ":3:9", "is not a size", ""),
    (head + "memory: 0", ":3:9", "out of range", ""),
    (head + "memory: [1]", ":3:9", "memory must be a single value, not a list", ""),
    (head + "memory:", ":3:", "memory has no value", ""),
    (head + "kind: linx", ":3:7", "unknown kind 'linx'", "linux"),
    (head + "name: ../x", ":3:7", "is not a name", ""),
    (head + "ports: [80]", ":3:9", "HOST:GUEST", ""),
    (head + "ports: [\"99999:1\"]", ":3:9", "HOST:GUEST", ""),
    (head + "volumes: [a]", ":3:11", "HOSTDIR:/GUEST", ""),
    (head + "disks: [a.img]", ":3:8", "sees no disks", "volumes"),
    ("kind: swift\ndisks: [\":ro\"]", ":2:9", "FILE[:ro]", ""),
    (head + "config: [lower=y]", ":3:10", "SYMBOL=value", ""),
    (head + "config: y", ":3:9", "config must be a list", ""),
    (head + "environment: [A]", ":3:14", "environment must be a mapping", ""),
    (head + "environment: {A: [1]}", ":3:18", "environment A must be a single value", ""),
    (head + "cwd: x", ":3:6", "not an absolute path", ""),
    (head + "cwd: /../x", ":3:6", "not an absolute path", ""),
    ("root: []\ncommand: sqlite3", ":2:10", "not an absolute path", "/usr/bin/sqlite3"),
    ("root: []\ncommand: []", ":2:10", "'command' is empty", ""),
    ("root: []", ":1:1", "'command' is missing", "command:"),
    ("command: [/bin/a]", ":1:1", "'root' is missing", "root:"),
    ("command: [/a]\nroot: [debian]", ":2:8", "an entry of root must be a mapping", ""),
    ("command: [/a]\nroot: [{debian: [Bad_Name]}]", ":2:", "not a name of a Debian package", ""),
    ("command: [/a]\nroot: [{debain: [x]}]", ":2:9", "unknown key 'debain'", "'debian'"),
    ("command: [/a]\nroot: [{oci: x}]", ":2:14", "'oci' is not supported yet", ""),
    ("command: [/a]\nroot: [{host: x}]", ":2:15", "'host' is not supported yet", ""),
    ("command: [/a]\nroot: [{build: x}]", ":2:16", "'build' is not supported yet", ""),
    ("command: [/a]\nroot: [{debian: [aa], directory: b}]", ":2:", "several sources", ""),
    ("command: [/a]\nroot: [{to: /x}]", ":2:", "names no source", ""),
    ("command: [/a]\nroot: [{directory: b, to: /x}]", ":2:", "'to' does not go with", ""),
    ("command: [/a]\nroot: [{program: b.c, static: maybe}]", ":2:", "true or false", ""),
    (head + "name: a\nname: b", ":3:1", "the key 'name' appears twice", ""),
    (head + "name: [a", ":", "broken YAML", ""),
    (head + "name: \"a", ":", "broken YAML", ""),
    (head + "\tname: a", ":", "broken YAML", ""),
    (head + "name: *nobody", ":", "broken YAML", ""),
    (head + "---\nname: b", ":", "broken YAML", ""),
    (head + "name: \"a\\0b\"", ":3:7", "NUL", ""),
    ("- a\n- b", ":1:1", "the plan must be a mapping", ""),
    ("plain words", ":1:1", "the plan must be a mapping", ""),
    ("", "martlet.yaml", "empty", ""),
    ("# nothing\n", "martlet.yaml", "empty", ""),
  ])
  func saysWhatIsWrongAndWhere(text: String, place: String, what: String, advice: String) throws {
    let error = try #require(Self.error(text))
    #expect(error.status == 125)
    #expect(error.place?.hasPrefix("/apps/redis/martlet.yaml") == true)
    #expect("\(error.place ?? "")".contains(place), "\(error)")
    #expect(error.what.contains(what), "\(error)")
    #expect(advice.isEmpty || "\(error.advice ?? "")".contains(advice), "\(error)")
  }

  @Test func refusesHostileText() throws {
    let depth = 100_000
    let nested = [
      String(repeating: "[", count: depth), String(repeating: "{a: ", count: 50_000),
      String(repeating: "- ", count: depth), String(repeating: "? ", count: depth),
      "root: " + String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000),
      (0..<600).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n"),
    ]
    for text in nested { #expect(Self.error(text) != nil) }
    let large = Self.head + "name: " + String(repeating: "a", count: 300_000)
    #expect(try #require(Self.error(large)).what.contains("larger"))
    let long = Self.head + "name: " + String(repeating: "a", count: 200_000)
    #expect(try #require(Self.error(long)).what.utf8.count < 200)
  }

  @Test func refusesAliasBombs() throws {
    var bomb = "a0: &a0 [x, x]\n"
    for level in 1...30 {
      bomb +=
        "a\(level): &a\(level) [\((0..<9).map { _ in "*a\(level - 1)" }.joined(separator: ","))]\n"
    }
    #expect(try #require(Self.error(bomb)).what.contains("aliases"))
    // Few aliases, but as keys, which are hashed.
    var keys = "a0: &a0 [x, x, x, x]\n"
    for level in 1...7 { keys += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
    #expect(Self.error(keys + "? *a7\n: y\n") != nil)
    // What the limit must not refuse.
    let plan = try Self.parse(
      "root: []\ncommand: &c [/bin/sh, -c, \"ls *.c; echo $((2*3))\"]\nenvironment: {A: 2 * 3}")
    #expect(plan.command[2].contains("*.c"))
  }

  @Test func refusesBytesThatAreNotText() throws {
    let inputs: [[UInt8]] = [
      [0xff, 0xfe, 0x41, 0], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80],
      Array("name: ".utf8) + [0x80], [0], Array(repeating: 0, count: 1000), [0x1b, 0x5b, 0x41],
    ]
    for bytes in inputs {
      #expect(throws: ToolError.self) { try Plan.parse(bytes: bytes, file: "x.yaml") }
    }
  }

  @Test(arguments: [
    ("64MiB", 64 << 20), ("512M", 512 << 20), ("1G", 1 << 30), ("4096", 4096), ("3KiB", 3 << 10),
    ("2gib", 2 << 30), ("7B", 7),
  ])
  func readsSizes(text: String, bytes: Int) {
    #expect(ByteSize(text)?.bytes == UInt64(bytes))
  }

  @Test(arguments: ["", "M", "-1M", "1.5G", "1 M", "٣M", "99999999999999999999", "16777216T"])
  func refusesSizes(text: String) {
    #expect(ByteSize(text) == nil)
  }

  @Test func writesSizes() {
    #expect(ByteSize.mebibytes(1).description == "1 MiB")
    #expect(ByteSize(bytes: 1536).description == "1.5 KiB")
    #expect(ByteSize(bytes: 5).description == "5 B")
  }
}
