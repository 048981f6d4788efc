import { ChainCount } from "../chain/mod.ts";
import type { MdnsInterfaceView, NameInUse } from "../mdns/mod.ts";
import type { DnsServer } from "../server/mod.ts";
import { sumOfRows } from "./readings.ts";

/** `parts.dns` of `/api/status`. */
export interface DnsView {
  readonly port: number;
  readonly queries: Readonly<Record<"total" | "local" | "special" | "blocked" | "cached" | "forwarded", number>>;
  readonly blocking: {
    readonly isEnabled: boolean;
    /** ms since 1970; null where it is not paused. */
    readonly pausedUntilMs: number | null;
    /** For these alone. */
    readonly clients: readonly { readonly client: string; readonly pausedUntilMs: number | null }[];
  };
  readonly names: number;
  readonly lists: readonly {
    readonly name: string;
    readonly kind: "block" | "allow";
    readonly names: number;
    readonly rules: number;
    readonly invalid: number;
    /** Why the last fetch failed; null where it did not. */
    readonly problem: string | null;
  }[];
  /** Null where it is off. */
  readonly mdns: {
    readonly interfaces: readonly MdnsInterfaceView[];
    readonly names: readonly NameInUse[];
    /** Times that another machine had one of the names. */
    readonly conflicts: number;
  } | null;
  readonly upstreams: readonly {
    readonly name: string;
    readonly isDown: boolean;
    /** It sends our queries back to us, and is not asked. */
    readonly isLooped: boolean;
    /** Milliseconds; null while none has answered. */
    readonly rttMs: number | null;
    readonly queries: number;
    readonly answers: number;
  }[];
}

export function dnsView(server: DnsServer): DnsView {
  const counts = sumOfRows(server.counts);
  const { queries: total, local, special, blocked, cached, missed } = ChainCount;
  const at = (place: number) => counts[place]!;
  return {
    port: server.listeners.port,
    queries: {
      total: at(total),
      local: at(local),
      special: at(special),
      blocked: at(blocked),
      cached: at(cached),
      forwarded: at(missed),
    },
    blocking: blockingView(server),
    names: server.lists.names,
    lists: server.lists.views().map(({ name, isAllowList, names, rules, invalid, state }) => ({
      name,
      kind: isAllowList ? "allow" : "block",
      names,
      rules,
      invalid,
      problem: state?.lastFailure?.message ?? null,
    })),
    mdns: mdnsView(server),
    upstreams: server.resolver.members.map(({ upstream, isDown, isLooped, rttMs }) => ({
      name: upstream.name,
      isDown: isDown || isLooped,
      isLooped,
      rttMs: rttMs === 0 ? null : rttMs,
      queries: upstream.counts.queries,
      answers: upstream.counts.answers,
    })),
  };
}

function mdnsView({ mdns }: Pick<DnsServer, "mdns">): DnsView["mdns"] {
  if (!mdns.isOn) return null;
  return { interfaces: mdns.interfaces(), names: mdns.names(), conflicts: mdns.counts.conflicts };
}

/** Whether names of the lists are blocked, and for which clients that is paused. */
export function blockingView({ settings, pause, houseClients }: DnsServer): DnsView["blocking"] {
  const paused = [...houseClients.pauses];
  return {
    isEnabled: settings.config.blocking.enabled,
    pausedUntilMs: pause.untilMs ?? null,
    clients: paused.map(([client, { untilMs = null }]) => ({ client, pausedUntilMs: untilMs })),
  };
}
