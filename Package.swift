// swift-tools-version: 6.2
// SPDX-License-Identifier: BSD-3-Clause

// The one table of modules, grouped by layer, bottom first. A module may name only modules of its
// own layer and of lower ones; `./martlet lint` compares the `import` lines with this table.
//
// MARTLET_PLATFORM chooses the sibling folders under Sources/Machine: `host` (the default) stands
// in for the hardware so that every module is tested as an ordinary program; `guest` is the real
// processor and platform.

import PackageDescription

let platform = Context.environment["MARTLET_PLATFORM"] ?? "host"
let architecture = Context.environment["MARTLET_ARCHITECTURE"] ?? "X86_64"
let machineFolders =
  platform == "guest" ? ["Common", architecture, "KVM"] : ["Common", "Host"]

let house: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatWarning("StrictMemorySafety", as: .error),
  .enableExperimentalFeature("Lifetimes"),
  .enableExperimentalFeature("Extern"),
]

/// What the image's configuration leaves out, by Kconfig's names; nothing by default.
let left = (Context.environment["MARTLET_WITHOUT"] ?? "").split(separator: ",").map(String.init)

/// Two folders of a micro-library, of which configuration chooses one.
struct Choice {
  let symbol: String
  let folder: String
  let substitute: String

  var unused: String { left.contains(symbol) ? folder : substitute }
}

/// One micro-library: its layer's folder, its name, and what it stands on.
struct Library {
  let layer: String
  let name: String
  let dependencies: [String]
  /// Whether it has a sibling folder for each platform.
  let hasSiblings: Bool
  let choices: [Choice]

  /// - Parameters:
  ///   - guest: what it stands on in the guest only.
  ///   - hasSiblings: whether that is for a sibling folder of its own.
  init(
    _ layer: String, _ name: String, on dependencies: [String] = [], guest: [String] = [],
    hasSiblings: Bool? = nil, choices: [Choice] = []
  ) {
    self.layer = layer
    self.name = name
    self.dependencies = dependencies + (platform == "guest" ? guest : [])
    self.hasSiblings = hasSiblings ?? !guest.isEmpty
    self.choices = choices
  }

  var target: Target {
    .target(
      name: name,
      dependencies: dependencies.map { .byName(name: $0) },
      path: "Sources/\(layer)/\(name)",
      exclude: (layer == "App" ? ["README.md"] : ["README.md", "Kconfig"])
        + (hasSiblings ? [platform == "guest" ? "Host" : "Guest"] : [])
        + choices.map(\.unused),
      swiftSettings: house)
  }
}

