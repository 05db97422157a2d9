// SPDX-License-Identifier: BSD-3-Clause
// Netlink: names, options, what is asked wrongly, and what is told of the loopback interface.

#include "check.h"

#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static int open_netlink(void) {
  int result = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (result < 0) {
    perror("netlink");
    exit(2);
  }
  return result;
}

static struct sockaddr_nl name_of(int file) {
  struct sockaddr_nl name = {0};
  socklen_t length = sizeof name;
  getsockname(file, (void *)&name, &length);
  if (length != sizeof name) name.nl_family = 0;
  return name;
}

static int option_of(int file, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  return getsockopt(file, SOL_NETLINK, name, &value, &length) == 0 ? value : -1;
}

// ---- Sockets ----------------------------------------------------------------------------------

static void kinds(void) {
  check_error(socket(AF_NETLINK, SOCK_STREAM, 0), ESOCKTNOSUPPORT, "there are no streams");
  check_error(socket(AF_NETLINK, SOCK_RAW, 99), EPROTONOSUPPORT, "there is no protocol 99");
  int pair[2];
  check_error(socketpair(AF_NETLINK, SOCK_RAW, 0, pair), EOPNOTSUPP, "there are no pairs");
  int file = socket(AF_NETLINK, SOCK_DGRAM, NETLINK_ROUTE);
  int value = 0;
  socklen_t length = sizeof value;
  getsockopt(file, SOL_SOCKET, SO_TYPE, &value, &length);
  check_equal(value, SOCK_DGRAM, "a socket knows its type");
  getsockopt(file, SOL_SOCKET, SO_DOMAIN, &value, &length);
  check_equal(value, AF_NETLINK, "its family");
  getsockopt(file, SOL_SOCKET, SO_PROTOCOL, &value, &length);
  check_equal(value, NETLINK_ROUTE, "and its protocol");
  check_error(listen(file, 1), EOPNOTSUPP, "it cannot listen");
  check_error(shutdown(file, SHUT_RDWR), EOPNOTSUPP, "it cannot be shut down");
  close(file);
}

static void names(void) {
  int file = open_netlink(), other = open_netlink();
  struct sockaddr_nl name = name_of(file), peer = {0};
  check(name.nl_family == AF_NETLINK && name.nl_pid == 0, "a new socket has no port");
  struct sockaddr_nl wanted = {.nl_family = AF_NETLINK};
  check_error(bind(file, (void *)&wanted, 8), EINVAL, "a short name is refused");
  wanted.nl_family = AF_INET;
  check_error(bind(file, (void *)&wanted, sizeof wanted), EINVAL, "so is one of another family");
  wanted.nl_family = AF_NETLINK;
  check_equal(bind(file, (void *)&wanted, sizeof wanted), 0, "port 0 is any");
  check_equal(name_of(file).nl_pid, getpid(), "which is the process's number");
  check_error(bind(file, (void *)&wanted, sizeof wanted), EINVAL, "a port is for ever");
  wanted.nl_pid = (unsigned)getpid();
  check_error(bind(other, (void *)&wanted, sizeof wanted), EADDRINUSE, "and of one socket");
  wanted.nl_pid = 0;
  wanted.nl_groups = RTMGRP_LINK;
  check_equal(bind(other, (void *)&wanted, sizeof wanted), 0, "the next gets another");
  name = name_of(other);
  check(name.nl_pid != 0 && name.nl_pid != (unsigned)getpid(), "that no process has");
  check_equal(name.nl_groups, RTMGRP_LINK, "with its groups");
  socklen_t length = sizeof peer;
  check_equal(getpeername(file, (void *)&peer, &length), 0, "a peer has a name");
  check(length == sizeof peer && peer.nl_pid == 0, "which is the kernel's");
  close(file);
  close(other);
  file = open_netlink();
  wanted.nl_pid = (unsigned)getpid();
  check_equal(bind(file, (void *)&wanted, sizeof wanted), 0, "a port is free after its socket");
  close(file);
}

