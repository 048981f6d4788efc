// An HTTP server that stalls, and knows the truth: stall-server PORT PAUSE_MS STALL_EVERY_MS SLOW_EVERY LOG
//
// Answers each request with 100 bytes. From its first request on, once in STALL_EVERY_MS (the first time after half of that),
// it does nothing for PAUSE_MS, as a program does that collects garbage or waits for its disk. One in SLOW_EVERY answers is
// PAUSE_MS late by itself, while all others go on. 0 switches either off. At SIGTERM it writes LOG, two doubles for each
// request: when the kernel had it, and when it was answered, in us since the first; then it prints a line of JSON and ends.
//
// The kernel stamps each request as it arrives (SO_TIMESTAMPNS): those that come in a stall wait unread, and no clock of this
// program would know since when.
#include "shared.h"
#include <signal.h>

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\n"
enum { STALLS = 1024, SLOW = 65536 };

static double *times, firstUs, stallFromUs[STALLS], stallToUs[STALLS];
static long count, room, stalls, asked, slowFirst, slowNext;
// Answers that wait for their moment, in its order: all take as long.
static struct { int fd; double arrivedUs; } slow[SLOW];
static char answer[sizeof HEAD - 1 + 100];
static volatile sig_atomic_t over;

static void end(int signal) { (void)signal, over = 1; }

static double realUs(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static double arrivedUs(struct msghdr *message) {
  for (struct cmsghdr *each = CMSG_FIRSTHDR(message); each; each = CMSG_NXTHDR(message, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_TIMESTAMPNS) continue;
    struct timespec at;
    memcpy(&at, CMSG_DATA(each), sizeof at);
    return at.tv_sec * 1e6 + at.tv_nsec / 1e3;
  }
  return realUs();
}

static void note(double arrived, double answered) {
  if (count == room) {
    room = room ? room * 2 : 1 << 20;
    times = realloc(times, room * 2 * sizeof *times);
    if (!times) die("realloc");
  }
  times[2 * count] = arrived - firstUs;
  times[2 * count + 1] = answered - firstUs;
  count++;
}

static int reply(int fd, double arrived) {
  if (write(fd, answer, sizeof answer) != sizeof answer) return 0;
  note(arrived, realUs());
  return 1;
}

static void replySlow(double pauseUs) {
  for (; slowFirst < slowNext && realUs() >= slow[slowFirst % SLOW].arrivedUs + pauseUs; slowFirst++)
    reply(slow[slowFirst % SLOW].fd, slow[slowFirst % SLOW].arrivedUs);
}

// One read, one answer: no client of this benchmark pipelines. False when the client has gone.
static int serve(int fd, long slowEvery) {
  char bytes[16384], control[256];
  struct iovec part = {.iov_base = bytes, .iov_len = sizeof bytes};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  ssize_t got = recvmsg(fd, &message, 0);
  if (got <= 0) return got < 0 && errno == EAGAIN;
  if (got < 4 || memcmp(bytes + got - 4, "\r\n\r\n", 4)) return fprintf(stderr, "not one whole request\n"), 0;
  double arrived = arrivedUs(&message);
  if (firstUs == 0) firstUs = arrived;
  if (slowEvery == 0 || ++asked % slowEvery || slowNext - slowFirst == SLOW) return reply(fd, arrived);
  slow[slowNext % SLOW].fd = fd;
  slow[slowNext++ % SLOW].arrivedUs = arrived;
  return 1;
}

// Between two waits for events: as a pause of the whole program would be.
static void stallWhenDue(double stallUs, double everyUs) {
  double now = realUs() - firstUs;
  if (firstUs == 0 || everyUs == 0 || stalls == STALLS || now < everyUs / 2 + stalls * everyUs) return;
  stallFromUs[stalls] = now;
  struct timespec pause = {.tv_sec = stallUs / 1e6, .tv_nsec = (long)(stallUs * 1e3) % 1000000000};
  while (nanosleep(&pause, &pause) < 0 && errno == EINTR && !over);
  stallToUs[stalls++] = realUs() - firstUs;
}

static void report(const char *path) {
  FILE *log = fopen(path, "w");
  if (!log || fwrite(times, 2 * sizeof *times, count, log) != (size_t)count || fclose(log)) die(path);
  printf("{\"requests\":%ld,\"stallsUs\":[", count);
  for (long each = 0; each < stalls; each++) printf("%s[%.1f,%.1f]", each ? "," : "", stallFromUs[each], stallToUs[each]);
  printf("]}\n");
}

int main(int words, char **word) {
  if (words != 6) return fprintf(stderr, "usage: stall-server PORT PAUSE_MS STALL_EVERY_MS SLOW_EVERY LOG\n"), 2;
  int poll = epoll_create1(0), listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  double pauseUs = atof(word[2]) * 1e3, everyUs = atof(word[3]) * 1e3;
  long slowEvery = atol(word[4]);
  struct sockaddr_in address = loopback(atoi(word[1]));
  struct sigaction ending = {.sa_handler = end};
  sigaction(SIGTERM, &ending, NULL);
  signal(SIGPIPE, SIG_IGN);
  memset(answer, 'x', sizeof answer);
  memcpy(answer, HEAD, sizeof HEAD - 1);
  takeAllDescriptors();
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 4096) < 0) die("listen");
  watch(poll, listener, EPOLLIN, listener);
  while (!over) {
    struct epoll_event events[64];
    stallWhenDue(pauseUs, everyUs);
    replySlow(pauseUs);
    // What is due next is no later than a millisecond.
    int ready = epoll_wait(poll, events, 64, 1);
    for (int each = 0; each < ready; each++) {
      int fd = events[each].data.u32;
      if (fd != listener) {
        if (!serve(fd, slowEvery)) close(fd);
        continue;
      }
      while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
        watch(poll, fd, EPOLLIN, fd);
      }
    }
  }
  report(word[5]);
  return 0;
}
