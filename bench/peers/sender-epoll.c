// The load that every server gets, from a process cheap enough not to be what is measured.
//
//   sender-epoll PORT SERVER_PID      then, a line each on standard input; each is answered by one line of JSON:
//   connect COUNT PER_SECOND          PER_SECOND 0 = as fast as this process can call connect()
//   send PER_SECOND SECONDS SIZE TICK_US
//                                     PER_SECOND is for each connection; evenly spread: every TICK_US microseconds the
//                                     connections whose turn it is, round robin, send one message of SIZE bytes
//   close                             all of them with RST, so that no port waits in TIME_WAIT
//
// "established" is when the kernel said so; "accepted" is when the server's process holds the descriptors: the size of
// /proc/PID/fd, which Linux >= 6.2 answers without listing the folder (0 before that, and then accepted is null).
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 1000000
#define MAX_MESSAGE 65536
static int descriptors[MAX_CONNECTIONS];
static double startedMs[MAX_CONNECTIONS], tookMs[MAX_CONNECTIONS];
static int opened, established, failed;
static struct sockaddr_in target = {.sin_family = AF_INET};
static char descriptorFolder[64];

static double nowMs(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static void sleepUntilMs(double atMs) {
  struct timespec at = {.tv_sec = (long)(atMs / 1e3)};
  at.tv_nsec = (long)((atMs - at.tv_sec * 1e3) * 1e6);
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static double cpuMs(void) {
  struct timespec spent;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return spent.tv_sec * 1e3 + spent.tv_nsec / 1e6;
}

static long serverDescriptors(void) {
  struct stat folder;
  return stat(descriptorFolder, &folder) < 0 ? 0 : folder.st_size;
}

static void open1(int poll) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1, id = opened;
  if (fd < 0) {
    perror("socket");
    exit(1);
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  descriptors[opened++] = fd;
  startedMs[id] = nowMs();
  if (connect(fd, (struct sockaddr *)&target, sizeof target) < 0 && errno != EINPROGRESS) {
    failed++;
    return;
  }
  struct epoll_event event = {.events = EPOLLOUT | EPOLLONESHOT, .data.u32 = id};
  epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
}

static void reapEstablished(int poll, int waitMs) {
  static struct epoll_event events[1024];
  int ready = epoll_wait(poll, events, 1024, waitMs);
  double atMs = nowMs();
  for (int i = 0; i < ready; i++) {
    int id = events[i].data.u32, error = 0;
    socklen_t length = sizeof error;
    getsockopt(descriptors[id], SOL_SOCKET, SO_ERROR, &error, &length);
    if (error) {
      failed++;
      continue;
    }
    tookMs[established++] = atMs - startedMs[id];
  }
}

static int ascending(const void *a, const void *b) {
  double difference = *(double *)a - *(double *)b;
  return (difference > 0) - (difference < 0);
}

// Real clients do not send in the order in which they connected. The same shuffle every time (Fisher and Yates).
static void shuffle(void) {
  srand(1);
  for (int i = opened - 1; i > 0; i--) {
    int j = rand() % (i + 1), fd = descriptors[i];
    descriptors[i] = descriptors[j];
    descriptors[j] = fd;
  }
}

static void connectAll(int count, double perSecond) {
  int poll = epoll_create1(0);
  long before = serverDescriptors();
  double beginMs = nowMs(), establishedMs = -1, acceptedMs = -1, giveUpMs = beginMs + 30e3 + (perSecond ? count / perSecond * 1e3 : 0);
  opened = established = failed = 0;
  while (nowMs() < giveUpMs) {
    double dueCount = perSecond ? (nowMs() - beginMs) * perSecond / 1e3 + 1 : opened + 64;
    int sent = opened;
    while (opened < count && opened < dueCount) open1(poll);
    reapEstablished(poll, opened == count || opened == sent ? 1 : 0);
    if (established + failed == count && establishedMs < 0) establishedMs = nowMs() - beginMs;
    if (establishedMs < 0) continue;
    if (before > 0 && serverDescriptors() < before + established) continue;
    if (before > 0) acceptedMs = nowMs() - beginMs;
    break;
  }
  close(poll);
  shuffle();
  qsort(tookMs, established, sizeof *tookMs, ascending);
  printf("{\"event\":\"connected\",\"established\":%d,\"failed\":%d,\"establishedMs\":%.2f,\"acceptedMs\":", established,
         count - established, establishedMs);
  acceptedMs < 0 ? printf("null") : printf("%.2f", acceptedMs);
  printf(",\"connectP50Ms\":%.2f,\"connectMaxMs\":%.2f}\n", established ? tookMs[established / 2] : 0,
         established ? tookMs[established - 1] : 0);
}

static void sendEvenly(double perSecond, double seconds, int size, double tickUs) {
  static char message[MAX_MESSAGE];
  memset(message, 'x', sizeof message);
  double stepMs = tickUs / 1e3, totalPerMs = perSecond * opened / 1e3, beginMs = nowMs(), endMs = beginMs + seconds * 1e3, cpuBeforeMs = cpuMs(), worstLateMs = 0;
  long sent = 0, refused = 0;
  int next = 0;
  for (double tickMs = beginMs; tickMs < endMs; tickMs += stepMs) {
    sleepUntilMs(tickMs);
    double lateMs = nowMs() - tickMs;
    if (lateMs > worstLateMs) worstLateMs = lateMs;
    for (long due = (long)((tickMs - beginMs + stepMs) * totalPerMs) - sent - refused; due > 0; due--) {
      if (send(descriptors[next], message, size, MSG_NOSIGNAL | MSG_DONTWAIT) == size) sent++;
      else refused++;
      if (++next == opened) next = 0;
    }
  }
  printf("{\"event\":\"sent\",\"messages\":%ld,\"refused\":%ld,\"tookMs\":%.1f,\"worstLateMs\":%.1f,\"cpuMs\":%.1f}\n", sent, refused,
         nowMs() - beginMs, worstLateMs, cpuMs() - cpuBeforeMs);
}

static void closeAll(void) {
  struct linger reset = {.l_onoff = 1, .l_linger = 0};
  for (int i = 0; i < opened; i++) {
    setsockopt(descriptors[i], SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(descriptors[i]);
  }
  printf("{\"event\":\"closed\",\"connections\":%d}\n", opened);
  opened = 0;
}

int main(int count, char **words) {
  if (count != 3) return fprintf(stderr, "usage: sender-epoll PORT SERVER_PID\n"), 2;
  target.sin_port = htons(atoi(words[1]));
  target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  snprintf(descriptorFolder, sizeof descriptorFolder, "/proc/%s/fd", words[2]);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  char line[256];
  while (fgets(line, sizeof line, stdin)) {
    int connections, size;
    double perSecond, seconds, tickUs;
    if (sscanf(line, "connect %d %lf", &connections, &perSecond) == 2 && connections <= MAX_CONNECTIONS) connectAll(connections, perSecond);
    else if (sscanf(line, "send %lf %lf %d %lf", &perSecond, &seconds, &size, &tickUs) == 4 && size <= MAX_MESSAGE) sendEvenly(perSecond, seconds, size, tickUs);
    else if (strncmp(line, "close", 5) == 0) closeAll();
    else return fprintf(stderr, "unknown command: %s", line), 2;
    fflush(stdout);
  }
  return 0;
}