let libraries: [Library] = [
  Library("Base", "Base", on: ["Bytes"]),
  Library("Base", "Structures", on: ["Base", "Bytes"]),
  Library("Base", "TimerWheel", on: ["Base"]),
  Library("Base", "ELF", on: ["Base", "Bytes"]),
  Library("Base", "EROFS", on: ["Base", "Bytes"]),
  Library("Base", "CommandLine", on: ["Base", "Bytes"]),

  Library("Kernel", "Log", on: ["Base", "Bytes", "Machine"]),
  Library("Kernel", "Frames", on: ["Base", "Bytes", "Machine"]),
  Library("Kernel", "Heap", on: ["Base", "Bytes", "Machine"]),
  Library("Kernel", "HeapBuddy", on: ["Base", "Heap", "Machine"]),
  Library("Kernel", "HeapRegion", on: ["Base", "Heap", "Machine"]),
  Library("Kernel", "HeapTLSF", on: ["Base", "Heap", "Machine"]),
  Library("Kernel", "HeapReplay", on: ["Base", "Bytes", "Frames", "Heap", "Log", "Machine"]),
  Library("Kernel", "Clock", on: ["Base", "Bytes", "Machine", "TimerWheel"]),
  Library(
    "Kernel", "Scheduling", on: ["Base", "Bytes", "Clock", "Machine", "Structures", "TimerWheel"]),
  Library("Kernel", "SchedulerCooperative", on: ["Base", "Scheduling"]),
  Library("Kernel", "SchedulerRoundRobin", on: ["Base", "Scheduling"]),
  Library("Kernel", "Random", on: ["Base", "Bytes", "Machine"]),
  Library("Kernel", "Memory", on: ["Base", "Bytes", "Machine", "Frames", "Structures"]),

  Library("Devices", "FirmwareConfiguration", on: ["Base", "Bytes", "Machine"]),
  Library("Devices", "PCI", on: ["Base", "Machine"]),
  Library("Devices", "Virtio", on: ["Base", "Bytes", "Machine"]),
  Library("Devices", "VirtioMMIO", on: ["Base", "Machine", "Virtio"]),
  Library("Devices", "VirtioPCI", on: ["Base", "Machine", "PCI", "Virtio"]),
  Library("Devices", "VirtioConsole", on: ["Base", "Bytes", "Machine", "Virtio", "Log"]),
  Library("Devices", "VirtioEntropy", on: ["Base", "Bytes", "Machine", "Scheduling", "Virtio"]),
  Library("Devices", "RealTimeClock", on: ["Machine"]),
  Library("Devices", "VirtioBlock", on: ["Base", "Bytes", "Machine", "Scheduling", "Virtio"]),
  Library("Devices", "Virtio9P", on: ["Base", "Bytes", "Machine", "Scheduling", "Virtio"]),

  Library("Network", "Addresses", on: ["Bytes"]),
  Library("Network", "Packets", on: ["Addresses", "Base", "Bytes", "Machine"]),
  Library("Network", "Internet", on: ["Addresses", "Base", "Bytes", "Packets"]),
  Library("Network", "Ethernet", on: ["Addresses", "Bytes"]),
  Library("Network", "Neighbors", on: ["Addresses", "Base", "Packets"]),
  Library("Network", "ARP", on: ["Addresses", "Base", "Bytes"]),
  Library("Network", "IPv4", on: ["Addresses", "Bytes", "Packets"]),
  Library("Network", "ICMP", on: ["Addresses", "Bytes", "Internet", "IPv4", "Packets"]),
  Library("Network", "IPv6", on: ["Addresses", "Base", "Bytes", "Packets"]),
  Library("Network", "ICMPv6", on: ["Addresses", "Bytes", "Internet", "IPv6", "Packets"]),
  Library("Network", "NDP", on: ["Addresses", "Base", "Bytes", "IPv6"]),
  Library("Network", "UDP", on: ["Addresses", "Base", "Bytes", "Internet", "Packets"]),
  Library("Network", "Loopback", on: ["Bytes", "Internet", "Packets"]),
  Library("Network", "PacketCapture", on: ["Base", "Bytes", "Packets"]),
  Library("Network", "DHCP", on: ["Addresses", "Base", "Bytes"]),
  Library("Network", "ResolverConfiguration", on: ["Addresses", "Bytes"]),
  Library("Network", "StubResolver", on: ["Addresses", "Base", "Bytes"]),
  Library(
    "Network", "NetworkStack",
    on: [
      "ARP", "Addresses", "Base", "Bytes", "DHCP", "Ethernet", "ICMP", "ICMPv6", "IPv4", "IPv6",
      "Internet", "Loopback", "NDP", "Neighbors", "PacketCapture", "Packets", "UDP",
    ],
    choices: [
      Choice(symbol: "NETWORK_IPV6", folder: "IPv6", substitute: "WithoutIPv6"),
      Choice(symbol: "NETWORK_DHCP", folder: "DHCP", substitute: "WithoutDHCP"),
    ]),
  Library(
    "Network", "UDPResponder",
    on: [
      "Addresses", "Base", "Bytes", "Ethernet", "Internet", "NetworkStack", "Packets", "UDP",
    ]),
  Library("Network", "TCP", on: ["Addresses", "Base", "Bytes", "Packets", "TimerWheel"]),
  Library(
    "Network", "NetworkHost",
    on: [
      "Addresses", "Base", "Bytes", "Clock", "DHCP", "Internet", "IPv4", "Log", "Machine", "NDP",
      "Neighbors", "NetworkStack", "Packets", "Random", "ResolverConfiguration", "Scheduling",
      "TCP", "TimerWheel",
    ]),
  Library(
    "Network", "VirtioNet",
    on: ["Addresses", "Base", "Bytes", "Internet", "Machine", "Packets", "Virtio"]),

  Library("Files", "VFS", on: ["Base", "Bytes", "Structures", "Scheduling", "Clock", "Memory"]),
  Library(
    "Files", "RootFS",
    on: ["Base", "Bytes", "Clock", "EROFS", "Frames", "Machine", "Memory", "Structures", "VFS"]),
  Library("Files", "Pipes", on: ["Base", "Bytes", "Memory", "Scheduling", "Structures", "VFS"]),
  Library(
    "Files", "NineP",
    on: [
      "Base", "Bytes", "Clock", "Frames", "Machine", "Memory", "Scheduling", "Structures", "VFS",
      "Virtio9P",
    ]),
  Library(
    "Files", "DeviceFS",
    on: [
      "Base", "Bytes", "Frames", "Machine", "Memory", "Random", "Scheduling", "Structures", "VFS",
    ]),
  Library(
    "Files", "ProcFS", on: ["Base", "Bytes", "Structures", "Clock", "Frames", "Memory", "VFS"]),

  Library(
    "Linux", "LinuxCore",
    on: ["Base", "Bytes", "Machine", "Log", "Clock", "Scheduling", "Memory", "Frames", "VFS"]),
  Library(
    "Linux", "LinuxFiles",
    on: [
      "Base", "Bytes", "Clock", "LinuxCore", "Memory", "Pipes", "RootFS", "Scheduling",
      "Structures", "VFS",
    ]),
  Library(
    "Linux", "LinuxPolling",
    on: [
      "Base", "Bytes", "Clock", "LinuxCore", "Memory", "Scheduling", "Structures", "TimerWheel",
      "VFS",
    ]),
  Library("Linux", "LinuxMemory", on: ["Base", "LinuxCore", "Memory", "RootFS", "VFS"]),
  Library(
    "Linux", "LinuxThreads",
    on: [
      "Base", "Bytes", "Clock", "LinuxCore", "Log", "Machine", "Memory", "Scheduling", "Structures",
    ]),
  Library(
    "Linux", "LinuxSignals",
    on: ["Base", "Bytes", "Clock", "LinuxCore", "Log", "Machine", "Memory", "Scheduling", "VFS"]),
  Library(
    "Linux", "LinuxTime",
    on: ["Base", "Bytes", "Clock", "LinuxCore", "Memory", "Scheduling", "TimerWheel"]),
  Library(
    "Linux", "LinuxSockets",
    on: [
      "Base", "Bytes", "Clock", "LinuxCore", "Memory", "Pipes", "Scheduling", "Structures", "VFS",
    ]),
  Library(
    "Linux", "LinuxInternet",
    on: [
      "Addresses", "Base", "Bytes", "Clock", "Internet", "LinuxCore", "LinuxSockets", "Memory",
      "NetworkHost", "NetworkStack", "Packets", "Scheduling", "TCP", "UDP", "VFS",
    ]),
  Library(
    "Linux", "LinuxNetlink",
    on: [
      "Addresses", "Base", "Bytes", "Clock", "IPv4", "IPv6", "Internet", "LinuxCore",
      "LinuxSockets", "Memory", "Neighbors", "NetworkHost", "NetworkStack", "ProcFS", "Scheduling",
      "TCP", "UDP", "VFS",
    ]),
  Library(
    "Linux", "LinuxVDSO",
    on: ["LinuxCore", "Base", "Bytes", "Machine", "Clock", "Frames", "Memory", "Random"]),
  Library(
    "Linux", "LinuxProcess",
    on: [
      "Base", "Bytes", "Clock", "Frames", "LinuxCore", "Log", "Machine", "Memory", "Random",
      "Scheduling", "VFS",
    ]),
  Library(
    "Linux", "LinuxProc",
    on: [
      "LinuxCore", "Base", "Bytes", "Clock", "Machine", "Memory", "ProcFS", "Random", "Scheduling",
      "VFS",
    ]),
  Library(
    "Linux", "LinuxLoader",
    on: ["Base", "Bytes", "ELF", "LinuxCore", "Log", "Machine", "Memory", "Random", "VFS"]),

  Library("App", "MartletConsole", on: ["Bytes", "Machine"]),
  Library(
    "App", "MartletTime", on: ["Base", "Machine"], guest: ["Clock", "NativeThreads", "Scheduling"]),
  Library(
    "App", "MartletThreads", on: ["Base", "Bytes", "Machine", "MartletTime"],
    guest: ["NativeThreads", "Scheduling"]),
  Library("App", "MartletMemory", on: ["Machine"], guest: ["NativeImage"]),
  Library(
    "App", "MartletNetwork", on: ["Addresses", "Base", "Bytes", "Machine", "MartletTime"],
    guest: [
      "Clock", "Internet", "NativeNetwork", "NativeThreads", "NetworkHost", "NetworkStack",
      "Packets", "Scheduling", "TCP", "UDP",
    ]),
  Library(
    "App", "MartletPort", on: ["Addresses", "Base", "Bytes", "Packets"],
    guest: ["Clock", "Machine", "NativeDevices", "NativeThreads", "Virtio", "VirtioNet"]),
  Library(
    "App", "MartletDatagrams", on: ["Base", "Bytes", "MartletNetwork"],
    guest: [
      "Internet", "Machine", "NativeNetwork", "NetworkHost", "NetworkStack", "Packets",
      "Scheduling", "UDP", "UDPResponder",
    ]),
  Library(
    "App", "MartletInput", on: ["Base", "Bytes", "Machine", "MartletConsole", "MartletTime"],
    guest: ["NativeInput"]),
  Library(
    "App", "MartletProgram", on: ["Base", "Bytes", "Machine", "MartletThreads"],
    guest: ["CommandLine", "Log", "NativeImage", "NativeThreads", "Scheduling"]),
  Library(
    "App", "MartletRandom", on: ["Bytes"], guest: ["NativeThreads", "Random"], hasSiblings: true),
  Library(
    "App", "MartletNames",
    on: ["Addresses", "Base", "Bytes", "Machine", "MartletNetwork", "MartletTime"],
    guest: [
      "NativeNetwork", "NetworkHost", "NetworkStack", "Random", "ResolverConfiguration",
      "StubResolver",
    ]),
  Library(
    "App", "MartletLog", on: ["Bytes", "MartletConsole", "MartletProgram", "MartletTime"],
    guest: ["CommandLine", "NativeThreads"]),
  Library("App", "MartletTrace", on: ["Bytes", "MartletTime"]),
  Library(
    "App", "MartletBlocks", on: ["Base", "Bytes", "Machine"],
    guest: ["NativeBlocks", "VirtioBlock"]),
  Library(
    "App", "MartletFiles", on: ["Base", "Bytes", "Machine"],
    guest: ["EROFS", "Memory", "NativeArchive", "NativeFiles", "VFS"]),
  Library(
    "App", "Martlet",
    on: [
      "MartletBlocks", "MartletConsole", "MartletDatagrams", "MartletFiles", "MartletInput",
      "MartletLog", "MartletMemory", "MartletNames", "MartletNetwork", "MartletPort",
      "MartletProgram", "MartletRandom", "MartletThreads", "MartletTime", "MartletTrace",
    ],
    guest: ["NativeImage"], hasSiblings: false),
]

