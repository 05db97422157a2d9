// SPDX-License-Identifier: BSD-3-Clause

/// The order in which a device sees memory accesses; nothing to do where the test is the device.
public enum Barrier {
  public static func full() {}
  public static func acquire() {}
  public static func release() {}
}
