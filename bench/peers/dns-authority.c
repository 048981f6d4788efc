/* An upstream for the benchmark of DNS servers: dns-authority PORT. Answers every question for an address with one, which may be
   kept for an hour, and all others without a record, in batches, so that it is not what is measured. Prints a line once it listens. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BATCH 64
#define BYTES 1500

static unsigned char bytes[BATCH][BYTES];
static struct sockaddr_in peers[BATCH];
static struct iovec vectors[BATCH];
static struct mmsghdr headers[BATCH];

/* Name, A, IN, an hour, four bytes: an address of the Internet, or rebinding protection would remove it. */
static const unsigned char record[16] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0x0e, 0x10, 0, 4, 93, 184, 216, 34};

static size_t answer(unsigned char *message, size_t length) {
  size_t at = 12;
  while (at < length && message[at] != 0) at += message[at] + 1;
  at += 5;
  if (at > length || at + sizeof record > BYTES) return 0;
  int is_address = message[at - 4] == 0 && message[at - 3] == 1;
  message[2] = 0x84 | (message[2] & 1);
  message[3] = 0x80;
  memset(message + 6, 0, 6);
  message[7] = is_address;
  if (!is_address) return at;
  memcpy(message + at, record, sizeof record);
  return at + sizeof record;
}

int main(int count, char **words) {
  if (count != 2) return 2;
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1])), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int room = 4 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) < 0) {
    perror("bind");
    return 1;
  }
  puts("ready");
  fflush(stdout);
  for (;;) {
    for (int index = 0; index < BATCH; index++) {
      vectors[index] = (struct iovec){bytes[index], BYTES};
      headers[index].msg_hdr = (struct msghdr){
          .msg_name = &peers[index], .msg_namelen = sizeof peers[index], .msg_iov = &vectors[index], .msg_iovlen = 1};
    }
    int got = recvmmsg(fd, headers, BATCH, MSG_WAITFORONE, NULL);
    for (int index = 0; index < got; index++) vectors[index].iov_len = answer(bytes[index], headers[index].msg_len);
    for (int sent = 0; sent < got;) {
      int more = sendmmsg(fd, headers + sent, got - sent, 0);
      sent += more > 0 ? more : 1;
    }
  }
}
