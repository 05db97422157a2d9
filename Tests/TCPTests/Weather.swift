// SPDX-License-Identifier: BSD-3-Clause

import Base
import Testing

@testable import TCP

/// One cell of the matrix.
struct Weather: CustomTestStringConvertible, Sendable {
  var loss = 0
  var duplicate = 0
  var jitterMilliseconds: Int64 = 0
  var delayMilliseconds: Int64 = 5
  var buffer = 256 << 10
  var bytes = 300_000
  var seed: UInt64 = 1
  var selective = true
  var timestamps = true
  var scale = true
  var newReno = false
  var segmentation = 0
  var both = false
  var version6 = false

  var testDescription: String {
    "loss \(loss) dup \(duplicate) jitter \(jitterMilliseconds) delay \(delayMilliseconds) "
      + "buffer \(buffer) bytes \(bytes) seed \(seed) sack \(selective) ts \(timestamps) "
      + "ws \(scale) reno \(newReno) tso \(segmentation) both \(both) v6 \(version6)"
  }

  var conditions: LinkConditions {
    var conditions = LinkConditions()
    conditions.delay = .milliseconds(delayMilliseconds)
    conditions.jitter = .milliseconds(jitterMilliseconds)
    conditions.lossPercent = loss
    conditions.duplicatePercent = duplicate
    conditions.segmentationLimit = segmentation
    conditions.completesChecksums = segmentation > 0
    return conditions
  }

  var configuration: TCPConfiguration {
    var configuration = TCPConfiguration()
    configuration.receiveBuffer = buffer
    configuration.sendBuffer = buffer
    configuration.offersSelective = selective
    configuration.offersTimestamps = timestamps
    configuration.offersWindowScale = scale
    configuration.congestion = newReno ? .newReno : .cubic
    configuration.retries = 60
    configuration.synchronizeRetries = 20
    configuration.answerRetries = 20
    configuration.orphanRetries = 60
    return configuration
  }

  static var matrix: [Weather] {
    var cells: [Weather] = []
    for loss in [0, 1, 5, 20] {
      for jitter: Int64 in [0, 10] {
        for selective in [true, false] {
          for buffer in [4096, 65536, 1 << 20] {
            var cell = Weather()
            cell.loss = loss
            cell.jitterMilliseconds = jitter
            cell.selective = selective
            cell.buffer = buffer
            cell.seed = UInt64(cells.count + 1)
            cell.duplicate = cells.count % 3 == 0 ? 5 : 0
            cell.timestamps = cells.count % 2 == 0
            cell.scale = cells.count % 5 != 0
            cell.newReno = cells.count % 4 == 1
            cell.both = cells.count % 3 == 1
            cell.version6 = cells.count % 7 == 3
            cell.segmentation = cells.count % 4 == 2 ? 65535 : 0
            cell.bytes = loss == 20 ? 60_000 : 300_000
            cells.append(cell)
          }
        }
      }
    }
    for delay: Int64 in [0, 100] {
      for segmentation in [0, 65535] {
        var cell = Weather()
        cell.delayMilliseconds = delay
        cell.bytes = 2_000_000
        cell.segmentation = segmentation
        cell.loss = delay == 0 ? 0 : 1
        cells.append(cell)
      }
    }
    return cells
  }
}
