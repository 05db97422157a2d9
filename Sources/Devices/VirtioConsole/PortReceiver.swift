// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine
import Virtio

/// Input of one port: pages that the device fills and the reader empties, in turn.
///
/// The pages are allocated when the first reader comes. Filled pages stay on the used ring until
/// they are read, so there is no other queue.
final class PortReceiver {
  private let device: VirtioDevice
  private let queue: Virtqueue
  /// Pages to give to the device.
  private let pageCount: Int
  /// The page behind each chain in flight, by the chain's name.
  private var pages: [DMAMemory?]
  private var isActive = false

  /// The page that is being read, and what is left in it.
  private var current: DMAMemory?
  private var start = 0
  private var end = 0

  init(device: VirtioDevice, queue: Virtqueue, pageCount: Int) {
    self.device = device
    self.queue = queue
    self.pageCount = min(pageCount, queue.size)
    pages = [DMAMemory?](repeating: nil, count: queue.size)
  }

  /// Whether bytes wait. Asks for an interrupt when not.
  var hasInput: Bool {
    if start < end { return true }
    if device.state == .failed { return false }
    activate()
    // Twice: the device may fill a page while it is asked to tell. More often only a device that
    // returns empty pages for ever gets here.
    for _ in 0..<2 {
      if advance() { return true }
      if queue.isBroken { break }
      if !queue.requestInterrupts() { return false }
    }
    device.fail(.broken)
    return false
  }

  /// Takes what there is and fits.
  func read(into target: inout MutableRawSpan) -> Int {
    var done = 0
    while done < target.byteCount, hasInput, let current {
      let count = min(target.byteCount &- done, end &- start)
      var part = target._mutatingExtracting(done..<done &+ count)
      current.read(into: &part, at: start)
      start &+= count
      done &+= count
    }
    if start == end { recycle() }
    return done
  }

  /// Returns whether the reader should be told.
  func processInterrupt() -> Bool {
    guard isActive, start < end || queue.hasUsed else { return false }
    // The reader will come and take all there is; until then interrupts say nothing new.
    queue.suppressInterrupts()
    return true
  }

  /// Gives the device its first pages.
  private func activate() {
    if isActive { return }
    isActive = true
    for _ in 0..<pageCount {
      guard let page = DMAMemory(pageCount: 1) else { break }
      give(page)
    }
    if queue.inFlightCount == 0 { device.fail(.outOfMemory) }
    device.publish(queue)
  }

  private func give(_ page: DMAMemory) {
    if let name = queue.add(.written(to: page, offset: 0, byteCount: pageSize)) {
      pages[name] = page
    }
  }

  /// Gives the page that was read back to the device.
  private func recycle() {
    guard let page = current else { return }
    current = nil
    start = 0
    end = 0
    give(page)
    device.publish(queue)
  }

  /// Takes the next page with bytes in it from the device.
  private func advance() -> Bool {
    recycle()
    // A device that returns empty pages gets one round of patience.
    for _ in 0..<queue.size {
      guard let used = queue.takeUsed() else { return false }
      current = pages[used.name]
      pages[used.name] = nil
      start = 0
      end = used.writtenByteCount
      if end > 0 { return true }
      recycle()
    }
    return false
  }
}
