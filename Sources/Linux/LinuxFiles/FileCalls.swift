// SPDX-License-Identifier: BSD-3-Clause

import LinuxCore

/// The family of calls on files, folders, pipes and descriptors.
public enum FileCalls: SystemCallFamily {
  /// Adds the family to `sink`.
  public static func register<S: SystemCallSink>(in sink: inout S) {
    registerTransfers(in: &sink)
    registerDescriptors(in: &sink)
    registerOpening(in: &sink)
    registerNames(in: &sink)
    registerStatus(in: &sink)
    registerAttributes(in: &sink)
    registerExtendedAttributes(in: &sink)
    registerContents(in: &sink)
  }

  private static func registerOpening<S: SystemCallSink>(in sink: inout S) {
    let flags: StaticString = """
      O_CREAT O_EXCL O_TRUNC O_APPEND O_NONBLOCK O_DIRECTORY O_NOFOLLOW O_CLOEXEC O_PATH O_TMPFILE
      """
    let limits: StaticString = "O_SYNC, O_DIRECT and O_NOATIME change nothing"
    sink.add(.open, flags: flags, limits: limits, OpenCalls.open)
    sink.add(.openat, flags: flags, limits: limits, OpenCalls.openAt)
    sink.add(.creat, OpenCalls.create)
    sink.add(
      .openat2, flags: flags, limits: "ENOSYS with RESOLVE_* restrictions", OpenCalls.openAt2)
    sink.add(.getdents64, DirectoryCalls.list)
    sink.add(.getdents, DirectoryCalls.listOldFormat)
    sink.add(.getcwd, DirectoryCalls.workingDirectory)
    sink.add(.chdir, DirectoryCalls.changeDirectory)
    sink.add(.fchdir, DirectoryCalls.changeDirectoryToFile)
    sink.add(.chroot, DirectoryCalls.changeRoot)
    sink.add(.mount, limits: "always EPERM", refuse)
    sink.add(.umount2, limits: "always EPERM", refuse)
  }

  /// `mount` and `umount2`: the tree is the image's.
  private static func refuse(_ call: SystemCall) throws(Errno) -> Int { throw .notPermitted }

  private static func registerNames<S: SystemCallSink>(in sink: inout S) {
    sink.add(.mkdir, NameCalls.makeDirectory)
    sink.add(.mkdirat, NameCalls.makeDirectoryAt)
    sink.add(.mknod, NameCalls.makeNode)
    sink.add(.mknodat, NameCalls.makeNodeAt)
    sink.add(.rmdir, NameCalls.removeDirectory)
    sink.add(.unlink, NameCalls.remove)
    sink.add(.unlinkat, flags: "AT_REMOVEDIR", NameCalls.removeAt)
    sink.add(.rename, RenameCalls.rename)
    sink.add(.renameat, RenameCalls.renameAt)
    sink.add(.renameat2, flags: "RENAME_NOREPLACE RENAME_EXCHANGE", RenameCalls.renameAt2)
    sink.add(.link, NameCalls.link)
    sink.add(.linkat, flags: "AT_SYMLINK_FOLLOW AT_EMPTY_PATH", NameCalls.linkAt)
    sink.add(.symlink, NameCalls.makeLink)
    sink.add(.symlinkat, NameCalls.makeLinkAt)
  }

  private static func registerStatus<S: SystemCallSink>(in sink: inout S) {
    let flags: StaticString = "AT_EMPTY_PATH AT_SYMLINK_NOFOLLOW"
    let limits: StaticString = "permissions are root's, whoever the program has become"
    sink.add(.stat, StatusCalls.status)
    sink.add(.lstat, StatusCalls.linkStatus)
    sink.add(.fstat, StatusCalls.fileStatus)
    sink.add(.newfstatat, flags: flags, StatusCalls.statusAt)
    sink.add(.statx, flags: flags, limits: "no birth time", StatusCalls.extendedStatus)
    sink.add(.access, limits: limits, StatusCalls.access)
    sink.add(.faccessat, limits: limits, StatusCalls.accessAt)
    sink.add(
      .faccessat2, flags: "AT_EACCESS AT_EMPTY_PATH AT_SYMLINK_NOFOLLOW", limits: limits,
      StatusCalls.accessAt2)
    sink.add(.readlink, StatusCalls.readLink)
    sink.add(.readlinkat, StatusCalls.readLinkAt)
    sink.add(.statfs, StatusCalls.systemStatus)
    sink.add(.fstatfs, StatusCalls.systemStatusOfFile)
  }

