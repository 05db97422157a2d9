// SPDX-License-Identifier: BSD-3-Clause

/// Finds the functions of a machine.
public enum PCIBus {
  /// Calls `body` with each function, until it returns false: bus 0 and the buses behind bridges
  /// that the firmware has numbered.
  ///
  /// - Complexity: one configuration access for each of the 32 places of a bus, and few more for
  ///   each device.
  public static func forEachDevice(
    in configuration: any PCIConfiguration, _ body: (PCIDevice) -> Bool
  ) {
    // A bus is looked at once, however the bridges are numbered.
    var isKnown = [Bool](repeating: false, count: 256)
    var waiting: [UInt8] = [0]
    isKnown[0] = true
    while let bus = waiting.popLast() {
      for place in 0..<UInt8(32) {
        var functionCount: UInt8 = 1
        var function: UInt8 = 0
        while function < functionCount {
          let address = PCIFunction(bus: bus, device: place, function: function)
          function &+= 1
          guard let device = PCIDevice(address, in: configuration) else { continue }
          if function == 1, device.hasSiblings { functionCount = 8 }
          if device.headerKind == 1, !isKnown[Int(device.secondaryBus)] {
            isKnown[Int(device.secondaryBus)] = true
            waiting.append(device.secondaryBus)
          }
          if !body(device) { return }
        }
      }
    }
  }
}