static void options(void) {
  static const int flags[] = {NETLINK_PKTINFO, NETLINK_BROADCAST_ERROR, NETLINK_NO_ENOBUFS,
                              NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK};
  int file = open_netlink(), one = 1, zero = 0;
  for (unsigned index = 0; index < sizeof flags / sizeof *flags; index++) {
    bool holds = option_of(file, flags[index]) == 0
      && setsockopt(file, SOL_NETLINK, flags[index], &one, sizeof one) == 0
      && option_of(file, flags[index]) == 1
      && setsockopt(file, SOL_NETLINK, flags[index], &zero, sizeof zero) == 0
      && option_of(file, flags[index]) == 0;
    check(holds, "an option is what it was set to");
  }
  check_error(setsockopt(file, SOL_NETLINK, 13, &one, sizeof one), ENOPROTOOPT, "there is no 13");
  check_error(setsockopt(file, IPPROTO_TCP, 1, &one, sizeof one), ENOPROTOOPT, "nor TCP's");
  int group = RTNLGRP_IPV4_IFADDR;
  setsockopt(file, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group);
  check_equal(name_of(file).nl_groups, RTMGRP_IPV4_IFADDR, "a group is joined");
  check_equal(option_of(file, NETLINK_LIST_MEMBERSHIPS), RTMGRP_IPV4_IFADDR, "and listed");
  setsockopt(file, SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, &group, sizeof group);
  check_equal(name_of(file).nl_groups, 0, "and left");
  check_error(setsockopt(file, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &zero, sizeof zero), EINVAL,
              "there is no group 0");
  close(file);
}

// ---- Requests ---------------------------------------------------------------------------------

struct request {
  struct nlmsghdr header;
  union {
    struct rtgenmsg general;
    struct ifinfomsg link;
    struct ifaddrmsg address;
    struct rtmsg route;
    char bytes[64];
  };
};

static struct request ask_for(int type, int flags, int byte_count) {
  struct request request;
  memset(&request, 0, sizeof request);
  request.header.nlmsg_len = (unsigned)(NLMSG_HDRLEN + byte_count);
  request.header.nlmsg_type = (unsigned short)type;
  request.header.nlmsg_flags = (unsigned short)flags;
  request.header.nlmsg_seq = 77;
  return request;
}

static void add(struct request *request, int type, const void *value, int byte_count) {
  struct rtattr *attribute =
    (void *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));
  attribute->rta_type = (unsigned short)type;
  attribute->rta_len = (unsigned short)RTA_LENGTH(byte_count);
  memcpy(RTA_DATA(attribute), value, (size_t)byte_count);
  request->header.nlmsg_len =
    NLMSG_ALIGN(request->header.nlmsg_len) + (unsigned)RTA_LENGTH(byte_count);
}

static long submit(int file, const struct request *request) {
  return send(file, request, request->header.nlmsg_len, 0);
}

static char buffer[65536];

// The first message of the next answer, or NULL when there is none.
static struct nlmsghdr *answer(int file, long *count) {
  *count = recv(file, buffer, sizeof buffer, MSG_DONTWAIT);
  return *count < (long)sizeof(struct nlmsghdr) ? NULL : (void *)buffer;
}

// The errno of the one error that answers a request; 0 for a success, -1 for no such answer.
static int verdict(int file, const struct request *request) {
  if (submit(file, request) < 0) return -1;
  long count;
  struct nlmsghdr *header = answer(file, &count);
  if (header == NULL || header->nlmsg_type != NLMSG_ERROR) return -1;
  struct nlmsgerr *error = NLMSG_DATA(header);
  return -error->error;
}

