import { isIP } from "node:net";
import { z } from "zod";
import { messageOf, parseBytes, parseCount, parseDuration, TenkError } from "../base/mod.ts";
import { fittingSize, memoryShare } from "../limits/mod.ts";
import { HANDSHAKE_ABOUT, handshakeFields } from "../listener/mod.ts";
import { hostAndPort, inRange, oneOf, onOff, pem, quantity, SWITCH, section, size, text } from "../part/mod.ts";
import { nameProblem, parseName } from "../wire/dns/mod.ts";
import {
  DNS_ABOUT,
  DNS_BLOCKING_ABOUT,
  DNS_CACHE_ABOUT,
  DNS_CLIENT_ABOUT,
  DNS_FOLLOW_ABOUT,
  DNS_LIMITS_ABOUT,
  DNS_LOG_ABOUT,
  DNS_RATE_ABOUT,
} from "./about.ts";
import { RuleCheck } from "./blocking/mod.ts";
import { matchKind, parseSchedule } from "./client-rules/mod.ts";
import { listUrl } from "./lists/mod.ts";
import { hostRecords, localName, parseNetwork, parseRecord } from "./local/mod.ts";
import { DEFAULT_BOOTSTRAP } from "./resolver/mod.ts";
import { isNamed, parseUpstream } from "./upstream/mod.ts";

/** A text that a function understands; its error is the field's. */
function checked(expected: string, check: (given: string) => unknown) {
  return text(expected).superRefine((given, context) => {
    try {
      check(given);
    } catch (error) {
      context.addIssue({ code: "custom", message: problemOf(error) });
    }
  });
}

