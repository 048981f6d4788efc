// What `bench http` asks of a proxy beside wrk and h2load. http-client PLAIN_PORT TLS_PORT
//
//   rate PER_SECOND SECONDS CONNECTIONS SCHEME PATH
//                             request i is planned for i / PER_SECOND and goes out on a connection that is free; latency is
//                             from the planned moment to the last byte of its answer, so waiting for one counts
//   idle COUNT SCHEME         opens so many, with one request each, and keeps them; `close` ends them
//   events SECONDS SCHEME     reads /events, whose events say when they were sent
//   down MIB SCHEME           reads at most 256 KiB each ms of a download
//   up MIB SCHEME             sends as fast as it goes to a target that reads so slowly
//
// SCHEME is http or https: TLS 1.3, HTTP/1.1.
#include "shared.h"
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/prctl.h>

#define MAX_CONNECTIONS 20000
#define BATCH 64
#define BLOCK (256 * 1024)
#define PATIENCE_US 10e6
struct Link {
  int fd;
  SSL *tls;
  char head[8192];
  int headBytes;
  // Of the answer that is being read: -1 = its head is incomplete.
  long bodyLeft;
  double plannedUs;
};
static struct Link *links[MAX_CONNECTIONS];
static int plainPort, tlsPort, opened;
static SSL_CTX *context;
static char block[BLOCK];

static struct Link *open1(int isTls) {
  struct Link *link = calloc(1, sizeof *link);
  link->fd = dial(isTls ? tlsPort : plainPort, 0);
  link->bodyLeft = -1;
  if (isTls) {
    link->tls = SSL_new(context);
    SSL_set_fd(link->tls, link->fd);
    SSL_set_tlsext_host_name(link->tls, "localhost");
    if (SSL_connect(link->tls) != 1) {
      ERR_print_errors_fp(stderr);
      die("handshake");
    }
  }
  return link;
}

static void shut(struct Link *link) {
  if (link->tls) SSL_free(link->tls);
  closeHard(link->fd);
  free(link);
}

