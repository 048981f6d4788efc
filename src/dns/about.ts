/** What the settings of `dns:` do, and why their defaults are what they are: for `tenk schema` and docs/defaults.md. */

export const DNS_ABOUT = {
  listen:
    "Where queries by UDP and TCP arrive: auto is 53, else 5354, on all interfaces; what was taken, and why, is logged",
  tls: "Where DNS over TLS arrives: auto is 853, else 8853, else a free port; phones ask for it",
  tlsOptions: "How its handshakes go",
  https: "DNS over HTTPS at /dns-query of the proxy, or off",
  workers: "Threads that answer UDP: one answers more than 100 000 queries a second",
  upstreams:
    "Who is asked what is not known here: two resolvers that keep no log, by TLS, so that the provider sees no names",
  zones: "Upstreams of their own for zones: { lan: 192.168.1.1 }; a dot stands for names without one",
  bootstrap: "Name servers by address, which find upstreams that are named; the system's resolver is often tenk itself",
  upstreamMode:
    "parallel-best asks the two fastest at once, which hides a lost packet; strict in their order, random in any",
  upstreamTimeout: "How long an upstream may take before the next is asked: clients give up after five seconds",
  upstreamCa: ["the system's", "Who signs the certificates of upstreams: a file or PEM text"],
  blocklists:
    "Lists of names to block: a known name, a URL or ./file. StevenBlack's blocks ads and malware, and breaks nothing",
  allowlists: "Lists of names that are never blocked",
  rules: "Rules of your own, as ad blockers have them: ||ads.example^ blocks, @@||good.example^ allows",
  refresh: "How often lists are fetched: most change once a day",
  blocking: "What happens to blocked names",
  allow:
    "Networks whose clients are answered, beside this machine's own and private ones: an open resolver is abused within hours",
  rate: "Queries of one client",
  hosts: "Addresses of names: { nas: 192.168.1.5 }",
  records: "Other records: files CNAME nas.home.arpa",
  localTtl: "How long clients keep local names: a changed address is known within a minute",
  clients: "What holds for some clients alone",
  cache: "Answers that are kept",
  privateNames:
    "Domains for which an upstream may answer private addresses; from all others they are left out, as a page could reach your router (DNS rebinding)",
  mdns: "Publish names below local by multicast DNS on all interfaces, on some, or not: box.local works without any setting",
  bypassSignals: "Tell Firefox and Private Relay not to go around this name server",
  log: "The query log",
  leases: "Files of a DHCP server that name clients: auto is where those usually are",
  follow: ["none", "Another name server whose lists, rules and local names are taken over"],
  limits: "What queries may take",
} as const;

export const DNS_BLOCKING_ABOUT = {
  enabled: "false blocks nothing",
  mode: "How blocked names are answered: null-address (0.0.0.0 and ::) makes apps give up at once",
  addresses: "For the mode custom: an address, or one of each family",
  ttl: "How long clients keep that answer: a name that is allowed works ten seconds later",
  maxMemory: "Most memory for names, some 18 million",
  maxListSize: "A longer list is not taken: it was no list",
} as const;

export const DNS_RATE_ABOUT = {
  queries:
    "Queries that a client may send at once, and again in each window; 0 is no limit. A busy phone sends 200 a minute",
  window: "That time",
  exempt: "Networks without this limit: this machine itself",
  clients: "Clients whose rate is known at a time: bounded, so that forged addresses cost no memory",
  refusals:
    "Datagrams of strangers that are answered REFUSED each second; further ones are dropped, so that nobody is flooded",
} as const;

export const DNS_CLIENT_ABOUT = {
  match: "Which clients: addresses, networks, MAC addresses or names",
  lists: ["those of all", "Block lists instead of dns.blocklists"],
  blocking: "false blocks nothing for them",
  schedule: ["always", "When it holds: mon-fri 20:00-07:00"],
} as const;

export const DNS_CACHE_ABOUT = {
  size: "Memory for answers, some 80 000",
  minTtl: "Shorter TTLs are raised to this; 0 keeps what the owner of the name says",
  maxTtl: "Longer ones are lowered to this: an error is not kept for a week",
  maxNegativeTtl: "The same for names that do not exist",
  stale:
    "How long after its TTL an answer may still be given where no upstream answers: yesterday's address mostly works",
  staleAtOnce:
    "For so long it is given at once, while it is asked for again; later only after waiting 1.8 s for an upstream",
  persist: "Keep answers in the data folder across restarts",
} as const;

export const DNS_LOG_ABOUT = {
  enabled: "false keeps no queries, and no counts of clients and names",
  privacy: "What the log may contain: show-all, hide-names, hide-clients (neither), only-counts",
  keep: "How long queries are kept in the data folder: a week, enough to find what broke",
  maxSize: "Size of their file; the oldest hours are deleted beyond it",
  flush: "How often they are written to the disk: 10 MB a day at 5m, 20 MB at 1m",
  maxPerHour: "Further queries of an hour are not written to the disk: one client must not wear out the card",
  memory: "The last queries in memory, some 14 000; a change needs a restart",
} as const;

export const DNS_FOLLOW_ABOUT = {
  url: "The address of its dashboard",
  token: "The path of a file with its token",
  ca: ["the system's", "Who signs its certificate: a file or PEM text"],
  every: "How often it is asked",
} as const;

export const DNS_LIMITS_ABOUT = {
  questions: "Questions that upstreams are being asked at a time",
  waiting: "Clients that wait for them",
  attempts: "Queries to upstreams for one question",
  connections: "Open connections by TCP and TLS",
  perAddress: "Connections from one address",
  queries: "Queries after which a connection is closed",
  pending: "Unanswered queries of one connection",
  idle: "A connection on which no whole query comes for so long is closed",
  httpsPending: "Unanswered queries by HTTPS; more get 503",
  message: "Longest query by HTTPS: a real one has some hundred bytes",
} as const;
