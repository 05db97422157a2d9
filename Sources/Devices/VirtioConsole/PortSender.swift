// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine
import Virtio

/// Output of one port: a pool of pages that the writer fills and the device empties.
///
/// Emptied pages are collected when the writer next comes; the device is asked to interrupt only
/// when somebody waits for it. The pool starts with one page and grows up to its limit when the
/// device falls behind.
final class PortSender {
  private let device: VirtioDevice
  private let queue: Virtqueue
  private var pageLimit: Int
  /// The pool; never shrinks.
  private var pages: [DMAMemory] = []
  /// Numbers of pages that nobody uses.
  private var free: [Int] = []
  /// The page's number for each chain in flight, by the chain's name.
  private var pageOfChain: [Int]

  /// The page that is being filled, and how far. It is kept back only while the device is busy.
  private var open: Int?
  private var fill = 0
  /// Whether the device has announced the port. Before, pages gather in the queue unpublished.
  private var isConnected = false
  /// Whether somebody waits for room or for the end of the output.
  private var isAwaited = false

  /// - Throws: `outOfMemory` when there is not even one page: one is certain from the start, so
  ///   that an error message gets out of a full memory.
  init(device: VirtioDevice, queue: Virtqueue, pageLimit: Int) throws(VirtioError) {
    guard let page = DMAMemory(pageCount: 1) else { throw .outOfMemory }
    self.device = device
    self.queue = queue
    self.pageLimit = min(pageLimit, queue.size)
    pageOfChain = [Int](repeating: 0, count: queue.size)
    free.reserveCapacity(self.pageLimit)
    pages.reserveCapacity(self.pageLimit)
    pages.append(page)
    free.append(0)
    queue.suppressInterrupts()
  }

  /// Whether a byte would be taken. Asks to be told when not.
  var canWrite: Bool {
    collect()
    if hasRoom { return true }
    isAwaited = true
    requestInterrupts()
    return hasRoom
  }

  /// Whether the device has taken everything. Asks to be told when not.
  var isDrained: Bool {
    collect()
    if isIdle && open == nil { return true }
    isAwaited = true
    requestInterrupts()
    return isIdle && open == nil
  }

  /// Takes what there is room for.
  func write(_ bytes: RawSpan) -> Int {
    var done = 0
    while true {
      collect()
      let wasIdle = isIdle
      done &+= copy(bytes.extracting(done..<bytes.byteCount))
      if wasIdle { submit() }
      publish()
      if done == bytes.byteCount { break }
      // Many devices have emptied the pages by now; for others the writer has to wait.
      collect()
      if hasRoom { continue }
      isAwaited = true
      requestInterrupts()
      if !hasRoom { return done }
    }
    if open != nil { requestInterrupts() }
    return done
  }

  /// Gives the device what has gathered.
  func flush() {
    submit()
    publish()
  }

  /// The device announced the port: what was written before may go.
  func connect() {
    if isConnected { return }
    isConnected = true
    flush()
  }

  /// Collects what the device has emptied and sends what has gathered. Returns whether a waiting
  /// writer should be told.
  func processInterrupt() -> Bool {
    collect()
    if isIdle, open != nil {
      flush()
      collect()
    }
    // A writer that is told of every single page would be woken for every single page.
    let isDone = isIdle && open == nil
    let tells = isAwaited && (isDone || (pages.count &- queue.inFlightCount) &* 2 >= pageLimit)
    if tells { isAwaited = false }
    if isAwaited || open != nil {
      requestInterrupts()
    } else {
      queue.suppressInterrupts()
    }
    return tells
  }

  private var isIdle: Bool { queue.inFlightCount == 0 }

  private var hasRoom: Bool { open != nil || !free.isEmpty || pages.count < pageLimit }

  /// Copies bytes into pages, as many as fit, and submits the full ones.
  private func copy(_ bytes: RawSpan) -> Int {
    var done = 0
    while done < bytes.byteCount {
      if open == nil {
        open = takePage()
        fill = 0
      }
      guard let page = open else { break }
      let count = min(bytes.byteCount &- done, pageSize &- fill)
      pages[page].write(bytes.extracting(done..<done &+ count), at: fill)
      fill &+= count
      done &+= count
      if fill == pageSize { submit() }
    }
    return done
  }

  private func takePage() -> Int? {
    if let page = free.popLast() { return page }
    guard pages.count < pageLimit else { return nil }
    guard let page = DMAMemory(pageCount: 1) else {
      pageLimit = pages.count
      return nil
    }
    pages.append(page)
    return pages.count &- 1
  }

  /// Puts the page that is being filled on the queue.
  private func submit() {
    guard let page = open else { return }
    open = nil
    // There are as many descriptors as pages, so this fails only when the device is broken.
    if let name = queue.add(.read(from: pages[page], offset: 0, byteCount: fill)) {
      pageOfChain[name] = page
    } else {
      free.append(page)
    }
  }

  private func publish() {
    if isConnected { device.publish(queue) }
  }

  /// Collects the pages that the device has emptied.
  private func collect() {
    while let used = queue.takeUsed() { free.append(pageOfChain[used.name]) }
    if queue.isBroken { device.fail(.broken) }
  }

  /// Asks the device to interrupt, and looks once more for what it did meanwhile.
  private func requestInterrupts() {
    while queue.requestInterrupts() { collect() }
    if isIdle { flush() }
  }
}
