// SPDX-License-Identifier: BSD-3-Clause

import Bytes
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
    return NetworkHost.shared
  }
}
