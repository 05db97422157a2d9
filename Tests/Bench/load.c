// SPDX-License-Identifier: BSD-3-Clause
//
// What Debian has no program for, when the servers are measured:
//
//   load wait ADDRESS PORT SECONDS
//     ends with 0 as soon as somebody listens there, with 1 when nobody does in that time.
//   load memcached ADDRESS PORT CONNECTIONS SECONDS get|set
//     each connection sends a request when it has the answer to the one before; says
//     "requests N" and "seconds S".
//   load memcached-udp ADDRESS PORT WINDOW SECONDS get|set
//     the same by datagrams, so many requests being under way. Says also "lost N".

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { key_count = 10000, value_size = 100, connection_limit = 1024, patience = 10 };

struct connection {
  int socket;
  unsigned seed;
  // The end of what has come, enough to know an answer's end.
  char tail[8];
};

static void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, errno ? strerror(errno) : "unexpected answer");
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static struct sockaddr_in place(const char *address, const char *port) {
  struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
  if (inet_pton(AF_INET, address, &place.sin_addr) != 1) fail(address);
  return place;
}

static int wait_for(const char *address, const char *port, double seconds) {
  struct sockaddr_in server = place(address, port);
  for (double end = now() + seconds; now() < end; usleep(50000)) {
    int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (client < 0) fail("socket");
    if (connect(client, (struct sockaddr *)&server, sizeof server) != 0 && errno == EINPROGRESS) {
      // A SYN that nobody has answered is not worth waiting for: the guest is still starting.
      struct pollfd wish = {.fd = client, .events = POLLOUT};
      poll(&wish, 1, 500);
    }
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    int answers = getpeername(client, (struct sockaddr *)&peer, &size) == 0;
    close(client);
    if (answers) return 0;
  }
  fprintf(stderr, "nobody listens at %s:%s\n", address, port);
  return 1;
}

static void send_all(int socket, const char *text, size_t length) {
  while (length > 0) {
    ssize_t count = send(socket, text, length, MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN) fail("send");
    if (count > 0) text += count, length -= count;
  }
}

static void request(struct connection *connection, int is_set) {
  static char value[value_size + 1];
  if (!value[0]) memset(value, 'x', value_size);
  char text[value_size + 64];
  int key = rand_r(&connection->seed) % key_count;
  int length = is_set
    ? snprintf(text, sizeof text, "set key:%d 0 0 %d\r\n%s\r\n", key, value_size, value)
    : snprintf(text, sizeof text, "get key:%d\r\n", key);
  memset(connection->tail, 0, sizeof connection->tail);
  send_all(connection->socket, text, length);
}

// Takes what has come; says whether the answer is whole.
static int is_answered(struct connection *connection, const char *end) {
  char text[4096];
  ssize_t count = recv(connection->socket, text, sizeof text, 0);
  if (count < 0 && errno == EAGAIN) return 0;
  if (count == 0) errno = ECONNRESET;
  if (count <= 0) fail("receive");
  if (count >= 5 && memcmp(text, "ERROR", 5) == 0) fail("memcached");
  size_t length = strlen(end), kept = sizeof connection->tail;
  if ((size_t)count >= kept) {
    memcpy(connection->tail, text + count - kept, kept);
  } else {
    memmove(connection->tail, connection->tail + count, kept - count);
    memcpy(connection->tail + kept - count, text, count);
  }
  return memcmp(connection->tail + kept - length, end, length) == 0;
}

static int connected(const char *address, const char *port) {
  struct sockaddr_in server = place(address, port);
  int client = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  if (connect(client, (struct sockaddr *)&server, sizeof server) != 0) fail("connect");
  setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return client;
}

// Every key has a value, so that each get finds one.
static void fill(const char *address, const char *port) {
  int client = connected(address, port);
  char text[value_size + 64], answer[4096];
  int unanswered = 0;
  // An earlier load may have done it.
  send_all(client, text, snprintf(text, sizeof text, "get key:%d\r\n", key_count - 1));
  ssize_t first = recv(client, answer, sizeof answer, 0);
  if (first <= 0) fail("fill");
  if (answer[0] == 'V') {
    close(client);
    return;
  }
  for (int key = 0; key < key_count; key++) {
    int length = snprintf(
      text, sizeof text, "set key:%d 0 0 %d\r\n%0*d\r\n", key, value_size, value_size, key);
    send_all(client, text, length);
    unanswered += strlen("STORED\r\n");
    while (unanswered > (key == key_count - 1 ? 0 : 2000)) {
      ssize_t count = recv(client, answer, sizeof answer, 0);
      if (count <= 0) fail("fill");
      unanswered -= count;
    }
  }
  close(client);
}

static int memcached(char **words, int is_set) {
  static struct connection connections[connection_limit];
  int count = atoi(words[2]), poller = epoll_create1(0);
  double seconds = atof(words[3]);
  if (count < 1 || count > connection_limit) fail("connections");
  fill(words[0], words[1]);
  for (int index = 0; index < count; index++) {
    struct connection *connection = &connections[index];
    connection->socket = connected(words[0], words[1]);
    connection->seed = index + 1;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    epoll_ctl(poller, EPOLL_CTL_ADD, connection->socket, &event);
  }
  const char *end = is_set ? "STORED\r\n" : "END\r\n";
  double begin = now();
  for (int index = 0; index < count; index++) request(&connections[index], is_set);
  unsigned long answers = 0;
  while (now() < begin + seconds) {
    struct epoll_event events[64];
    int ready = epoll_wait(poller, events, 64, patience * 1000);
    if (ready == 0) errno = ETIMEDOUT;
    if (ready <= 0) fail("wait");
    for (int index = 0; index < ready; index++) {
      struct connection *connection = events[index].data.ptr;
      if (!is_answered(connection, end)) continue;
      answers++;
      request(connection, is_set);
    }
  }
  printf("requests %lu\nseconds %.6f\n", answers, now() - begin);
  return 0;
}

