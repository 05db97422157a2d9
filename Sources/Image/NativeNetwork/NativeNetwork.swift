// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import Frames
import Machine
import NativeThreads
import NetworkHost

/// The network of native applications, started when it is first asked for.
public enum NativeNetwork {
  /// The network's host; nil when there is too little memory for it.
  public static var host: NetworkHost? {
    if let host = NetworkHost.existing { return host }
    NativeRuntime.startThreads()
    NativeRuntime.startRandom()
    guard let frames = FrameSupply.current.value as? FrameAllocator else { return nil }
    NetworkHost.maker.value = NetworkMaker(NativeRuntime.parameters.text, frames: frames)
    let host = NetworkHost.shared
    if let host { Application.atEnd(NetworkEnd(host)) }
    return host
  }
}

/// Lets what the application has written reach the other sides before the machine goes off.
private final class NetworkEnd: EndAction {
  private let host: NetworkHost

  /// How long that may take: the other side may be gone.
  private static let patience = Nanoseconds(seconds: 5)

  init(_ host: NetworkHost) {
    self.host = host
  }

  override func run() {
    host.finish(by: Clock.now() + Self.patience)
  }
}
