/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "victim.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/audit.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

static const struct {
  const char* name;
  int number;
} kFamilies[] = {{"AF_UNIX", AF_UNIX},       {"AF_INET", AF_INET},     {"AF_INET6", AF_INET6},
                 {"AF_NETLINK", AF_NETLINK}, {"AF_PACKET", AF_PACKET}, {"AF_VSOCK", AF_VSOCK},
                 {"AF_ALG", AF_ALG}};

static struct sockaddr_in address_of(const char* text, const char* port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  inet_pton(AF_INET, text, &address.sin_addr);
  return address;
}

/* Of either family. */
union any_address {
  struct sockaddr any;
  struct sockaddr_in four;
  struct sockaddr_in6 six;
};

static union any_address any_address_of(const char* text, const char* port, socklen_t* size) {
  union any_address address = {.four = address_of(text, port)};
  *size = sizeof address.four;
  if (strchr(text, ':')) {
    address.six = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)atoi(port))};
    inet_pton(AF_INET6, text, &address.six.sin6_addr);
    *size = sizeof address.six;
  }
  return address;
}

/* A packet that a filter drops has no errno: time is up. */
static int wait_for(int fd, short events) {
  struct pollfd one = {.fd = fd, .events = events};
  int count = poll(&one, 1, 500);
  return count < 0 ? errno : count == 0 ? ETIMEDOUT : 0;
}

/* tcp ADDRESS PORT */
VICTIM(tcp) {
  socklen_t size;
  union any_address address = any_address_of(words[0], words[1], &size);
  int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0), error;
  if (fd < 0) return errno;
  if (connect(fd, &address.any, size) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if ((error = wait_for(fd, POLLOUT))) return error;
  size = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? errno : error;
}

/* udp ADDRESS PORT: an echo there and back */
VICTIM(udp) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0), error;
  if (fd < 0) return errno;
  struct sockaddr_in address = address_of(words[0], words[1]);
  char byte = 'x';
  if (sendto(fd, &byte, 1, 0, (struct sockaddr*)&address, sizeof address) < 0) return errno;
  if ((error = wait_for(fd, POLLIN))) return error;
  return errno_of(recv(fd, &byte, 1, 0));
}

/* Another service may hold the port for a moment. */
static int take_port(int* fd, int type, const char* address, const char* port) {
  int yes = 1;
  socklen_t size;
  union any_address any = any_address_of(address, port, &size);
  for (int at = 0;; at++) {
    *fd = socket(any.any.sa_family, type, 0);
    if (*fd < 0) return errno;
    setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    /* Beside it, the same port of the other family is another's. */
    if (any.any.sa_family == AF_INET6) setsockopt(*fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
    if (bind(*fd, &any.any, size) == 0 && (type == SOCK_DGRAM || listen(*fd, 8) == 0)) return 0;
    if (errno != EADDRINUSE || at == 300) return errno;
    close(*fd);
    usleep(10000);
  }
}

/* listen PORT [ADDRESS] */
VICTIM(listen) {
  int fd;
  return take_port(&fd, SOCK_STREAM, words[1] ? words[1] : "0.0.0.0", words[0]);
}

/* listen_udp PORT */
VICTIM(listen_udp) {
  int fd;
  return take_port(&fd, SOCK_DGRAM, "0.0.0.0", words[0]);
}

/* listen_anywhere: without bind(2) the kernel chooses the port, and no hook of bind is asked */
VICTIM(listen_anywhere) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return errno;
  return errno_of(listen(fd, 8));
}

/* serve PORT ADDRESS: answer one connection made to that address of the machine */
VICTIM(serve) {
  int fd, error = take_port(&fd, SOCK_STREAM, "0.0.0.0", words[0]);
  if (error) return error;
  int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in address = address_of(words[1], words[0]);
  if (connect(client, (struct sockaddr*)&address, sizeof address) < 0 && errno != EINPROGRESS) return errno;
  if ((error = wait_for(fd, POLLIN))) return error;
  return errno_of(accept(fd, NULL, NULL));
}

