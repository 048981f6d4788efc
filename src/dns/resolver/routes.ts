import type { Query } from "../../wire/dns/mod.ts";
import { RecordType, ROOT } from "../../wire/dns/mod.ts";
import { SuffixTable } from "../special/mod.ts";
import type { Lookup } from "../upstream/mod.ts";
import {
  type HealthOptions,
  type Member,
  type MemberOptions,
  newMember,
  type UpstreamMode,
  UpstreamSet,
} from "./upstream-set.ts";

/** A zone with upstreams of its own. */
export interface ZoneOptions {
  /** In wire form and lower case; the root stands for names of a single label. */
  readonly name: Uint8Array;
  readonly upstreams: readonly MemberOptions[];
}

/** Where the questions for a name are sent. */
export interface Route {
  readonly upstreams: UpstreamSet;
  /** The upstreams are the zone's own, whose answers may have private addresses. */
  readonly isOwnZone: boolean;
}

export interface RoutesOptions extends HealthOptions {
  readonly upstreams: readonly MemberOptions[];
  readonly zones: readonly ZoneOptions[];
  readonly mode: UpstreamMode;
  readonly lookup: Lookup;
  /** Called when an upstream that was down has answered. */
  readonly recovered: () => void;
}

/** Types that are asked of top-level domains, not of machines that have a name without a dot. */
const ABOUT_ZONES: ReadonlySet<number> = new Set([RecordType.ns, RecordType.soa, RecordType.ds, RecordType.dnskey]);

/** Which upstreams are asked for which names: those of the longest zone that a name is in, else the upstreams for all. */
export class Routes {
  readonly all: Route;
  readonly #byZone = new SuffixTable<Route>();
  #bareNames: Route | undefined;
  /** All upstreams, each once, those for all names first. */
  readonly members: readonly Member[];
  /** Upstreams by address: one that is named twice has one connection, one health and one row of counts. */
  readonly #members = new Map<string, Member>();

  /** @throws {TenkError} `invalid-option` */
  constructor({ upstreams, zones, lookup, ...options }: RoutesOptions) {
    const routeOf = (addresses: readonly MemberOptions[], isOwnZone: boolean): Route => {
      const members = new Set(addresses.map((each) => this.#member({ lookup, ...each }, options)));
      return { upstreams: new UpstreamSet([...members], { ...options, asksLooped: isOwnZone }), isOwnZone };
    };
    this.all = routeOf(upstreams, false);
    for (const { name, upstreams } of zones) {
      const route = routeOf(upstreams, true);
      if (name.length === ROOT.length) this.#bareNames = route;
      else this.#byZone.set(name, route, true);
    }
    this.members = [...this.#members.values()];
  }

  of(query: Query, bytes: Uint8Array): Route {
    const own = this.#byZone.find(query, bytes);
    if (own !== undefined) return own;
    if (query.labels === 1 && this.#bareNames !== undefined && !ABOUT_ZONES.has(query.type)) return this.#bareNames;
    return this.all;
  }

  stop(): void {
    for (const { upstream, timer } of this.members) {
      clearTimeout(timer);
      upstream.stop();
    }
  }

  #member(options: MemberOptions, health: HealthOptions): Member {
    const added = newMember(options, health);
    const known = this.#members.get(added.name);
    if (known !== undefined) return known;
    this.#members.set(added.name, added);
    return added;
  }
}
