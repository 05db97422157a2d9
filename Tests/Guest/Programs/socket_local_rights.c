// SPDX-License-Identifier: BSD-3-Clause
// Files and credentials that go through local sockets.

#include "check.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static char control[1024];
static char text[64];
static struct iovec part;
static struct msghdr message;

static void put(int level, int type, const void *data, size_t count) {
  struct cmsghdr *header = (struct cmsghdr *)(control + message.msg_controllen);
  header->cmsg_level = level;
  header->cmsg_type = type;
  header->cmsg_len = CMSG_LEN(count);
  memcpy(CMSG_DATA(header), data, count);
  message.msg_controllen += CMSG_SPACE(count);
}

static void begin(const char *data) {
  memset(control, 0, sizeof control);
  part = (struct iovec){(void *)data, strlen(data)};
  message = (struct msghdr){.msg_iov = &part, .msg_iovlen = 1, .msg_control = control};
}

static long pass(int to, const char *data, int file) {
  begin(data);
  put(SOL_SOCKET, SCM_RIGHTS, &file, sizeof file);
  return sendmsg(to, &message, 0);
}

static long take(int from, size_t count, size_t room, int flags) {
  memset(control, 0, sizeof control);
  memset(text, 0, sizeof text);
  part = (struct iovec){text, count};
  message = (struct msghdr){.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                            .msg_controllen = room};
  return recvmsg(from, &message, flags);
}

// The data of the control message of a type.
static void *got(int type) {
  for (struct cmsghdr *h = CMSG_FIRSTHDR(&message); h; h = CMSG_NXTHDR(&message, h))
    if (h->cmsg_level == SOL_SOCKET && h->cmsg_type == type) return CMSG_DATA(h);
  return NULL;
}

static int got_file(void) {
  int file = -1;
  if (got(SCM_RIGHTS)) memcpy(&file, got(SCM_RIGHTS), sizeof file);
  return file;
}

static int descriptors(void) {
  int count = 0;
  for (int i = 0; i < 200; i++) count += fcntl(i, F_GETFD) >= 0;
  return count;
}

static void files(void) {
  int pair[2], tube[2], before = descriptors();
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  check_equal(pipe(tube), 0, "a pipe");
  check_equal(pass(pair[0], "F", tube[1]), 1, "a file is sent along");
  close(tube[1]);
  check_equal(take(pair[1], 10, sizeof control, MSG_CMSG_CLOEXEC), 1, "and comes");
  int file = got_file();
  check_equal(fcntl(file, F_GETFD), FD_CLOEXEC, "with the flag that was asked for");
  check_equal(message.msg_controllen, CMSG_SPACE(sizeof(int)), "alone");
  check_equal(write(file, "through", 7), 7, "it works");
  check_equal(read(tube[0], text, sizeof text), 7, "all the way");
  check_equal(pass(pair[0], "G", file), 1, "it can go on");
  close(file);
  check_equal(read(pair[1], text, 10), 1, "who asks for bytes only");
  check_equal(read(tube[0], text, 1), 0, "closes it");
  close(tube[0]);

  pipe(tube);
  write(pair[0], "ab", 2);
  pass(pair[0], "cd", tube[0]);
  write(pair[0], "ef", 2);
  check_equal(take(pair[1], 20, sizeof control, 0), 4, "a read ends behind a file");
  check_text(text, "abcd", "and has what came before");
  close(got_file());
  check_equal(take(pair[1], 20, sizeof control, 0), 2, "the rest follows");
  check_equal(got_file(), -1, "without a file");
  pass(pair[0], "xyz", tube[0]);
  check_equal(take(pair[1], 1, sizeof control, MSG_PEEK), 1, "looking");
  file = got_file();
  check(file >= 0 && fcntl(file, F_GETFD) == 0, "gives a file of its own");
  close(file);
  check_equal(take(pair[1], 1, sizeof control, 0), 1, "the first byte");
  check((file = got_file()) >= 0, "brings the file");
  close(file);
  check_equal(take(pair[1], 9, sizeof control, 0), 2, "the others");
  check_equal(got_file(), -1, "do not");
  int both[2] = {tube[0], tube[1]};
  begin("2");
  put(SOL_SOCKET, SCM_RIGHTS, both, sizeof both);
  check_equal(sendmsg(pair[0], &message, 0), 1, "two files");
  check_equal(take(pair[1], 9, CMSG_SPACE(sizeof(int) * 2), 0), 1, "come together");
  memcpy(both, got(SCM_RIGHTS), sizeof both);
  check(fcntl(both[0], F_GETFL) == O_RDONLY && fcntl(both[1], F_GETFL) == O_WRONLY, "in order");
  close(both[0]);
  close(both[1]);
  pass(pair[0], "n", tube[0]);
  check_equal(take(pair[1], 9, 8, 0), 1, "without room for a file");
  check((message.msg_flags & MSG_CTRUNC) && got_file() == -1, "it is told");
  check_error(pass(pair[0], "b", 199), EBADF, "what is not open cannot go");
  check_error(pass(pair[0], "b", -1), EBADF, "nor what cannot be");
  begin("b");
  put(SOL_SOCKET, 99, "", 0);
  check_error(sendmsg(pair[0], &message, 0), EINVAL, "nor what nobody knows");
  begin("b");
  put(SOL_SOCKET, SCM_RIGHTS, both, 4);
  ((struct cmsghdr *)control)->cmsg_len = 4;
  check_error(sendmsg(pair[0], &message, 0), EINVAL, "nor what has no length");
  close(tube[0]);
  close(tube[1]);
  close(pair[0]);
  close(pair[1]);
  check_equal(descriptors(), before, "nothing is left");
}