/// What native images are started by, and what starts in them at its first use; on the host an
/// application starts by itself. The folders that Linux images share are one module here for each
/// part that an application may do without, since a linker drops data by modules.
let nativeImage: [Target] =
  platform == "guest"
  ? [
    native(
      "NativeImage", ["Native", "Memory"],
      on: [
        "Base", "Bytes", "Frames", "Heap", "HeapBuddy", "HeapRegion", "HeapTLSF", "Log", "Machine",
      ]),
    native(
      "NativeThreads", ["NativeThreads", "Threads"],
      on: [
        "Base", "Bytes", "Clock", "CommandLine", "FirmwareConfiguration", "Log", "Machine",
        "Random", "RealTimeClock", "SchedulerCooperative", "Scheduling",
      ]),
    native(
      "NativeArchive", ["NativeArchive"], on: ["Base", "Bytes", "EROFS", "Log", "Machine", "VFS"]),
    native(
      "NativeDevices", ["NativeDevices", "Network/VirtioChoice.swift"],
      on: [
        "Bytes", "CommandLine", "NativeThreads", "PCI", "Virtio", "VirtioMMIO", "VirtioPCI",
      ]),
    native(
      "NativeNetwork",
      ["NativeNetwork", "Network/NetworkChoice.swift", "Network/NetworkMaker.swift"],
      on: [
        "Addresses", "Base", "Bytes", "Clock", "CommandLine", "Frames", "Internet", "Log",
        "Machine", "NativeDevices", "NativeThreads", "NetworkHost", "Packets", "Random",
        "Scheduling", "Virtio", "VirtioNet",
      ]),
    native(
      "NativeInput", ["NativeInput"],
      on: [
        "Base", "Bytes", "Clock", "CommandLine", "Log", "Machine", "NativeDevices",
        "NativeThreads", "Scheduling", "TimerWheel", "Virtio", "VirtioConsole",
      ]),
    native(
      "NativeFiles", ["NativeFiles"],
      on: [
        "Base", "Bytes", "Frames", "Log", "Machine", "NativeArchive", "NativeThreads", "RootFS",
        "VFS",
      ] + (has("NATIVE_VOLUMES") ? ["NativeVolumes"] : [])),
    native(
      "NativeBlocks", ["NativeBlocks"],
      on: [
        "Bytes", "Log", "NativeDevices", "NativeThreads", "Scheduling", "Virtio", "VirtioBlock",
      ]),
  ] + (has("NATIVE_VOLUMES") ? [nativeVolumes] : []) : []