  private static func registerAttributes<S: SystemCallSink>(in sink: inout S) {
    let limits: StaticString = "any program may"
    sink.add(.chmod, limits: limits, AttributeCalls.changeMode)
    sink.add(.fchmod, limits: limits, AttributeCalls.changeModeOfFile)
    sink.add(.fchmodat, limits: limits, AttributeCalls.changeModeAt)
    sink.add(.chown, limits: limits, AttributeCalls.changeOwner)
    sink.add(.lchown, limits: limits, AttributeCalls.changeOwnerOfLink)
    sink.add(.fchown, limits: limits, AttributeCalls.changeOwnerOfFile)
    sink.add(
      .fchownat, flags: "AT_EMPTY_PATH AT_SYMLINK_NOFOLLOW", limits: limits,
      AttributeCalls.changeOwnerAt)
    sink.add(.utime, AttributeCalls.setTimes)
    sink.add(.utimes, AttributeCalls.setPreciseTimes)
    sink.add(.futimesat, AttributeCalls.setPreciseTimesAt)
    sink.add(
      .utimensat, flags: "AT_EMPTY_PATH AT_SYMLINK_NOFOLLOW UTIME_NOW UTIME_OMIT",
      AttributeCalls.setTimesAt)
  }

  private static func registerExtendedAttributes<S: SystemCallSink>(in sink: inout S) {
    let none: StaticString = "files have none, and get none"
    sink.add(.getxattr, limits: none, AttributeCalls.getExtended)
    sink.add(.lgetxattr, limits: none, AttributeCalls.getExtended)
    sink.add(.fgetxattr, limits: none, AttributeCalls.getExtendedOfFile)
    sink.add(.listxattr, limits: none, AttributeCalls.listExtended)
    sink.add(.llistxattr, limits: none, AttributeCalls.listExtended)
    sink.add(.flistxattr, limits: none, AttributeCalls.listExtendedOfFile)
    sink.add(.setxattr, limits: none, AttributeCalls.changeExtended)
    sink.add(.lsetxattr, limits: none, AttributeCalls.changeExtended)
    sink.add(.fsetxattr, limits: none, AttributeCalls.changeExtendedOfFile)
    sink.add(.removexattr, limits: none, AttributeCalls.changeExtended)
    sink.add(.lremovexattr, limits: none, AttributeCalls.changeExtended)
    sink.add(.fremovexattr, limits: none, AttributeCalls.changeExtendedOfFile)
  }

  private static func registerContents<S: SystemCallSink>(in sink: inout S) {
    sink.add(
      .lseek, flags: "SEEK_SET SEEK_CUR SEEK_END SEEK_DATA SEEK_HOLE", ContentCalls.seek)
    sink.add(.truncate, ContentCalls.truncate)
    sink.add(.ftruncate, ContentCalls.truncateFile)
    sink.add(
      .fallocate,
      flags: "FALLOC_FL_KEEP_SIZE FALLOC_FL_PUNCH_HOLE FALLOC_FL_ZERO_RANGE",
      ContentCalls.allocate)
    sink.add(.fsync, ContentCalls.synchronize)
    sink.add(.fdatasync, ContentCalls.synchronizeContents)
    sink.add(.sync, ContentCalls.synchronizeAll)
    sink.add(.syncfs, ContentCalls.synchronizeSystem)
    sink.add(.syncFileRange, ContentCalls.synchronizeRange)
    sink.add(.fadvise64, ContentCalls.advise)
    sink.add(.readahead, ContentCalls.readAhead)
    sink.add(
      .memfdCreate, flags: "MFD_CLOEXEC MFD_ALLOW_SEALING MFD_NOEXEC_SEAL MFD_EXEC",
      ContentCalls.makeMemoryFile)
    sink.add(.sendfile, limits: "from regular files only", CopyCalls.sendFile)
    sink.add(.copyFileRange, CopyCalls.copyRange)
    sink.add(
      .splice, flags: "SPLICE_F_NONBLOCK", limits: "copies; at most 64 KiB a call",
      CopyCalls.splice)
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
        F_OFD_GETLK F_OFD_SETLK F_OFD_SETLKW F_GETPIPE_SZ F_SETPIPE_SZ \
        F_ADD_SEALS F_GET_SEALS
        """,
      limits: "F_SETOWN and F_SETSIG are accepted, no signal is sent", DescriptorCalls.control)
    sink.add(
      .ioctl, flags: "FIOCLEX FIONCLEX FIONBIO FIOASYNC FIONREAD, and what the file knows",
      DescriptorCalls.deviceControl)
    sink.add(.flock, flags: "LOCK_SH LOCK_EX LOCK_UN LOCK_NB", LockCalls.lockWhole)
    sink.add(.pipe, PipeCalls.pipe)
    sink.add(.pipe2, flags: "O_CLOEXEC O_NONBLOCK", PipeCalls.pipe2)
  }
}
