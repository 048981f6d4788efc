import { stringify } from "yaml";
import { messageOf } from "../../base/mod.ts";
import { parseName } from "../../wire/dns/mod.ts";
import { formatIp, parseIp } from "../../wire/mod.ts";
import { RuleCheck } from "../blocking/mod.ts";
import { KNOWN_LISTS, listUrl } from "../lists/mod.ts";
import { parseUpstream, upstreamText } from "../upstream/mod.ts";
import type { ImportProblem } from "./problem.ts";

/** A client as `dns.clients` has it. */
export interface ClientSection {
  readonly match: readonly string[];
  /** Lists that hold for it; all of `blocklists` where it is left out. */
  readonly lists?: readonly string[];
  readonly blocking?: false;
}

/** The configuration of another DNS server as `dns:`. */
export interface ImportedDns {
  readonly dns: Readonly<Record<string, unknown>>;
  /** `dns:` as YAML. */
  readonly yaml: string;
  /** What could not be carried over, or not as it was. */
  readonly problems: readonly ImportProblem[];
}

/** Names of well-known lists by their URL. */
const NAMES_OF_LISTS = new Map(Object.entries(KNOWN_LISTS).map(([name, url]) => [url, name]));
/** Keys with more entries would make a configuration that nobody reads. */
const MAX_ENTRIES = 20_000;

/** A `dns:` section that is being written. Each entry is checked as it comes; a wrong one becomes a problem. */
export class DnsDraft {
  readonly problems: ImportProblem[] = [];
  readonly blocking: Record<string, unknown> = {};
  readonly clients = new Map<string, ClientSection>();
  #listen: string[] | undefined;
  readonly #upstreams = new Set<string>();
  readonly #bootstrap = new Set<string>();
  readonly #zones = new Map<string, Set<string>>();
  readonly #blocklists = new Set<string>();
  readonly #allowlists = new Set<string>();
  readonly #rules = new Set<string>();
  readonly #hosts = new Map<string, Set<string>>();
  readonly #records = new Set<string>();
  readonly #ruleCheck = new RuleCheck();

  /** Notes what is not carried over, or what has to be done by hand. */
  lose(where: string, text: string): void {
    this.problems.push({ where, text });
  }

  listen(addresses: readonly string[]): void {
    this.#listen = [...addresses];
  }

  upstream(where: string, text: string): void {
    const upstream = this.#address(where, text);
    if (upstream !== undefined) this.#add(where, this.#upstreams, upstream);
  }

  bootstrap(where: string, text: string): void {
    const address = this.#address(where, text);
    if (address !== undefined) this.#add(where, this.#bootstrap, address);
  }

  /** A domain that another server answers; `.` stands for names without a dot. */
  zone(where: string, zone: string, address: string): void {
    const upstream = this.#address(where, address);
    const name = zone === "." ? zone : nameOf(zone);
    if (upstream === undefined) return;
    if (name === undefined) this.lose(where, `not carried over: ${show(zone)} is no domain`);
    else this.#zones.set(name, (this.#zones.get(name) ?? new Set()).add(upstream));
  }

  #address(where: string, text: string): string | undefined {
    try {
      const address = parseUpstream(text);
      return address.protocol === "udp" && address.port === 53 ? address.host : upstreamText(address);
    } catch (error) {
      this.lose(where, `not carried over: ${messageOf(error)}`);
      return undefined;
    }
  }

  /** A list that holds for everybody. */
  list(where: string, url: string, isAllow: boolean): void {
    const list = this.listText(where, url);
    if (list !== undefined) this.#add(where, isAllow ? this.#allowlists : this.#blocklists, list);
  }

  /** Returns a list as `dns.blocklists` and `clients.NAME.lists` have it; undefined where it is none. */
  listText(where: string, url: string): string | undefined {
    try {
      return NAMES_OF_LISTS.get(url) ?? listUrl(url);
    } catch {
      this.lose(where, `not carried over: ${show(url)} is no http:// or https:// URL`);
      return undefined;
    }
  }

  /** A line of adblock syntax. */
  rule(where: string, line: string): void {
    const problem = this.#ruleCheck.problemOf(line);
    if (problem === undefined) this.#add(where, this.#rules, line);
    else this.lose(where, `not carried over: ${show(line)}: ${problem}`);
  }

  host(where: string, name: string, address: string): void {
    const bytes = parseIp(address);
    const plain = nameOf(name);
    if (bytes === undefined) {
      this.lose(where, `not carried over: ${show(address)} is no address`);
      return;
    }
    if (plain === undefined) {
      this.lose(where, `not carried over: ${show(name)} is no name`);
      return;
    }
    if (this.#hosts.size >= MAX_ENTRIES) {
      this.lose(where, `not carried over: more than ${MAX_ENTRIES} hosts`);
      return;
    }
    const addresses = this.#hosts.get(plain) ?? new Set();
    this.#hosts.set(plain, addresses.add(formatIp(bytes)));
  }

  alias(where: string, name: string, target: string, ttl?: string): void {
    const [from, to] = [nameOf(name), nameOf(target)];
    if (from === undefined || to === undefined) {
      this.lose(where, `not carried over: ${show(from === undefined ? name : target)} is no name`);
      return;
    }
    const seconds = ttl !== undefined && /^\d{1,9}$/.test(ttl) ? `${ttl} ` : "";
    this.#add(where, this.#records, `${from} ${seconds}CNAME ${to}`);
  }

  /** @returns the name that the client has */
  client(name: string, section: ClientSection): string {
    const base = slug(name) || "client";
    let free = base;
    for (let number = 2; this.clients.has(free); number++) free = `${base}-${number}`;
    this.clients.set(free, section);
    return free;
  }

  #add(where: string, set: Set<string>, entry: string): void {
    if (set.size < MAX_ENTRIES) set.add(entry);
    else this.lose(where, `not carried over: more than ${MAX_ENTRIES} entries of this kind`);
  }

  result(): ImportedDns {
    const all: Record<string, unknown> = {
      listen: this.#listen,
      upstreams: [...this.#upstreams],
      bootstrap: [...this.#bootstrap],
      zones: oneOrMore(this.#zones),
      blocklists: [...this.#blocklists],
      allowlists: [...this.#allowlists],
      rules: [...this.#rules],
      hosts: oneOrMore(this.#hosts),
      records: [...this.#records],
      clients: Object.fromEntries(this.clients),
      blocking: this.blocking,
    };
    // Without `blocklists` a default list would be used.
    const dns = Object.fromEntries(
      Object.entries(all).filter(([key, value]) => key === "blocklists" || !isEmpty(value)),
    );
    return { dns, yaml: stringify({ dns }, { lineWidth: 0 }), problems: this.problems };
  }
}

/** Returns values as people write them: one alone without brackets. */
function oneOrMore(all: ReadonlyMap<string, ReadonlySet<string>>): Record<string, string | string[]> {
  return Object.fromEntries([...all].map(([name, set]) => [name, set.size === 1 ? [...set][0]! : [...set]]));
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (typeof value === "object" && value !== null && Object.keys(value).length === 0);
}

/** Returns a host name in small letters without its last dot, `*.` before it allowed; undefined for anything else. */
function nameOf(text: string): string | undefined {
  const name = text.trim().toLowerCase().replace(/\.$/, "");
  const isPlain = /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(name);
  return isPlain && parseName(name) !== undefined ? name : undefined;
}

/** Makes a key of any text: letters, digits and hyphens. */
function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 40)
    .replace(/^-+|-+$/g, "");
}

const SHOWN = 120;

/** Returns text of the other program for a message. */
export function show(text: string): string {
  return JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
}