function webAddress(given: string): void {
  if (/^https?:\/\/[^/?#\s]+(\/[^?#\s]*)?$/.test(given) && URL.canParse(given)) return;
  throw new TenkError("config", "expected a URL such as https://tenk.home.arpa");
}

function problemOf(error: unknown): string {
  const hint = error instanceof TenkError ? error.hint : undefined;
  return hint === undefined ? messageOf(error) : `${messageOf(error)} (${hint})`;
}

const listOf = <Item extends z.ZodType>(item: Item, expected: string) =>
  z.array(item, { error: `expected a list of ${expected}` });

/** Whole seconds: what a TTL is in a message. */
const seconds = (least: number, most: number) =>
  quantity(`a duration from ${least}s to ${most}s`, (given) =>
    inRange(Math.round(parseDuration(given) / 1000), least, most),
  ).meta({ unit: "s" });

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_SECONDS = 7 * 86_400;
const ttl = seconds(0, WEEK_SECONDS);
const number = (least: number, most: number) =>
  quantity(`a number from ${least} to ${most}`, (given) => inRange(parseCount(given), least, most));

const auto = z.literal("auto");
const off = z.literal(["off", false]).transform(() => "off" as const);
const address = hostAndPort("::");
const EXPECTED_LISTEN = "expected auto, a port, host:port, or a list of addresses with one port";

const listen = z
  .union([auto, address, z.array(address).min(1)], { error: EXPECTED_LISTEN })
  .refine((given) => !Array.isArray(given) || new Set(given.map(({ port }) => port)).size === 1, EXPECTED_LISTEN)
  .default("auto");

/** Any domain is right here: names that are longer below the real one are refused at the start. */
const SHORT = { domain: "home.arpa", ttlSeconds: 60 };

const blockList = checked("a known list, a URL, or ./file", (given) => given.startsWith("./") || listUrl(given));

let ruleCheck: RuleCheck | undefined;
/** Judged as the block lists do, which would only log that it is not used. */
const rule = checked("a rule such as ||ads.example^ or @@||good.example^", (given) => {
  ruleCheck ??= new RuleCheck();
  const problem = ruleCheck.problemOf(given);
  if (problem !== undefined)
    throw new TenkError("config", `expected a rule such as ||ads.example^ or @@||good.example^ (${problem})`);
});
const addresses = z
  .union([z.string().transform((one) => [one]), z.array(z.string()).min(1)], {
    error: "expected an address, or a list of addresses",
  })
  .superRefine((given, context) => {
    try {
      hostRecords("host", given, SHORT);
    } catch (error) {
      context.addIssue({ code: "custom", message: messageOf(error) });
    }
  });

const upstream = checked("an upstream such as tls://9.9.9.9", parseUpstream);

const EXPECTED_ZONE = "expected an upstream such as 192.168.1.1, or a list of them";
const zoneUpstreams = z
  .union([z.string().transform((one) => [one]), z.array(z.string()).min(1, EXPECTED_ZONE)], { error: EXPECTED_ZONE })
  .superRefine((given, context) => {
    try {
      for (const one of given) parseUpstream(one);
    } catch (error) {
      context.addIssue({ code: "custom", message: messageOf(error) });
    }
  });

const range = checked("a range such as 192.168.0.0/16", parseNetwork);

/** Returns a zone in wire form and lower case. @throws {TenkError} `invalid-option` */
export function zoneName(text: string): Uint8Array {
  const name = parseName(text.toLowerCase());
  if (name === undefined) throw new TenkError("invalid-option", `Cannot use the zone ${text}: ${nameProblem(text)}`);
  return name;
}

/** Refuses an upstream that is named: it finds those that are. */
function parseAddressed(given: string): void {
  if (isNamed(parseUpstream(given)))
    throw new TenkError("invalid-option", `Cannot use ${given} for bootstrap: it must be an address`);
}

export const DEFAULT_UPSTREAMS = [
  "tls://9.9.9.9#dns.quad9.net",
  "tls://149.112.112.112#dns.quad9.net",
  "tls://1.1.1.1#cloudflare-dns.com",
];

const hours = checked("hours such as mon-fri 20:00-07:00", parseSchedule);
const client = section(
  {
    match: listOf(
      checked("an address, a network, a MAC address or a name", matchKind),
      "addresses, networks, MAC addresses and names",
    ).min(1, "expected one or more"),
    /** Instead of `blocklists`. */
    lists: listOf(blockList, "lists such as stevenblack").optional(),
    blocking: onOff.default(true),
    /** When it holds; otherwise the client is like all others. */
    schedule: listOf(hours, "hours such as mon-fri 20:00-07:00").min(1, "expected one or more").optional(),
  },
  DNS_CLIENT_ABOUT,
);

const dns = section(
  {
    listen,
    /** DNS over TLS. */
    tls: z.union([auto, off, address], { error: "expected auto, off, a port or host:port" }).default("auto"),
    tlsOptions: section(handshakeFields, HANDSHAKE_ABOUT).prefault({}),
    /** DNS over HTTPS, at `/dns-query` of the proxy. */
    https: z.union([auto, off], { error: "expected auto or off" }).default("auto"),
    workers: number(1, 32).default(1),
    upstreams: listOf(upstream, "upstreams such as tls://9.9.9.9")
      .min(1, "expected one upstream or more")
      .default(DEFAULT_UPSTREAMS),
    zones: z
      .record(
        checked("a zone such as lan, 168.192.in-addr.arpa, or . for names without a dot", zoneName),
        zoneUpstreams,
      )
      .default({}),
    bootstrap: listOf(checked("an address such as 9.9.9.9", parseAddressed), "name servers by address, such as 9.9.9.9")
      .min(1, "expected one name server or more")
      .default([...DEFAULT_BOOTSTRAP]),
    upstreamMode: oneOf("parallel-best", "strict", "random").default("parallel-best"),
    upstreamTimeout: quantity("a duration from 100ms to 30s", (given) => inRange(parseDuration(given), 100, 30_000))
      .meta({ unit: "ms" })
      .default(2000),
    upstreamCa: pem.optional(),
    blocklists: listOf(blockList, "lists such as stevenblack or https://example.org/ads.txt").default(["stevenblack"]),
    allowlists: listOf(blockList, "lists such as https://example.org/allowed.txt").default([]),
    rules: listOf(rule, "rules such as ||ads.example^").default([]),
    refresh: quantity("a duration from 10m to 30d", (given) => inRange(parseDuration(given), 600_000, 30 * 86_400_000))
      .meta({ unit: "ms" })
      .default(86_400_000),
    blocking: section(
      {
        enabled: onOff.default(true),
        mode: oneOf("null-address", "custom", "nxdomain", "no-data", "refused").default("null-address"),
        /** For the mode `custom`: one of each family at most. */
        addresses: listOf(
          text("an address").refine((given) => isIP(given) !== 0, "expected an address"),
          "addresses",
        ).default([]),
        ttl: ttl.default(10),
        maxMemory: size.default(() => memoryShare(256 * 1024 * 1024)),
        maxListSize: size.default(64 * 1024 * 1024),
      },
      DNS_BLOCKING_ABOUT,
    )
      .refine(
        ({ mode, addresses }) => (mode === "custom") === addresses.length > 0,
        "mode: custom needs addresses, and they need mode: custom",
      )
      .prefault({}),
    /** Networks whose clients are answered, beside those that this machine is on and private ones. */
    allow: listOf(range, "ranges such as 100.64.0.0/10").default([]),
    /** Queries of one client. */
    rate: section(
      {
        queries: number(0, 1_000_000_000).default(1000),
        window: quantity("a duration from 1s to 1h", (given) => inRange(parseDuration(given), 1000, HOUR_MS))
          .meta({ unit: "ms" })
          .default(60_000),
        exempt: listOf(range, "ranges such as 127.0.0.0/8").default(["127.0.0.0/8", "::1"]),
        clients: number(64, 1_000_000).default(4096),
        refusals: number(0, 100_000).default(20),
      },
      DNS_RATE_ABOUT,
    ).prefault({}),
    hosts: z
      .record(
        checked("a name such as nas", (given) => localName(given, SHORT.domain)),
        addresses,
      )
      .default({}),
    records: listOf(
      checked("a record such as files CNAME nas.home.arpa", (given) => parseRecord(given, SHORT)),
      "records such as files CNAME nas.home.arpa",
    ).default([]),
    localTtl: ttl.default(60),
    /** What holds for some clients alone: the first that matches. */
    clients: z
      .record(
        z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, "expected a name of letters, digits and hyphens"),
        client,
      )
      .default({}),
    cache: section(
      {
        size: quantity("a size from 64KiB to 1GiB", (given) => inRange(parseBytes(given), 1 << 16, 1 << 30))
          .meta({ unit: "bytes" })
          .default(() => fittingSize(8 * 1024 * 1024)),
        minTtl: ttl.default(0),
        maxTtl: ttl.default(86_400),
        maxNegativeTtl: ttl.default(3600),
        stale: ttl.default(86_400),
        staleAtOnce: ttl.default(3600),
        persist: onOff.default(true),
      },
      DNS_CACHE_ABOUT,
    ).prefault({}),
    /** Domains whose names may have private addresses, although a public resolver says so. */
    privateNames: listOf(
      checked("a domain such as example.org", (given) => localName(given, "")),
      "domains",
    ).default([]),
    /** On all interfaces, or on those that are named. */
    mdns: z
      .union([onOff, z.array(z.string().min(1)).min(1)], { error: "expected true, false, or a list of interfaces" })
      .default(true),
    /** Tells Firefox and Private Relay not to bypass this resolver. */
    bypassSignals: onOff.default(true),
    /** The query log. */
    log: section(
      {
        enabled: onOff.default(true),
        privacy: oneOf("show-all", "hide-names", "hide-clients", "only-counts").default("show-all"),
        keep: quantity("a duration from 1h to 1000d", (given) => inRange(parseDuration(given), HOUR_MS, 1000 * DAY_MS))
          .meta({ unit: "ms" })
          .default(7 * DAY_MS),
        maxSize: quantity("a size from 1MiB to 10GiB", (given) => inRange(parseBytes(given), 1 << 20, 10 * 2 ** 30))
          .meta({ unit: "bytes" })
          .default(64 * 1024 * 1024),
        flush: quantity("a duration from 1s to 1h", (given) => inRange(parseDuration(given), 1000, HOUR_MS))
          .meta({ unit: "ms" })
          .default(300_000),
        maxPerHour: number(0, 100_000_000).default(50_000),
        memory: quantity("a size from 64KiB to 256MiB", (given) => inRange(parseBytes(given), 1 << 16, 1 << 28))
          .meta({ unit: "bytes" })
          .default(() => fittingSize(1024 * 1024)),
      },
      DNS_LOG_ABOUT,
    ).prefault({}),
    /** Leases of a DHCP server, which name clients. */
    leases: z
      .union([auto, off, listOf(text("a path"), "paths")], { error: "expected auto, off, or a list of paths" })
      .default("auto"),
    /** Another name server, whose lists, rules and local names are taken over. */
    follow: section(
      {
        url: checked("a URL such as https://tenk.home.arpa", (given) => webAddress(given)),
        token: text("the path of a file with the token of the other dashboard"),
        ca: pem.optional(),
        every: quantity("a duration from 1s to 1d", (given) => inRange(parseDuration(given), 1000, DAY_MS))
          .meta({ unit: "ms" })
          .default(60_000),
      },
      DNS_FOLLOW_ABOUT,
    ).optional(),
    limits: section(
      {
        questions: number(1, 100_000).default(1000),
        waiting: number(1, 1_000_000).default(4096),
        attempts: number(1, 20).default(4),
        connections: number(1, 100_000).default(1000),
        perAddress: number(0, 100_000).default(100),
        queries: number(1, 10_000_000).default(10_000),
        pending: number(1, 10_000).default(64),
        idle: quantity("a duration from 100ms to 10m", (given) => inRange(parseDuration(given), 100, 600_000))
          .meta({ unit: "ms" })
          .default(10_000),
        httpsPending: number(1, 100_000).default(1000),
        message: quantity("a size from 512 to 65535 bytes", (given) => inRange(parseBytes(given), 512, 65_535))
          .meta({ unit: "bytes" })
          .default(4096),
      },
      DNS_LIMITS_ABOUT,
    ).prefault({}),
  },
  DNS_ABOUT,
);

/** The `dns:` section; undefined where it is off. */
export const DNS_SCHEMA = z
  .preprocess(
    (value) => (value === false || value === "off" ? undefined : value === true ? {} : (value ?? undefined)),
    dns.optional(),
  )
  .meta({ short: SWITCH })
  .prefault({});

export type DnsConfig = NonNullable<z.output<typeof DNS_SCHEMA>>;
