/** What the settings of `tcp:` do, and why their defaults are what they are: for `tenk schema` and docs/defaults.md. */
import { ACCEPT_ABOUT, BUFFER_ABOUT } from "../../listener/mod.ts";

export const LISTENER_ABOUT = {
  listen:
    "Where it listens: a port (on all interfaces), host:port, unix:/path or unix:@name; the only required setting",
  handler:
    "What is done with bytes: sink discards them, echo sends them back, relay carries them on, ./chat.ts is a file of yours. The sink can do no harm",
  options: ["none", "Any value, passed to a handler's file"],
  relay: ["none", "Where a relay carries connections to"],
  workers: "Event loops that share the port: one carries 10 000 connections; auto is one for each core",
  tls: ["off", "Serve TLS: auto, or certificates of your own"],
  ...ACCEPT_ABOUT,
  halfOpen: ["false, true for a relay", "Keep the write side open after the peer's FIN; most handlers are done then"],
  ...BUFFER_ABOUT,
  subscribers: "What waits for connections that subscribe to topics",
  limits: "What a connection may take",
  dump: "Print all traffic to standard error, as text or hex; off, since it costs much and shows secrets",
  dumpFilter: ["all", "Dump these clients only"],
} as const;

export const SUBSCRIBERS_ABOUT = {
  maxQueued: "Published bytes that may wait for one connection, beside its write queue",
  whenFull: "At that limit drop the oldest message, the newest, or close; the oldest is worth least",
  maxTopics: "Topics that one connection may subscribe to: a client must not fill the memory",
  maxRelayed: "Published bytes on their way to a worker whose event loop is blocked; more are dropped and counted",
} as const;

export const RELAY_ABOUT = {
  targets: "Where connections go: addresses, or { address, weight, draining }",
  balance: "Which target a connection gets; round-robin needs to know nothing of targets",
  connectTimeout: "For the connect to each target: in a house it takes a millisecond, three seconds allow one lost SYN",
  attempts: "Targets tried for one client",
  health: "When a target is left alone for a while",
  proxyHeader: "Send targets the client's address in a PROXY header, v1 or v2; none, as a target must expect it",
  tls: ["off", "TLS to targets"],
  maxPairs: "Pairs on one event loop; 0 is no limit",
  stall: "End a pair when bytes wait and the target takes none for so long",
  finish: "End a half-closed pair when no byte moved for so long",
} as const;

export const RELAY_HEALTH_ABOUT = {
  failures: "Failed connects in a row that take a target out, 0 never: one may be chance, three rarely are",
  within: "Count failures within so long, in a row or not; 0 counts those in a row",
  backOff: "For how long a target is out, doubled each time",
  maxBackOff: "The most it is out, so that one that is back is found soon",
  check: "Connect to each target this often to check it; 0 never: real connects tell as much",
  checkTimeout: "A check that takes longer has failed",
} as const;

export const RELAY_TLS_ABOUT = {
  serverName: ["the target's host", "The name that the target's certificate must have"],
  verify: "false accepts any certificate, also an attacker's",
  ca: ["the system's", "Who signs the target's certificate: a file or PEM text"],
  cert: ["none", "Our certificate, for targets that ask for one"],
  key: ["none", "Its private key"],
  alpn: ["none", "Application protocols to offer, preferred first"],
  minVersion: "The lowest version of TLS",
} as const;

export const TARGET_ABOUT = {
  address: "host:port or unix:/path",
  weight: "Its share beside other targets, for balance: weighted",
  draining: "It keeps its connections and gets no new ones",
} as const;