/* socket FAMILY stream|dgram|raw [PROTOCOL] */
VICTIM(socket) {
  int family = -1;
  for (size_t at = 0; at < sizeof kFamilies / sizeof *kFamilies; at++)
    if (strcmp(kFamilies[at].name, words[0]) == 0) family = kFamilies[at].number;
  if (family < 0) return kUsage;
  int type = words[1][0] == 's'   ? SOCK_STREAM
             : words[1][0] == 'd' ? SOCK_DGRAM
             : words[1][0] == 'q' ? SOCK_SEQPACKET
                                  : SOCK_RAW;
  return errno_of(socket(family, type, words[2] ? atoi(words[2]) : 0));
}

/* socket_int80: as a 32-bit program does. Old ones come by socketcall(2). */
VICTIM(socket_int80) {
  int* arguments = low_memory(4096);
  arguments[0] = AF_INET, arguments[1] = SOCK_STREAM, arguments[2] = 0;
  return errno_of(int80(102, 1, (long)arguments, 0, 0, 0));
}

/* interfaces ADDRESS: does libc list an interface of the host that has it? */
VICTIM(interfaces) {
  struct ifaddrs* list;
  if (getifaddrs(&list) < 0) return errno;
  struct sockaddr_in wanted = address_of(words[0], "0");
  for (struct ifaddrs* one = list; one; one = one->ifa_next)
    if (one->ifa_addr && one->ifa_addr->sa_family == AF_INET &&
        ((struct sockaddr_in*)one->ifa_addr)->sin_addr.s_addr == wanted.sin_addr.s_addr)
      return 0;
  return kEmpty;
}

static int ask_kernel(int fd, void* message, size_t size) {
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  if (sendto(fd, message, size, 0, (struct sockaddr*)&kernel, sizeof kernel) < 0) return errno;
  int error = wait_for(fd, POLLIN);
  if (error) return error;
  union {
    struct nlmsghdr head;
    char bytes[4096];
  } answer;
  if (recv(fd, &answer, sizeof answer, 0) < 0) return errno;
  return answer.head.nlmsg_type == NLMSG_ERROR ? -((struct nlmsgerr*)NLMSG_DATA(&answer.head))->error : 0;
}

static int change_address(int fd, int type, int flags) {
  struct {
    struct nlmsghdr head;
    struct ifaddrmsg body;
    struct rtattr attribute;
    struct in_addr address;
  } message = {{sizeof message, (uint16_t)type, (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags), 1, 0},
               {AF_INET, 32, 0, 0, if_nametoindex("lo")},
               {RTA_LENGTH(sizeof(struct in_addr)), IFA_LOCAL},
               {0}};
  inet_pton(AF_INET, "10.9.9.9", &message.address);
  return ask_kernel(fd, &message, sizeof message);
}

/* add_address: give the loopback interface an address of the test's own, and take it back. Needs the host's
   network, where the address 192.0.2.1 is. */
VICTIM(add_address) {
  int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  if (fd < 0) return errno;
  int error = change_address(fd, RTM_NEWADDR, NLM_F_CREATE);
  if (error && error != EEXIST) return error;
  change_address(fd, RTM_DELADDR, 0);
  char* here[] = {(char*)"192.0.2.1", NULL};
  return try_interfaces(here);
}

/* audit: a record of user space, which takes CAP_AUDIT_WRITE */
VICTIM(audit) {
  int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT);
  if (fd < 0) return errno;
  struct {
    struct nlmsghdr head;
    char text[16];
  } message = {{sizeof message, AUDIT_USER_AVC, NLM_F_REQUEST | NLM_F_ACK, 1, 0}, "op=victim"};
  return ask_kernel(fd, &message, sizeof message);
}

/* ICMPv6, whose checksum the kernel makes. */
static int ping_six(const char* text) {
  socklen_t size;
  union any_address address = any_address_of(text, "0", &size);
  int fd = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6), error;
  if (fd < 0) return errno;
  struct icmp6_hdr echo = {.icmp6_type = ICMP6_ECHO_REQUEST};
  echo.icmp6_id = htons((uint16_t)getpid());
  if (sendto(fd, &echo, sizeof echo, 0, &address.any, size) < 0) return errno;
  for (int at = 0; at < 50; at++) {
    struct icmp6_hdr answer;
    if ((error = wait_for(fd, POLLIN))) return error;
    if (recv(fd, &answer, sizeof answer, 0) < 0) return errno;
    if (answer.icmp6_type == ICMP6_ECHO_REPLY) return 0;
  }
  return kNoEffect;
}

/* audit_read: hear what is written to the audit log, as journald does. The kernel asks as the group is
 * joined. */
