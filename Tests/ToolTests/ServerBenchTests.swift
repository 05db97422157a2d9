// SPDX-License-Identifier: BSD-3-Clause

import Launch
import Plan
import Testing
import ToolSupport

@testable import Bench

@Suite struct ServerBenchTests {
  @Test func readsRedisBenchmark() {
    let text = """
      "test","rps","avg_latency_ms","min_latency_ms"
      "SET","2987.30","16.257","1.168"
      "GET","3820.44","12.699","0.896"
      """
    #expect(
      LoadOutput.redis(text, test: "GET", requests: 20)
        == LoadResult(rate: 3820.44, work: 20))
    #expect(LoadOutput.redis(text, test: "SET", requests: 20)?.rate == 2987.30)
    #expect(LoadOutput.redis(text, test: "INCR", requests: 20) == nil)
    #expect(LoadOutput.redis("Could not connect", test: "GET", requests: 20) == nil)
    #expect(LoadOutput.redis("\"GET\",\"0.00\"", test: "GET", requests: 20) == nil)
  }

  private func wrk(_ extra: String = "") -> String {
    """
    Running 5s test @ http://10.77.0.2/
      1 threads and 30 connections
      Thread Stats   Avg      Stdev     Max   +/- Stdev
        Latency     5.51ms    1.02ms  21.33ms   78.50%
        Req/Sec     5.45k   310.00     6.01k    71.00%
      27250 requests in 5.01s, 1.50GB read
    \(extra)Requests/sec:   5439.12
    Transfer/sec:    512.00KB
    """
  }

  @Test func readsWrk() throws {
    #expect(try LoadOutput.wrkRequests(wrk()) == LoadResult(rate: 5439.12, work: 27250))
    #expect(try LoadOutput.wrkTransfer(wrk()) == LoadResult(rate: 0.5, work: 1536))
    #expect(try LoadOutput.wrkRequests("unable to connect to 10.77.0.2:80") == nil)
    #expect(try LoadOutput.wrkTransfer("") == nil)
  }

  @Test(arguments: [
    "  Socket errors: connect 0, read 3, write 0, timeout 1\n",
    "  Non-2xx or 3xx responses: 12\n",
  ])
  func errorsThatWrkSawAreErrors(line: String) {
    #expect(throws: ToolError.self) { try LoadOutput.wrkRequests(wrk(line)) }
    #expect(throws: ToolError.self) { try LoadOutput.wrkTransfer(wrk(line)) }
  }

  @Test func readsIperf() throws {
    let text = """
      {"start": {"version": "iperf 3.12"}, "intervals": [],
       "end": {"sum_sent": {"bytes": 9, "bits_per_second": 9},
               "sum_received": {"start": 0, "bytes": 10485760, "bits_per_second": 1.5e9}}}
      """
    #expect(try LoadOutput.iperf(text) == LoadResult(rate: 1500, work: 10))
    #expect(try LoadOutput.iperf("iperf3: error") == nil)
    #expect(try LoadOutput.iperf(#"{"end": {}}"#) == nil)
    #expect(throws: ToolError("iperf3 says: the server is busy")) {
      try LoadOutput.iperf(#"{"end": {}, "error": "the server is busy"}"#)
    }
  }

  @Test func readsOurOwnLoad() {
    #expect(
      LoadOutput.own("requests 500\nseconds 2.500000\n") == LoadResult(rate: 200, work: 500))
    #expect(LoadOutput.own("requests 500\n") == nil)
    #expect(LoadOutput.own("requests 500\nseconds 0\n") == nil)
  }

  @Test func comparesRoundsThatFollowEachOther() {
    // Both slow down in the second round, which says nothing about their ratio.
    let ratio = Ratio(rates: [400, 100, 330], to: [100, 25, 110], wanted: 4)
    #expect(ratio == Ratio(median: 4, least: 3, greatest: 4, wanted: 4))
    #expect(ratio?.isReached == true)
    #expect(Ratio(rates: [399], to: [100], wanted: 4)?.isReached == false)
    #expect(Ratio(rates: [399], to: [100], wanted: nil)?.isReached == .some(nil))
    #expect(Ratio(rates: [1, 2], to: [], wanted: 4) == nil)
    #expect(Ratio(rates: [1], to: [0], wanted: 4) == nil)
    #expect(Ratio.median(of: [5, 1, 3]) == 3)
    #expect(Ratio.median(of: [5, 1, 3, 4]) == 3.5)
  }

  @Test func printsRatiosWithTheirSpread() {
    var own = Measurement(
      bench: "http", name: "requests", system: "martlet", value: 12345.6, unit: "requests/s")
    own.ratio = Ratio(median: 3.5, least: 3.25, greatest: 4, wanted: 4)
    let linux = Measurement(
      bench: "http", name: "requests", system: "linux", value: 3500, unit: "requests/s")
    let report = BenchmarkReport([own, linux])
    #expect(!report.isWithinLimits)
    #expect(
      report.table == """
        bench  number    unit        martlet    limit         linux             ratio
        http   requests  requests/s   12,346  >= 4.0x  UNDER  3,500  3.50 (3.25-4.00)
        """)
  }

  @Test func countsWhatLeavesTheGuest() {
    var counts = GuestCounts()
    for line in [
      "virtio_queue_notify vdev 0x55 n 1 vq 0x66",
      "virtio_queue_notify_other vdev 0x55",
      "apic_deliver_irq dest 0 dest_mode 0 delivery_mode 0 vector 33 trigger_mode 0",
      "apic_local_deliver vector 0 delivery mode 0",
      // A device's message, then the guest's end of interrupt, then another device's register.
      "memory_region_ops_write cpu -1 mr 0x5 addr 0xfee00000 value 0x21 size 4 name 'apic-msi'",
      "memory_region_ops_write cpu 0 mr 0x5 addr 0xfee000b0 value 0x0 size 4 name 'apic-msi'",
      "memory_region_ops_read cpu 0 mr 0x5 addr 0xfee00020 value 0x0 size 4 name 'apic-msi'",
      "memory_region_ops_write cpu 0 mr 0x5 addr 0x3f8 value 0x41 size 1 name 'serial'",
      "",
    ] { counts.count(traceLine: line) }
    #expect(counts == GuestCounts(notifications: 1, interrupts: 2, accesses: 3))
    #expect(counts.exits == 4)
  }

  @Test func linuxGetsTheSameMachine() throws {
    let server = LinuxServer(kernel: "/vmlinuz", initial: "/initial", root: "/root.erofs")
    let words = server.vector(from: [
      "/qemu", "-machine", "q35", "-m", "1048576K", "-kernel", "/martlet.elf", "-initrd",
      "/root.erofs", "-append", "program=/bin/x", "-chardev", "socket,id=log,fd=6", "-serial",
      "chardev:log", "-chardev", "socket,id=stdin,fd=3", "-netdev", "tap,id=net",
    ])
    #expect(
      words == [
        "/qemu", "-machine", "q35", "-m", "1048576K", "-kernel", "/vmlinuz", "-initrd",
        "/initial", "-append", LinuxServer.commandLine, "-chardev", "stdio,id=log,signal=off",
        "-serial", "chardev:log", "-chardev", "null,id=stdin", "-netdev", "tap,id=net",
        "-drive", "if=none,id=root,format=raw,readonly=on,file=/root.erofs",
        "-device", "virtio-blk-pci,drive=root,disable-legacy=on",
      ])
  }

  @Test func linuxGetsItsArchiveWhereMartletHasNone() {
    let server = LinuxServer(kernel: "/vmlinuz", initial: "/initial", root: nil)
    let words = server.vector(from: ["/qemu", "-kernel", "/martlet.elf", "-append", "program=/"])
    #expect(
      words == [
        "/qemu", "-kernel", "/vmlinuz", "-append", LinuxServer.commandLine, "-initrd", "/initial",
      ])
  }

  @Test func linuxGetsTheSameCommand() throws {
    let plan = Plan(
      file: "x", directory: "/", name: "x", command: ["/bin/redis", "--save", ""],
      environment: [.init(name: "A", value: "b c")])
    let files = Dictionary(uniqueKeysWithValues: LinuxServer.configuration(of: plan))
    #expect(files["arguments"] == "/bin/redis\0--save\0\0")
    #expect(files["environment"]?.hasSuffix("HOME=/root\0A=b c\0") == true)
    #expect(files["address"] == "10.77.0.2 24")
    #expect(files["cwd"] == "/")
    #expect(files["modules/list"]?.hasPrefix("virtio_ring.ko\nvirtio.ko\n") == true)
  }

  @Test func theShellReadsWordsBack() async throws {
    let word = "a 'b' $(c) \"d\" \\"
    let output = try await ExternalCommand(
      "sh", ["-c", "printf %s \(TestNetwork.quoted(word))"]
    ).run()
    #expect(output.text == word)
  }
}
