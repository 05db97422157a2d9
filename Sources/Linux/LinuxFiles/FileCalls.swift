// SPDX-License-Identifier: BSD-3-Clause

import LinuxCore

/// The family of calls on files, folders, pipes and descriptors.
public enum FileCalls {
  /// Adds the family to `sink`.
  public static func register<S: SystemCallSink>(in sink: inout S) {
    registerTransfers(in: &sink)
    registerDescriptors(in: &sink)
  }

  private static func registerTransfers<S: SystemCallSink>(in sink: inout S) {
    sink.add(.read, TransferCalls.read)
    sink.add(.write, TransferCalls.write)
    sink.add(.pread64, TransferCalls.readAt)
    sink.add(.pwrite64, TransferCalls.writeAt)
    sink.add(.readv, TransferCalls.readVector)
    sink.add(.writev, TransferCalls.writeVector)
    sink.add(.preadv, TransferCalls.readVectorAt)
    sink.add(.pwritev, TransferCalls.writeVectorAt)
    sink.add(.preadv2, flags: "RWF_HIPRI RWF_DSYNC RWF_SYNC", TransferCalls.readVectorAt2)
    sink.add(.pwritev2, flags: "RWF_HIPRI RWF_DSYNC RWF_SYNC", TransferCalls.writeVectorAt2)
  }

  private static func registerDescriptors<S: SystemCallSink>(in sink: inout S) {
    sink.add(.close, DescriptorCalls.close)
    sink.add(
      .closeRange, flags: "CLOSE_RANGE_CLOEXEC CLOSE_RANGE_UNSHARE",
      limits: "the table is shared by all threads and stays so", DescriptorCalls.closeRange)
    sink.add(.dup, DescriptorCalls.duplicate)
    sink.add(.dup2, DescriptorCalls.duplicateTo)
    sink.add(.dup3, flags: "O_CLOEXEC", DescriptorCalls.duplicateTo3)
    sink.add(
      .fcntl,
      flags: """
        F_DUPFD F_DUPFD_CLOEXEC F_GETFD F_SETFD F_GETFL F_SETFL F_GETLK F_SETLK F_SETLKW \
        F_OFD_GETLK F_OFD_SETLK F_OFD_SETLKW F_GETPIPE_SZ F_SETPIPE_SZ
        """,
      limits: "F_SETOWN and F_SETSIG are accepted, no signal is sent", DescriptorCalls.control)
    sink.add(
      .ioctl, flags: "FIOCLEX FIONCLEX FIONBIO FIONREAD, and what the file knows",
      DescriptorCalls.deviceControl)
    sink.add(.flock, flags: "LOCK_SH LOCK_EX LOCK_UN LOCK_NB", LockCalls.lockWhole)
    sink.add(.pipe, PipeCalls.pipe)
    sink.add(.pipe2, flags: "O_CLOEXEC O_NONBLOCK", PipeCalls.pipe2)
  }
}
