// SPDX-License-Identifier: BSD-3-Clause

import LinuxCore

/// The family of calls that wait for several files at once, and the files made for that.
public enum PollingCalls: SystemCallFamily {
  /// Adds the family to `sink`.
  public static func register<S: SystemCallSink>(in sink: inout S) {
    sink.add(.poll, PollCalls.poll)
    sink.add(.ppoll, PollCalls.ppoll)
    sink.add(.select, SelectCalls.select)
    sink.add(.pselect6, SelectCalls.pselect6)
    sink.add(.epollCreate, EpollCalls.create)
    sink.add(.epollCreate1, flags: "EPOLL_CLOEXEC", EpollCalls.create1)
    sink.add(
      .epollCtl,
      flags: "EPOLL_CTL_ADD EPOLL_CTL_MOD EPOLL_CTL_DEL EPOLLET EPOLLONESHOT EPOLLEXCLUSIVE",
      EpollCalls.control)
    sink.add(.epollWait, EpollCalls.wait)
    sink.add(.epollPwait, EpollCalls.pwait)
    sink.add(.epollPwait2, EpollCalls.pwait2)
    sink.add(.eventfd, EventCalls.eventCounter)
    sink.add(
      .eventfd2, flags: "EFD_CLOEXEC EFD_NONBLOCK EFD_SEMAPHORE", EventCalls.eventCounter2)
    sink.add(
      .timerfdCreate, flags: "TFD_CLOEXEC TFD_NONBLOCK",
      limits: "CLOCK_BOOTTIME and the alarm clocks run as their plain kin",
      EventCalls.timerCreate)
    sink.add(
      .timerfdSettime, flags: "TFD_TIMER_ABSTIME TFD_TIMER_CANCEL_ON_SET",
      limits: "setting the clock does not cancel", EventCalls.timerSet)
    sink.add(.timerfdGettime, EventCalls.timerGet)
    sink.add(.signalfd, EventCalls.signalFile)
    sink.add(.signalfd4, flags: "SFD_CLOEXEC SFD_NONBLOCK", EventCalls.signalFile4)
  }
}