/// Whether a native image has a part that most have not: an image need not compile what it has not.
func has(_ symbol: String) -> Bool {
  (Context.environment["MARTLET_PARTS"] ?? "").split(separator: " ").contains { $0 == symbol }
}

var nativeVolumes: Target {
  native(
    "NativeVolumes", ["NativeVolumes", "Volumes"],
    on: [
      "Base", "Bytes", "CommandLine", "Frames", "Log", "Machine", "NativeDevices", "NativeThreads",
      "NineP", "Scheduling", "VFS", "Virtio", "Virtio9P",
    ])
}

func native(_ name: String, _ folders: [String], on dependencies: [String]) -> Target {
  .target(
    name: name, dependencies: dependencies.map { .byName(name: $0) }, path: "Sources/Image",
    exclude: folders.contains("Native") ? ["Native/README.md"] : [], sources: folders,
    swiftSettings: house)
}

/// The parts of the host command; ordinary Swift with Foundation. An image needs none of it, nor
/// the packages it stands on, so a guest build fetches nothing.
let tool: [Target] =
  platform == "guest"
  ? []
  : [
    .target(
      name: "ToolSupport",
      dependencies: [
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Rainbow", package: "Rainbow"),
        .product(name: "Subprocess", package: "swift-subprocess"),
      ],
      path: "Sources/Tool/ToolSupport"),
    .target(
      name: "Plan", dependencies: ["ToolSupport", .product(name: "Yams", package: "Yams")],
      path: "Sources/Tool/Plan"),
    .target(name: "Roots", dependencies: ["ToolSupport", "Plan"], path: "Sources/Tool/Roots"),
    .target(
      name: "Configuration", dependencies: ["ToolSupport", "Plan"],
      path: "Sources/Tool/Configuration"),
    .target(name: "Binding", dependencies: ["ToolSupport"], path: "Sources/Tool/Binding"),
    .target(
      name: "ImageBuild",
      dependencies: ["ToolSupport", "Plan", "Configuration", "ELF", "Binding"],
      path: "Sources/Tool/ImageBuild"),
    .target(
      name: "Launch",
      dependencies: ["ToolSupport", "Plan", "CommandLine", "ImageBuild", "CHost", "QuickStart"],
      path: "Sources/Tool/Launch"),
    // No Foundation here: what starts in a millisecond is small and linked statically.
    .target(name: "QuickStart", path: "Sources/Tool/QuickStart"),
    .executableTarget(
      name: "martlet-start", dependencies: ["CHost", "QuickStart"], path: "Sources/Tool/Start",
      linkerSettings: [.unsafeFlags(["-static-executable"])]),
    .target(name: "CHost", path: "Sources/Machine/CHost"),
    .target(
      name: "Inspect",
      dependencies: ["ToolSupport", "Plan", "Configuration", "Roots", "ImageBuild", "Launch"],
      path: "Sources/Tool/Inspect"),
    .target(name: "Lint", dependencies: ["ToolSupport"], path: "Sources/Tool/Lint"),
    .target(
      name: "Documentation", dependencies: ["ToolSupport", "ImageBuild"],
      path: "Sources/Tool/Documentation"),
    .target(
      name: "Bench",
      dependencies: ["Plan", "ToolSupport", "Launch", "ImageBuild", "Roots", "CHost"],
      path: "Sources/Tool/Bench"),
    .executableTarget(
      name: "martlet",
      dependencies: [
        "ToolSupport", "Plan", "Roots", "Configuration", "ImageBuild", "Launch", "Inspect", "Lint",
        "Bench", "Documentation", "QuickStart",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Yams", package: "Yams"),
      ],
      path: "Sources/Tool/Command"),
  ]