static void lost(void) {
  int tube[2], pair[2], other[2];
  pipe(tube);
  socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
  pass(pair[0], "x", tube[1]);
  close(tube[1]);
  close(pair[0]);
  close(pair[1]);
  check_equal(read(tube[0], text, 1), 0, "what nobody took is closed");
  close(tube[0]);
  // A socket inside itself, with a pipe that tells when it goes.
  pipe(tube);
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  pass(pair[0], "p", tube[1]);
  pass(pair[0], "x", pair[1]);
  close(tube[1]);
  close(pair[1]);
  close(pair[0]);
  fcntl(tube[0], F_SETFL, O_NONBLOCK);
  for (int i = 0; i < 100 && read(tube[0], text, 1) != 0; i++) sleep_for(MILLISECOND);
  check_equal(read(tube[0], text, 1), 0, "what went into itself is closed");
  close(tube[0]);
  pipe(tube);
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  socketpair(AF_UNIX, SOCK_STREAM, 0, other);
  pass(other[0], "p", tube[1]);
  pass(pair[0], "x", other[1]);
  pass(other[0], "x", pair[1]);
  close(tube[1]);
  close(other[1]);
  close(pair[1]);
  close(other[0]);
  close(pair[0]);
  fcntl(tube[0], F_SETFL, O_NONBLOCK);
  for (int i = 0; i < 100 && read(tube[0], text, 1) != 0; i++) sleep_for(MILLISECOND);
  check_equal(read(tube[0], text, 1), 0, "what went into each other, too");
  close(tube[0]);
  // What can still be taken is not.
  pipe(tube);
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  socketpair(AF_UNIX, SOCK_STREAM, 0, other);
  pass(other[0], "p", tube[1]);
  close(tube[1]);
  pass(pair[0], "x", other[1]);
  close(other[1]);
  close(other[0]);
  take(pair[1], 1, sizeof control, 0);
  int socket = got_file();
  check_equal(take(socket, 1, sizeof control, 0), 1, "a socket that went keeps what it holds");
  int file = got_file();
  check_equal(write(file, "!", 1), 1, "alive");
  close(file);
  close(socket);
  close(pair[0]);
  close(pair[1]);
  check_equal(read(tube[0], text, 2), 1, "until it is read");
  close(tube[0]);
}

static void credentials(void) {
  int pair[2], on = 1;
  struct ucred who = {0, 0, 0};
  socklen_t length = sizeof who;
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  check_equal(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &who, &length), 0, "the peer is known");
  check(length == sizeof who && who.pid == getpid() && who.uid == geteuid(), "by its numbers");
  int fresh = socket(AF_UNIX, SOCK_STREAM, 0);
  getsockopt(fresh, SOL_SOCKET, SO_PEERCRED, &who, &length);
  check(who.pid == 0 && who.uid == (uid_t)-1 && who.gid == (gid_t)-1, "when there is one");
  close(fresh);
  int value = 7;
  length = sizeof value;
  getsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &value, &length);
  check_equal(value, 0, "credentials do not come");
  setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  check_equal(write(pair[0], "who", 3), 3, "unless asked for");
  check_equal(take(pair[1], 2, sizeof control, 0), 2, "then they come");
  check(got(SCM_CREDENTIALS) != NULL, "beside the data");
  memcpy(&who, got(SCM_CREDENTIALS), sizeof who);
  check(who.pid == getpid() && who.uid == getuid() && who.gid == getgid(), "and are right");
  check_equal(take(pair[1], 2, 0, 0), 1, "who has no room");
  check_equal(message.msg_flags & MSG_CTRUNC, MSG_CTRUNC, "is told");
  who.pid = getpid();
  begin("me");
  put(SOL_SOCKET, SCM_CREDENTIALS, &who, sizeof who);
  check_equal(sendmsg(pair[0], &message, 0), 2, "they can be sent");
  int tube[2];
  pipe(tube);
  pass(pair[0], "F", tube[0]);
  check_equal(take(pair[1], 10, sizeof control, 0), 3, "they come with a file");
  struct cmsghdr *first = CMSG_FIRSTHDR(&message);
  check(first && first->cmsg_type == SCM_CREDENTIALS, "before it");
  check(got_file() >= 0, "that comes, too");
  close(got_file());
  begin("you");
  put(SOL_SOCKET, SCM_CREDENTIALS, &who, 4);
  check_error(sendmsg(pair[0], &message, 0), EINVAL, "they have a size");
  close(tube[0]);
  close(tube[1]);
  close(pair[0]);
  close(pair[1]);
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  files();
  lost();
  credentials();
  return finish();
}
