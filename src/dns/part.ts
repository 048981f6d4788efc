import { TenkError } from "../base/mod.ts";
import type { Part, PartType } from "../part/mod.ts";
import { DNS_SCHEMA, type DnsConfig } from "./config.ts";
import {
  type DnsView,
  dnsMetrics,
  dnsProblems,
  dnsRoutes,
  dnsTables,
  dnsView,
  upstreamHistograms,
} from "./monitoring/mod.ts";
import { DnsServer, FollowedServer, listSources, MAX_LISTS, serverSettings } from "./server/mod.ts";

/** The part `dns:` answers the queries of a house: local names, block lists, a cache, upstreams. */
export const dns = {
  name: "dns" as const,
  schema: DNS_SCHEMA,
  // A name server for everybody on the network is run by who asks for it, or by who has asked for nothing else.
  runsUnnamed: () => false,
  foremostSettings: /^(listen|upstreams|blocklists)$/,
  opaqueSettings: /^(clients|hosts|records|rules)$/,
  statusTables: dnsTables,
  panel: {
    title: "DNS",
    charts: [
      {
        title: "Queries",
        unit: "perSecond",
        series: [{ name: "tenk_dns_queries_total", label: "queries" }],
      },
    ],
  },

  addresses(config) {
    if (config === undefined) return [];
    const listen = config.listen === "auto" ? [] : [config.listen].flat();
    const tls = typeof config.tls === "string" ? [] : [config.tls];
    return [
      ...listen.flatMap((address) =>
        (["udp", "tcp"] as const).map((transport) => ({ setting: "listen", transport, address })),
      ),
      ...tls.map((address) => ({ setting: "tls", transport: "tcp" as const, address })),
    ];
  },

  usualAddresses(config) {
    if (config === undefined) return [];
    const { listen, tls } = config;
    const host = listen === "auto" ? "::" : [listen].flat()[0]!.host;
    const plain = listen === "auto" ? (["udp", "tcp"] as const) : [];
    return [
      ...plain.map((transport) => ({ setting: "listen", transport, address: { host, port: 53 } })),
      ...(tls === "auto" ? [{ setting: "tls", transport: "tcp" as const, address: { host, port: 853 } }] : []),
    ];
  },

  check(config, env) {
    if (config === undefined) return;
    const { blocklists, allowlists, clientLists } = listSources(serverSettings(config, env));
    const lists = blocklists.length + allowlists.length + clientLists.length;
    if (lists > MAX_LISTS) throw new TenkError("config", `dns: expected at most ${MAX_LISTS} lists, found ${lists}`);
  },

  async start(config, env): Promise<Part<DnsConfig | undefined, DnsView>> {
    const { dataFolder, store, certificates, resolver: site, autoPort, log, webPorts, startsFrozen } = env;
    const options = { dataFolder, store, certificates, site, autoPort, log, webPorts, startsFrozen };
    const followed = new FollowedServer({ dataFolder, log });
    const server = await followed.start(config!, env, (settings) => DnsServer.start(settings, options));
    return {
      listening: () => server.listeners.listening(),
      prepare: (next, env) => followed.prepare(next!, env),
      metrics: dnsMetrics(server),
      gatherMetrics: async () => upstreamHistograms(server),
      status: async () => dnsView(server),
      ...dnsProblems(server),
      routes: dnsRoutes(server),
      freeze: () => server.freeze(),
      thaw: () => server.thaw(),
      stop(graceMs) {
        followed.stop();
        return server.stop(graceMs);
      },
    };
  },
} satisfies PartType<DnsConfig | undefined, DnsView>;