let tests: [Target] =
  platform == "guest"
  ? []
  : [
    .testTarget(
      name: "BaseTests",
      dependencies: ["Bytes", "Base", "Structures", "TimerWheel", "ELF", "EROFS", "CommandLine"]),
    .testTarget(
      name: "KernelTests",
      dependencies: [
        "Bytes", "Base", "Structures", "Machine", "Log", "Frames", "Heap", "HeapBuddy",
        "HeapRegion", "HeapTLSF", "HeapReplay", "Clock", "Scheduling", "SchedulerCooperative",
        "SchedulerRoundRobin", "Random", "Memory",
      ]),
    .testTarget(
      name: "DevicesTests",
      dependencies: [
        "Bytes", "Base", "Machine", "FirmwareConfiguration", "PCI", "Virtio", "VirtioMMIO",
        "VirtioPCI", "VirtioBlock", "VirtioConsole", "Virtio9P", "VirtioEntropy", "Addresses",
        "Packets", "VirtioNet", "RealTimeClock",
      ]),
    .testTarget(
      name: "NetworkTests",
      dependencies: [
        "Bytes", "Base", "Machine", "Addresses", "Packets", "Internet", "Ethernet", "Neighbors",
        "ARP", "IPv4", "ICMP", "UDP", "Loopback", "PacketCapture", "NetworkStack",
        "DHCP", "ResolverConfiguration", "StubResolver", "IPv6", "ICMPv6", "NDP", "UDPResponder",
      ]),
    .testTarget(
      name: "TCPTests",
      dependencies: ["Bytes", "Base", "Machine", "TimerWheel", "Addresses", "Packets", "TCP"],
      exclude: ["Snapshots"]),
    .testTarget(
      name: "FilesTests",
      dependencies: [
        "Bytes", "Base", "Machine", "Frames", "Memory", "Scheduling", "EROFS", "VFS", "RootFS",
        "Pipes", "DeviceFS", "ProcFS", "Random", "NineP", "Virtio9P",
      ]),
    .testTarget(
      name: "LinuxTests",
      dependencies: [
        "VFS", "Pipes", "SchedulerCooperative", "LinuxSockets", "Bytes", "Base", "Machine",
        "LinuxCore", "LinuxFiles", "LinuxPolling", "LinuxMemory", "LinuxThreads",
        "LinuxSignals", "LinuxTime", "LinuxVDSO", "LinuxProcess", "LinuxLoader", "ELF",
        "LinuxNetlink", "Addresses", "IPv4", "IPv6", "Internet", "Neighbors", "NetworkHost",
        "NetworkStack", "Packets", "TCP", "UDP",
      ]),
    .testTarget(
      name: "ToolTests",
      dependencies: [
        "ToolSupport", "Plan", "Roots", "Configuration", "ImageBuild", "Launch", "Inspect", "Lint",
        "Bench", "Binding", "Documentation", "QuickStart",
      ],
      exclude: ["Support"]),
  ]

let package = Package(
  name: "martlet",
  products: libraries.map { .library(name: $0.name, targets: [$0.name]) } + [
    .library(name: "Bytes", targets: ["Bytes"]),
    .library(name: "Machine", targets: ["Machine"]),
  ]
    + (platform == "guest"
      ? []
      : [
        .executable(name: "martlet", targets: ["martlet"]),
        .executable(name: "martlet-start", targets: ["martlet-start"]),
      ]),
  dependencies: platform == "guest"
    ? []
    : [
      .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
      .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
      .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
      .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
      .package(url: "https://github.com/onevcat/Rainbow", from: "4.2.2"),
    ],
  targets: [
    // All unsafe code of the house is in these three.
    .target(
      name: "Bytes", path: "Sources/Machine/Bytes", exclude: ["README.md"], swiftSettings: house),
    .target(
      name: "CMachine", path: "Sources/Machine/CMachine",
      sources: platform == "guest" ? [architecture] : ["Host"]),
    .target(
      name: "Machine", dependencies: ["Base", "Bytes", "CMachine"],
      path: "Sources/Machine/Machine", exclude: ["README.md", "Kconfig"],
      sources: machineFolders, swiftSettings: house),
  ] + libraries.map(\.target) + nativeImage + tool + tests
)