static bool is_silent(int file) {
  return recv(file, buffer, sizeof buffer, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

static void wrong(void) {
  int file = open_netlink();
  struct request request = ask_for(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1);
  check_error(send(file, buffer, 0, 0), ENODATA, "nothing cannot be sent");
  check_error(send(file, buffer, 20, MSG_OOB), EOPNOTSUPP, "nor anything urgent");
  struct sockaddr_nl nobody = {.nl_family = AF_NETLINK, .nl_pid = 4000000};
  check_error(sendto(file, &request, 17, 0, (void *)&nobody, sizeof nobody), ECONNREFUSED,
              "nor to nobody");
  check_equal(send(file, &request, 6, 0), 6, "half a header can");
  check(is_silent(file), "but is not answered");
  request.header.nlmsg_len = 8;
  check_equal(send(file, &request, 17, 0), 17, "so can a length that is too short");
  check(is_silent(file), "and is not answered");
  request.header.nlmsg_len = 100;
  check_equal(send(file, &request, 17, 0), 17, "and one beyond the message");
  check(is_silent(file), "and is not answered either");
  request = ask_for(RTM_GETLINK, NLM_F_DUMP, 1);
  submit(file, &request);
  check(is_silent(file), "what is no request is not answered");
  request.header.nlmsg_flags |= NLM_F_ACK;
  check_equal(verdict(file, &request), 0, "but acknowledged, if asked for");
  request = ask_for(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 0);
  submit(file, &request);
  check(is_silent(file), "a request without a family is not answered");
  request = ask_for(NLMSG_NOOP, NLM_F_REQUEST | NLM_F_ACK, 1);
  check_equal(verdict(file, &request), 0, "what does nothing succeeds");
  request = ask_for(2000, NLM_F_REQUEST, 24);
  memset(request.bytes, 5, 24);
  check_equal(verdict(file, &request), EOPNOTSUPP, "an unknown type is not supported");
  struct nlmsghdr *header = (void *)buffer;
  struct nlmsgerr *error = NLMSG_DATA(header);
  check(header->nlmsg_seq == 77 && header->nlmsg_pid == name_of(file).nl_pid, "the answer is ours");
  check(header->nlmsg_len == 36 + 24 && header->nlmsg_flags == 0
          && memcmp(&error->msg, &request, 40) == 0, "and has the whole request in it");
  int one = 1;
  setsockopt(file, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof one);
  verdict(file, &request);
  check(header->nlmsg_len == 36 && header->nlmsg_flags == NLM_F_CAPPED, "or its header only");
  request = ask_for(RTM_GETLINK, NLM_F_REQUEST, 1);
  check_equal(verdict(file, &request), EINVAL, "half a structure is not valid");
  request = ask_for(RTM_GETLINK, NLM_F_REQUEST, sizeof request.link);
  check_equal(verdict(file, &request), EINVAL, "a link needs a number or a name");
  request.link.ifi_index = 999999;
  check_equal(verdict(file, &request), ENODEV, "that there is");
  request = ask_for(RTM_GETLINK, NLM_F_REQUEST, sizeof request.link);
  add(&request, IFLA_IFNAME, "nowhere", 8);
  check_equal(verdict(file, &request), ENODEV, "of both");
  request = ask_for(RTM_GETADDR, NLM_F_REQUEST, sizeof request.address);
  request.address.ifa_family = AF_INET;
  check_equal(verdict(file, &request), EOPNOTSUPP, "there is no asking for one IPv4 address");
  close(file);
}

// ---- Answers ----------------------------------------------------------------------------------

static struct rtattr *find(struct nlmsghdr *header, int offset, int wanted) {
  struct rtattr *attribute = (void *)((char *)NLMSG_DATA(header) + NLMSG_ALIGN(offset));
  int left = (int)header->nlmsg_len - NLMSG_HDRLEN - NLMSG_ALIGN(offset);
  for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
    if ((attribute->rta_type & NLA_TYPE_MASK) == wanted) return attribute;
  return NULL;
}

// Asks for a dump and counts the messages for which `accepts` holds; -1 when it is not well formed.
static int dump(int file, const struct request *request, int type,
                bool (*accepts)(struct nlmsghdr *)) {
  if (submit(file, request) < 0) return -1;
  int found = 0;
  for (;;) {
    long count = recv(file, buffer, sizeof buffer, MSG_DONTWAIT);
    if (count < NLMSG_HDRLEN) return -1;
    struct nlmsghdr *header = (void *)buffer;
    for (; NLMSG_OK(header, count); header = NLMSG_NEXT(header, count)) {
      if (header->nlmsg_seq != 77 || header->nlmsg_pid != name_of(file).nl_pid) return -1;
      if (!(header->nlmsg_flags & NLM_F_MULTI)) return -1;
      if (header->nlmsg_type == NLMSG_DONE) {
        int *status = NLMSG_DATA(header);
        return header->nlmsg_len >= 20 && *status == 0 ? found : -1;
      }
      if (header->nlmsg_type != type) return -1;
      if (accepts(header)) found++;
    }
    if (count != 0) return -1;
  }
}

static bool is_loopback(struct nlmsghdr *header) {
  struct ifinfomsg *link = NLMSG_DATA(header);
  struct rtattr *name = find(header, sizeof *link, IFLA_IFNAME);
  struct rtattr *mtu = find(header, sizeof *link, IFLA_MTU);
  struct rtattr *address = find(header, sizeof *link, IFLA_ADDRESS);
  if (!name || strcmp(RTA_DATA(name), "lo") != 0) return false;
  unsigned flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
  return link->ifi_index == 1 && link->ifi_type == ARPHRD_LOOPBACK
    && (link->ifi_flags & flags) == flags && mtu && *(unsigned *)RTA_DATA(mtu) == 65536 && address
    && RTA_PAYLOAD(address) == 6 && memcmp(RTA_DATA(address), "\0\0\0\0\0\0", 6) == 0;
}

static bool is_own_address(struct nlmsghdr *header) {
  struct ifaddrmsg *message = NLMSG_DATA(header);
  struct rtattr *local = find(header, sizeof *message, IFA_LOCAL);
  struct rtattr *label = find(header, sizeof *message, IFA_LABEL);
  return message->ifa_family == AF_INET && message->ifa_prefixlen == 8 && message->ifa_index == 1
    && message->ifa_scope == RT_SCOPE_HOST && message->ifa_flags & IFA_F_PERMANENT && local
    && memcmp(RTA_DATA(local), "\x7f\0\0\1", 4) == 0 && label
    && strcmp(RTA_DATA(label), "lo") == 0;
}

static bool is_of_another_family(struct nlmsghdr *header) {
  struct rtgenmsg *message = NLMSG_DATA(header);
  return message->rtgen_family != AF_INET;
}

static bool is_of_another_link(struct nlmsghdr *header) {
  struct ifaddrmsg *message = NLMSG_DATA(header);
  return message->ifa_index != 1;
}

static bool is_own_route(struct nlmsghdr *header) {
  struct rtmsg *route = NLMSG_DATA(header);
  struct rtattr *target = find(header, sizeof *route, RTA_DST);
  struct rtattr *link = find(header, sizeof *route, RTA_OIF);
  return route->rtm_family == AF_INET && route->rtm_table == RT_TABLE_LOCAL
    && route->rtm_type == RTN_LOCAL && route->rtm_dst_len == 32 && target
    && memcmp(RTA_DATA(target), "\x7f\0\0\1", 4) == 0 && link && *(int *)RTA_DATA(link) == 1;
}

static bool is_of_another_table(struct nlmsghdr *header) {
  struct rtmsg *route = NLMSG_DATA(header);
  return route->rtm_table != RT_TABLE_LOCAL;
}

static void dumps(void) {
  int file = open_netlink(), one = 1;
  struct request request = ask_for(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1);
  check_equal(dump(file, &request, RTM_NEWLINK, is_loopback), 1, "the links have lo");
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ROOT;
  check_equal(dump(file, &request, RTM_NEWLINK, is_loopback), 1, "one flag is enough");
  request = ask_for(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, sizeof request.address);
  check_equal(dump(file, &request, RTM_NEWADDR, is_own_address), 1, "the addresses have its own");
  request.address.ifa_family = AF_INET;
  check_equal(dump(file, &request, RTM_NEWADDR, is_own_address), 1, "so has its family");
  check_equal(dump(file, &request, RTM_NEWADDR, is_of_another_family), 0, "alone");
  request = ask_for(RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP, sizeof request.route);
  check_equal(dump(file, &request, RTM_NEWROUTE, is_own_route), 1, "it has a route");
  setsockopt(file, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof one);
  request.route.rtm_family = AF_INET;
  request.route.rtm_table = RT_TABLE_LOCAL;
  check_equal(dump(file, &request, RTM_NEWROUTE, is_own_route), 1, "in its table");
  check_equal(dump(file, &request, RTM_NEWROUTE, is_of_another_table), 0, "alone, for the strict");
  request = ask_for(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, sizeof request.address);
  request.address.ifa_index = 1;
  check_equal(dump(file, &request, RTM_NEWADDR, is_own_address), 1, "and of one link");
  check_equal(dump(file, &request, RTM_NEWADDR, is_of_another_link), 0, "alone");
  close(file);
}

static void singles(void) {
  int file = open_netlink();
  long count;
  struct request request = ask_for(RTM_GETLINK, NLM_F_REQUEST, sizeof request.link);
  request.link.ifi_index = 1;
  submit(file, &request);
  struct nlmsghdr *header = answer(file, &count);
  check(header && header->nlmsg_type == RTM_NEWLINK && header->nlmsg_flags == 0
          && is_loopback(header), "link 1 is lo");
  check(is_silent(file), "that is all");
  request = ask_for(RTM_GETLINK, NLM_F_REQUEST | NLM_F_ACK, sizeof request.link);
  add(&request, IFLA_IFNAME, "lo", 3);
  submit(file, &request);
  header = answer(file, &count);
  check(header && header->nlmsg_type == RTM_NEWLINK && is_loopback(header), "so is that name");
  header = answer(file, &count);
  check(header && header->nlmsg_type == NLMSG_ERROR && header->nlmsg_len == 36
          && ((struct nlmsgerr *)NLMSG_DATA(header))->error == 0, "a success can be told");
  request = ask_for(RTM_GETROUTE, NLM_F_REQUEST, sizeof request.route);
  request.route.rtm_family = AF_INET;
  request.route.rtm_dst_len = 32;
  add(&request, RTA_DST, "\x7f\1\2\3", 4);
  submit(file, &request);
  header = answer(file, &count);
  struct rtmsg *route = NLMSG_DATA(header);
  struct rtattr *link = header ? find(header, sizeof *route, RTA_OIF) : NULL;
  struct rtattr *source = header ? find(header, sizeof *route, RTA_PREFSRC) : NULL;
  check(header && header->nlmsg_type == RTM_NEWROUTE && route->rtm_type == RTN_LOCAL && link
          && *(int *)RTA_DATA(link) == 1, "the way to 127.1.2.3 is lo");
  check(source && RTA_PAYLOAD(source) == 4 && ((char *)RTA_DATA(source))[0] == 127, "from there");
  close(file);
}

static void reading(void) {
  int file = open_netlink();
  struct request request = ask_for(RTM_GETLINK, NLM_F_REQUEST, sizeof request.link);
  request.link.ifi_index = 1;
  struct pollfd waiting = {file, POLLIN, 0};
  check_equal(poll(&waiting, 1, 0), 0, "nothing waits");
  submit(file, &request);
  check(poll(&waiting, 1, 0) == 1 && waiting.revents == POLLIN, "an answer waits at once");
  struct sockaddr_nl name;
  memset(&name, 1, sizeof name);
  struct iovec piece = {buffer, 20};
  struct msghdr message = {.msg_name = &name, .msg_namelen = sizeof name, .msg_iov = &piece,
                           .msg_iovlen = 1};
  long whole = recvmsg(file, &message, MSG_PEEK | MSG_TRUNC);
  check(whole > 20 && message.msg_flags & MSG_TRUNC, "its length can be asked for");
  check(message.msg_namelen == sizeof name && name.nl_family == AF_NETLINK && name.nl_pid == 0,
        "it is from the kernel");
  check_equal(recvmsg(file, &message, 0), 20, "as much is read as there is room for");
  check(message.msg_flags & MSG_TRUNC, "which is told");
  check(is_silent(file), "and the rest is gone");
  submit(file, &request);
  check(read(file, buffer, sizeof buffer) == whole, "a file can be read, too");
  check_equal(write(file, &request, request.header.nlmsg_len), request.header.nlmsg_len,
              "and written");
  check(recv(file, buffer, sizeof buffer, 0) == whole, "which asks");
  close(file);
}

// ---- The C library ----------------------------------------------------------------------------

static void library(void) {
  struct ifaddrs *list = NULL;
  check_equal(getifaddrs(&list), 0, "there is a list of interfaces");
  bool has_link = false, has_address = false;
  for (struct ifaddrs *entry = list; entry; entry = entry->ifa_next) {
    if (strcmp(entry->ifa_name, "lo") != 0 || !entry->ifa_addr) continue;
    if (entry->ifa_addr->sa_family == AF_PACKET) {
      struct sockaddr_ll *address = (void *)entry->ifa_addr;
      has_link |= address->sll_ifindex == 1 && address->sll_hatype == ARPHRD_LOOPBACK
        && entry->ifa_flags & IFF_LOOPBACK;
    } else if (entry->ifa_addr->sa_family == AF_INET) {
      struct sockaddr_in *address = (void *)entry->ifa_addr, *mask = (void *)entry->ifa_netmask;
      has_address |= address->sin_addr.s_addr == htonl(INADDR_LOOPBACK) && mask
        && mask->sin_addr.s_addr == htonl(0xff000000);
    }
  }
  check(has_link, "lo is in it");
  check(has_address, "with its address");
  freeifaddrs(list);
  struct if_nameindex *names = if_nameindex();
  bool is_first = names && names[0].if_index == 1 && strcmp(names[0].if_name, "lo") == 0;
  check(is_first, "the first interface is lo");
  if_freenameindex(names);
  check_equal(if_nametoindex("lo"), 1, "its number is 1");
  errno = 0;
  check(if_nametoindex("nowhere") == 0 && errno == ENODEV, "another has none");
  char name[IF_NAMESIZE] = "";
  check(if_indextoname(1, name) && strcmp(name, "lo") == 0, "number 1 is its own");
  struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_ADDRCONFIG, .ai_family = AF_INET,
                           .ai_socktype = SOCK_STREAM};
  struct addrinfo *found = NULL;
  check(getaddrinfo("127.0.0.1", "80", &hints, &found) == 0 && found
          && ((struct sockaddr_in *)found->ai_addr)->sin_port == htons(80), "names are found");
  if (found) freeaddrinfo(found);
}

// Sockets of every family take requests about interfaces.
static void requests(void) {
  int file = open_netlink();
  struct ifreq request = {.ifr_name = "lo"};
  check_equal(ioctl(file, SIOCGIFINDEX, &request), 0, "a netlink socket knows interfaces");
  check_equal(request.ifr_ifindex, 1, "by number");
  struct ethtool_cmd command = {.cmd = ETHTOOL_GSET};
  request.ifr_data = (void *)&command;
  check_error(ioctl(file, SIOCETHTOOL, &request), EOPNOTSUPP, "lo has no speed");
  strcpy(request.ifr_name, "nowhere");
  check_error(ioctl(file, SIOCETHTOOL, &request), ENODEV, "nor has what is not there");
  close(file);
}

int main(void) {
  kinds();
  names();
  options();
  wrong();
  dumps();
  singles();
  reading();
  library();
  requests();
  return finish();
}