VICTIM(audit_read) {
  int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT);
  if (fd < 0) return errno;
  struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 1U << (AUDIT_NLGRP_READLOG - 1)};
  return errno_of(bind(fd, (struct sockaddr*)&address, sizeof address));
}

/* ping ADDRESS */
VICTIM(ping) {
  if (strchr(words[0], ':')) return ping_six(words[0]);
  int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), error;
  if (fd < 0) return errno;
  struct icmphdr echo = {.type = ICMP_ECHO, .un.echo.id = htons((uint16_t)getpid())};
  echo.checksum = (uint16_t)~(echo.type + echo.un.echo.id);
  struct sockaddr_in address = address_of(words[0], "0");
  if (sendto(fd, &echo, sizeof echo, 0, (struct sockaddr*)&address, sizeof address) < 0) return errno;
  for (int at = 0; at < 50; at++) {
    char packet[128];
    if ((error = wait_for(fd, POLLIN))) return error;
    if (recv(fd, packet, sizeof packet, 0) < 0) return errno;
    if (((struct icmphdr*)(packet + sizeof(struct iphdr)))->type == ICMP_ECHOREPLY) return 0;
  }
  return kNoEffect;
}

/* capture ADDRESS PORT: see a datagram of one's own pass by on the loopback interface */
VICTIM(capture) {
  int fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP)), error;
  if (fd < 0) return errno;
  struct sockaddr_ll here = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP)};
  struct ifreq request = {.ifr_name = "lo"};
  if (ioctl(fd, SIOCGIFINDEX, &request) < 0) return errno;
  here.sll_ifindex = request.ifr_ifindex;
  if (bind(fd, (struct sockaddr*)&here, sizeof here) < 0) return errno;
  /* It sends by the packet socket too, past the IP filter of the unit: a UDP datagram to the echo. */
  struct {
    struct iphdr ip;
    uint16_t from, to, size, sum;
    char byte;
  } __attribute__((packed)) out = {0};
  struct sockaddr_in target = address_of(words[0], words[1]);
  out.ip = (struct iphdr){.version = 4,
                          .ihl = 5,
                          .ttl = 9,
                          .protocol = IPPROTO_UDP,
                          .tot_len = htons(sizeof out),
                          .saddr = inet_addr("127.0.0.1"),
                          .daddr = target.sin_addr.s_addr};
  uint32_t sum = 0;
  for (size_t at = 0; at < 10; at++) sum += ((uint16_t*)&out.ip)[at];
  out.ip.check = (uint16_t)~((sum & 0xffff) + (sum >> 16));
  out.from = htons(9), out.to = target.sin_port, out.size = htons(9), out.byte = 'p';
  here.sll_halen = 6;
  if (sendto(fd, &out, sizeof out, 0, (struct sockaddr*)&here, sizeof here) < 0) return errno;
  if ((error = wait_for(fd, POLLIN))) return error;
  return errno_of(recv(fd, &out, sizeof out, 0));
}

static int connect_unix(const char* path, int is_abstract, int* fd) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = strlen(path);
  memcpy(address.sun_path + is_abstract, path, length);
  *fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (*fd < 0) return errno;
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
  return errno_of(connect(*fd, (struct sockaddr*)&address, size));
}

/* unix PATH */
VICTIM(unix) {
  int fd;
  return connect_unix(words[0], 0, &fd);
}

/* abstract NAME */
VICTIM(abstract) {
  int fd;
  return connect_unix(words[0], 1, &fd);
}

/* bus: get in at the system bus as who one is */
VICTIM(bus) {
  int fd, error = connect_unix("/run/dbus/system_bus_socket", 0, &fd);
  if (error) return error;
  char hello[64] = "", digits[16], answer[64] = "";
  int count = snprintf(digits, sizeof digits, "%u", geteuid());
  char* end = hello + 1 + sprintf(hello + 1, "AUTH EXTERNAL ");
  for (int at = 0; at < count; at++) end += sprintf(end, "%02x", digits[at]);
  end += sprintf(end, "\r\n");
  if (write(fd, hello, (size_t)(end - hello)) < 0) return errno;
  if ((error = wait_for(fd, POLLIN))) return error;
  if (read(fd, answer, sizeof answer - 1) < 0) return errno;
  return strncmp(answer, "OK ", 3) == 0 ? 0 : EACCES;
}