static void setBlocking(struct Link *link, int isBlocking) {
  int flags = fcntl(link->fd, F_GETFL);
  fcntl(link->fd, F_SETFL, isBlocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

static void sendAll(struct Link *link, const char *bytes, long length) {
  while (length > 0) {
    int sent = link->tls ? SSL_write(link->tls, bytes, length) : send(link->fd, bytes, length, MSG_NOSIGNAL);
    if (sent <= 0) die("send");
    bytes += sent;
    length -= sent;
  }
}

// 0 = nothing is there yet.
static long receive(struct Link *link, char *into, long room) {
  if (!link->tls) {
    ssize_t got = recv(link->fd, into, room, 0);
    if (got == 0) die("the server closed");
    if (got < 0 && errno != EAGAIN) die("recv");
    return got < 0 ? 0 : got;
  }
  int got = SSL_read(link->tls, into, room);
  if (got > 0) return got;
  if (SSL_get_error(link->tls, got) != SSL_ERROR_WANT_READ) die("the server closed");
  return 0;
}

static void ask(struct Link *link, const char *method, const char *path, long contentBytes) {
  char head[512];
  long length = sprintf(head, "%s %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\n", method, path);
  if (contentBytes > 0) length += sprintf(head + length, "Content-Length: %ld\r\n", contentBytes);
  length += sprintf(head + length, "\r\n");
  link->bodyLeft = -1;
  link->headBytes = 0;
  sendAll(link, head, length);
}

// Reads the head of an answer into `link->head`; true when it is complete, with the length of its content in `bodyLeft`.
static int readHead(struct Link *link) {
  long got = receive(link, link->head + link->headBytes, sizeof link->head - 1 - link->headBytes);
  if (got == 0) return 0;
  link->headBytes += got;
  link->head[link->headBytes] = 0;
  char *end = strstr(link->head, "\r\n\r\n");
  if (!end) return 0;
  if (strncmp(link->head, "HTTP/1.1 200", 12)) {
    fprintf(stderr, "%.*s\n", (int)strcspn(link->head, "\r"), link->head);
    exit(1);
  }
  char *length = strcasestr(link->head, "\r\ncontent-length:");
  link->bodyLeft = (length && length < end ? atol(length + 17) : 0) - (link->headBytes - (end + 4 - link->head));
  return 1;
}

// True when the answer is complete.
static int step(struct Link *link) {
  if (link->bodyLeft < 0 && !readHead(link)) return 0;
  while (link->bodyLeft > 0) {
    long got = receive(link, block, sizeof block);
    if (got == 0) return 0;
    link->bodyLeft -= got;
  }
  return 1;
}

static void printLatencies(double *us, long count) {
  qsort(us, count, sizeof *us, ascending);
  printf("{\"count\":%ld,\"p50Us\":%.1f,\"p99Us\":%.1f,\"p999Us\":%.1f", count, percentile(us, count, 0.5),
         percentile(us, count, 0.99), percentile(us, count, 0.999));
}

// Sleeps until something is due: the target has the same processor.
static void rate(double perSecond, double seconds, int connections, int isTls, const char *path) {
  struct Link *all[1024];
  int idle[1024], idleCount = 0, poll = epoll_create1(0);
  long planned = (long)(perSecond * seconds), sent = 0, answered = 0;
  double *latencies = malloc(planned * sizeof *latencies), stepUs = 1e6 / perSecond;
  for (int i = 0; i < connections; i++) {
    all[i] = open1(isTls);
    setBlocking(all[i], 0);
    watch(poll, all[i]->fd, EPOLLIN, i);
    idle[idleCount++] = i;
  }
  struct epoll_event events[BATCH];
  double beginUs = nowUs() + 1000, giveUpUs = beginUs + seconds * 1e6 + PATIENCE_US;
  while (answered < planned && nowUs() < giveUpUs) {
    for (; sent < planned && idleCount > 0 && nowUs() >= beginUs + sent * stepUs; sent++) {
      struct Link *link = all[idle[--idleCount]];
      link->plannedUs = beginUs + sent * stepUs;
      ask(link, "GET", path, 0);
    }
    double dueUs = sent < planned && idleCount > 0 ? beginUs + sent * stepUs - nowUs() : 1e5;
    struct timespec wait = {.tv_sec = 0, .tv_nsec = dueUs > 0 ? dueUs * 1e3 : 0};
    int ready = epoll_pwait2(poll, events, BATCH, &wait, NULL);
    for (int i = 0; i < ready; i++) {
      int id = events[i].data.u32;
      // Session tickets come while nothing is asked.
      if (!step(all[id]) || all[id]->plannedUs == 0) continue;
      latencies[answered++] = nowUs() - all[id]->plannedUs;
      all[id]->plannedUs = 0;
      idle[idleCount++] = id;
    }
  }
  if (answered < planned) {
    fprintf(stderr, "%ld answers are missing %.0f s after the last was due\n", planned - answered, PATIENCE_US / 1e6);
    exit(1);
  }
  printLatencies(latencies, answered);
  printf("}\n");
  for (int i = 0; i < connections; i++) shut(all[i]);
  close(poll);
  free(latencies);
}

static void openIdle(int count, int isTls) {
  for (opened = 0; opened < count; opened++) {
    links[opened] = open1(isTls);
    ask(links[opened], "GET", "/small", 0);
    while (!step(links[opened]));
  }
  printf("{\"connected\":%d}\n", opened);
}

static void closeIdle(void) {
  while (opened > 0) shut(links[--opened]);
  printf("{}\n");
}

static void readEvents(double seconds, int isTls) {
  static double latencies[100000];
  struct Link *link = open1(isTls);
  long count = 0;
  ask(link, "GET", "/events", 0);
  while (!readHead(link));
  for (double endUs = nowUs() + seconds * 1e6; nowUs() < endUs && count < 100000;) {
    long got = receive(link, block, sizeof block - 1);
    double atUs = nowUs();
    block[got] = 0;
    for (char *at = block; (at = strstr(at, "data: ")) && count < 100000; at += 6) latencies[count++] = atUs - atof(at + 6);
  }
  shut(link);
  printLatencies(latencies, count);
  printf("}\n");
}

static void download(long mib, int isTls) {
  struct Link *link = open1(isTls);
  char path[64];
  double beginUs = nowUs();
  sprintf(path, "/download/%ld", mib);
  ask(link, "GET", path, 0);
  while (!readHead(link));
  while (link->bodyLeft > 0) {
    double untilUs = nowUs() + 1000;
    for (long room = BLOCK; room > 0 && link->bodyLeft > 0;) {
      long got = receive(link, block, room);
      link->bodyLeft -= got;
      room -= got;
    }
    double leftUs = untilUs - nowUs();
    if (leftUs > 0) usleep(leftUs);
  }
  shut(link);
  printf("{\"bytes\":%ld,\"tookMs\":%.1f}\n", mib << 20, (nowUs() - beginUs) / 1e3);
}

static void upload(long mib, int isTls) {
  struct Link *link = open1(isTls);
  double beginUs = nowUs();
  ask(link, "POST", "/upload", mib << 20);
  for (long left = mib << 20; left > 0; left -= BLOCK) sendAll(link, block, BLOCK);
  while (!step(link));
  shut(link);
  printf("{\"bytes\":%ld,\"tookMs\":%.1f}\n", mib << 20, (nowUs() - beginUs) / 1e3);
}

int main(int count, char **words) {
  if (count != 3) return fprintf(stderr, "usage: http-client PLAIN_PORT TLS_PORT\n"), 2;
  plainPort = atoi(words[1]);
  tlsPort = atoi(words[2]);
  takeAllDescriptors();
  // A sleep ends within 1 us of its time instead of 50.
  prctl(PR_SET_TIMERSLACK, 1000);
  context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  char line[512], scheme[8], path[128];
  while (fgets(line, sizeof line, stdin)) {
    int connections;
    long mib;
    double perSecond, seconds;
    if (sscanf(line, "rate %lf %lf %d %7s %127s", &perSecond, &seconds, &connections, scheme, path) == 5 && connections <= 1024)
      rate(perSecond, seconds, connections, scheme[4] == 's', path);
    else if (sscanf(line, "idle %d %7s", &connections, scheme) == 2 && connections <= MAX_CONNECTIONS)
      openIdle(connections, scheme[4] == 's');
    else if (!strcmp(line, "close\n")) closeIdle();
    else if (sscanf(line, "events %lf %7s", &seconds, scheme) == 2) readEvents(seconds, scheme[4] == 's');
    else if (sscanf(line, "down %ld %7s", &mib, scheme) == 2) download(mib, scheme[4] == 's');
    else if (sscanf(line, "up %ld %7s", &mib, scheme) == 2) upload(mib, scheme[4] == 's');
    else return fprintf(stderr, "unknown command: %s", line), 2;
    fflush(stdout);
  }
  return 0;
}