enum { datagram_batch = 64, datagram_size = 512, window_limit = 1024 };

// A request with its number in front (memcached's protocol.txt, "UDP protocol").
static int datagram(char *text, unsigned number, unsigned *seed, int is_set) {
  static const char value[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                              "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
  const unsigned char head[8] = {number >> 8, number, 0, 0, 0, 1, 0, 0};
  int key = rand_r(seed) % key_count;
  memcpy(text, head, sizeof head);
  return 8 + (is_set
    ? snprintf(text + 8, datagram_size - 8, "set key:%d 0 0 %d\r\n%s\r\n", key, value_size, value)
    : snprintf(text + 8, datagram_size - 8, "get key:%d\r\n", key));
}

// When each request that waits for its answer was sent; 0 for none.
static double sent_at[65536];
static unsigned next_number;
static int under_way;

static void send_datagrams(int client, int count, unsigned *seed, int is_set) {
  static char texts[datagram_batch][datagram_size];
  struct iovec pieces[datagram_batch];
  struct mmsghdr messages[datagram_batch];
  memset(messages, 0, sizeof messages);
  if (count > datagram_batch) count = datagram_batch;
  for (int index = 0; index < count; index++) {
    int length = datagram(texts[index], (next_number + index) & 0xffff, seed, is_set);
    pieces[index] = (struct iovec){texts[index], length};
    messages[index].msg_hdr = (struct msghdr){.msg_iov = &pieces[index], .msg_iovlen = 1};
  }
  int taken = sendmmsg(client, messages, count, 0);
  double time = now();
  for (int index = 0; index < taken; index++) sent_at[next_number++ & 0xffff] = time;
  if (taken > 0) under_way += taken;
}

// Takes answers; says how many were right, and fails at a wrong one.
static int receive_datagrams(int client, int is_set) {
  static char texts[datagram_batch][datagram_size];
  struct iovec pieces[datagram_batch];
  struct mmsghdr messages[datagram_batch];
  memset(messages, 0, sizeof messages);
  for (int index = 0; index < datagram_batch; index++) {
    pieces[index] = (struct iovec){texts[index], datagram_size};
    messages[index].msg_hdr = (struct msghdr){.msg_iov = &pieces[index], .msg_iovlen = 1};
  }
  int count = recvmmsg(client, messages, datagram_batch, MSG_DONTWAIT, NULL), right = 0;
  if (count < 0 && errno != EAGAIN && errno != ECONNREFUSED) fail("receive");
  const char *begin = is_set ? "STORED\r\n" : "VALUE key:";
  for (int index = 0; index < count; index++) {
    unsigned char *head = (unsigned char *)texts[index];
    if (messages[index].msg_len < 8 + strlen(begin) || head[5] != 1
        || memcmp(texts[index] + 8, begin, strlen(begin)) != 0) {
      errno = 0;
      fail("memcached");
    }
    double *time = &sent_at[head[0] << 8 | head[1]];
    if (*time == 0) continue;
    *time = 0;
    under_way--;
    right++;
  }
  return right;
}

static int memcached_udp(char **words, int is_set) {
  int window = atoi(words[2]), client = socket(AF_INET, SOCK_DGRAM, 0), size = 4 << 20;
  double seconds = atof(words[3]);
  struct sockaddr_in server = place(words[0], words[1]);
  if (window < 1 || window > window_limit) fail("window");
  fill(words[0], words[1]);
  if (connect(client, (struct sockaddr *)&server, sizeof server) != 0) fail("connect");
  setsockopt(client, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  unsigned seed = 1;
  unsigned long answers = 0, lost = 0;
  double begin = now(), last = begin;
  while (now() < begin + seconds) {
    if (under_way < window) send_datagrams(client, window - under_way, &seed, is_set);
    int came = receive_datagrams(client, is_set);
    answers += came;
    if (came > 0) {
      last = now();
      continue;
    }
    struct pollfd wish = {.fd = client, .events = POLLIN};
    poll(&wish, 1, 1);
    if (now() - last < 0.05) continue;
    // Datagrams may be lost: what has waited too long is sent anew, as another one.
    for (int number = 0; number < 65536; number++) {
      if (sent_at[number] == 0 || now() - sent_at[number] < 0.05) continue;
      sent_at[number] = 0;
      under_way--;
      lost++;
    }
    if (now() - last > patience) {
      errno = ETIMEDOUT;
      fail("wait");
    }
  }
  printf("requests %lu\nlost %lu\nseconds %.6f\n", answers, lost, now() - begin);
  return 0;
}

int main(int count, char **words) {
  if (count == 5 && !strcmp(words[1], "wait")) return wait_for(words[2], words[3], atof(words[4]));
  if (count == 7 && !strcmp(words[1], "memcached"))
    return memcached(words + 2, !strcmp(words[6], "set"));
  if (count == 7 && !strcmp(words[1], "memcached-udp"))
    return memcached_udp(words + 2, !strcmp(words[6], "set"));
  fprintf(stderr, "usage: load wait|memcached|memcached-udp ADDRESS PORT ...\n");
  return 2;
}
