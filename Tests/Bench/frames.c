// SPDX-License-Identifier: BSD-3-Clause
//
// Loads whatever forwards Ethernet frames between two network devices, and counts at both ends:
//
//   frames wait FROM TO SECONDS
//     ends with 0 as soon as a frame sent by FROM comes out at TO, with 1 when none does in that time.
//   frames load FROM TO SECONDS WINDOW
//     frames of 64 bytes (with the sum that a wire would add); as many are under way as WINDOW says.
//     Says "sent N", "received N", "requests N" (the received ones again) and "seconds S".
//
// What is under way for longer than patience is lost. Frames carry their number, so that one that
// comes twice, comes changed or is another's is not counted.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { frame_size = 60, batch = 64, ethertype = 0x88b5, window_limit = 4096 };

// How long a frame may be under way, in seconds.
static const double patience = 0.05;

struct frame {
  uint8_t target[6], source[6];
  uint16_t type;
  uint32_t mark;
  uint64_t number;
  uint8_t rest[frame_size - 26];
} __attribute__((packed));

static void fail(const char *what) {
  fprintf(stderr, "frames: %s: %s\n", what, strerror(errno));
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static int opened(const char *name, int receives) {
  int end = socket(AF_PACKET, SOCK_RAW, receives ? htons(ethertype) : 0);
  if (end < 0) fail("packet socket");
  struct sockaddr_ll place = {
    .sll_family = AF_PACKET, .sll_protocol = receives ? htons(ethertype) : 0,
    .sll_ifindex = if_nametoindex(name)};
  if (place.sll_ifindex == 0 || bind(end, (struct sockaddr *)&place, sizeof place) != 0) fail(name);
  int size = 8 << 20, one = 1;
  setsockopt(end, SOL_SOCKET, receives ? SO_RCVBUFFORCE : SO_SNDBUFFORCE, &size, sizeof size);
  // Not what this program itself sends there; older kernels do not know it.
  setsockopt(end, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one);
  if (!receives) setsockopt(end, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one);
  return end;
}

static const uint8_t stations[2][6] = {{2, 0, 0, 0, 0x77, 1}, {2, 0, 0, 0, 0x77, 2}};
static const uint32_t mark = 0x4d415254;

static void fill(struct frame *frame, uint64_t number) {
  memcpy(frame->target, stations[1], 6);
  memcpy(frame->source, stations[0], 6);
  frame->type = htons(ethertype);
  frame->mark = mark;
  frame->number = number;
  memset(frame->rest, (uint8_t)number, sizeof frame->rest);
}

static int is_right(const struct frame *frame, size_t size) {
  struct frame wanted;
  if (size != frame_size) return 0;
  fill(&wanted, frame->number);
  return memcmp(frame, &wanted, sizeof wanted) == 0;
}

static uint64_t sent, received, lost, wrong;

// Sends up to `count` frames; says how many the device took.
static int send_frames(int end, int count) {
  static struct frame frames[batch];
  struct iovec pieces[batch];
  struct mmsghdr messages[batch];
  memset(messages, 0, sizeof messages);
  if (count > batch) count = batch;
  for (int index = 0; index < count; index++) {
    fill(&frames[index], sent + index);
    pieces[index] = (struct iovec){&frames[index], frame_size};
    messages[index].msg_hdr = (struct msghdr){.msg_iov = &pieces[index], .msg_iovlen = 1};
  }
  int taken = sendmmsg(end, messages, count, MSG_DONTWAIT);
  if (taken < 0 && errno != EAGAIN && errno != ENOBUFS) fail("send");
  if (taken > 0) sent += taken;
  return taken > 0 ? taken : 0;
}

static int receive_frames(int end) {
  static struct frame frames[batch];
  struct iovec pieces[batch];
  struct mmsghdr messages[batch];
  memset(messages, 0, sizeof messages);
  for (int index = 0; index < batch; index++) {
    pieces[index] = (struct iovec){&frames[index], frame_size};
    messages[index].msg_hdr = (struct msghdr){.msg_iov = &pieces[index], .msg_iovlen = 1};
  }
  int count = recvmmsg(end, messages, batch, MSG_DONTWAIT, NULL);
  if (count < 0 && errno != EAGAIN) fail("receive");
  int right = 0;
  for (int index = 0; index < count; index++) {
    if (is_right(&frames[index], messages[index].msg_len)) right++;
    else if (frames[index].mark == mark) wrong++;
  }
  received += right;
  return right;
}

static void rest(int end) {
  struct pollfd wish = {.fd = end, .events = POLLIN};
  poll(&wish, 1, 1);
}

static int wait_for(int from, int to, double seconds) {
  for (double end = now() + seconds; now() < end;) {
    send_frames(from, 1);
    for (double next = now() + 0.2; now() < next;) {
      if (receive_frames(to) > 0) return 0;
      rest(to);
    }
  }
  fprintf(stderr, "no frame comes through\n");
  return 1;
}

static int load(int from, int to, double seconds, uint64_t window) {
  if (window < 1 || window > window_limit) fail("window");
  // Stragglers of an earlier run.
  while (receive_frames(to) > 0) {}
  sent = received = lost = wrong = 0;
  double begin = now(), last = begin;
  while (now() < begin + seconds) {
    uint64_t under_way = sent - received - lost;
    int moved = 0;
    if (under_way < window) moved += send_frames(from, window - under_way);
    int came = receive_frames(to);
    if (came > 0) last = now();
    else if (under_way >= window && now() - last > patience) {
      lost = sent - received;
      last = now();
    }
    if (moved + came == 0) rest(to);
  }
  double span = now() - begin;
  printf(
    "sent %lu\nreceived %lu\nwrong %lu\nrequests %lu\nseconds %.6f\n", sent, received, wrong,
    received, span);
  return wrong != 0;
}

int main(int count, char **words) {
  if (count >= 5) {
    int from = opened(words[2], 0), to = opened(words[3], 1);
    if (count == 5 && !strcmp(words[1], "wait")) return wait_for(from, to, atof(words[4]));
    if (count == 6 && !strcmp(words[1], "load"))
      return load(from, to, atof(words[4]), strtoul(words[5], NULL, 10));
  }
  fprintf(stderr, "usage: frames wait|load FROM TO SECONDS [WINDOW]\n");
  return 2;
}
