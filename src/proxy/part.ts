import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { checkedName } from "../certificates/mod.ts";
import { listeningOf, logFields } from "../listener/mod.ts";
import type { Family } from "../metrics/mod.ts";
import type { CheckEnv, Part, PartType } from "../part/mod.ts";
import { accessLogSettings, REOPEN, startRotation } from "./access-log/mod.ts";
import { PROXY_SCHEMA, type ProxyConfig } from "./config.ts";
import { Slots } from "./counts.ts";
import { checkFolder } from "./files/mod.ts";
import { withStickySecret } from "./forward/mod.ts";
import { certificateNames, ProxyListeners, serviceUrls } from "./listeners/mod.ts";
import {
  brokenRuleMetric,
  listenerView,
  type ProxyView,
  proxyTables,
  readBrokenRules,
  readServices,
  requestsView,
  serviceHistograms,
  serviceMetrics,
  serviceReports,
  serviceView,
  targetFamilies,
} from "./monitoring/mod.ts";

/** The part `proxy:` serves services by name over HTTPS, and itself where there is none. */
export const proxy = {
  name: "proxy" as const,
  schema: PROXY_SCHEMA,
  runsUnnamed: (services) => services.some(({ http }) => http !== undefined),
  foremostSettings: /^(https|http)$/,
  statusTables: proxyTables,
  panel: {
    title: "Services",
    charts: [
      {
        title: "Requests",
        unit: "perSecond",
        series: [
          { name: "tenk_http_requests_total", label: "requests" },
          { name: "tenk_http_request_errors_total", label: "without a whole answer" },
        ],
      },
      {
        title: "In flight",
        unit: "count",
        series: [{ name: "tenk_http_requests_in_flight", label: "requests" }],
      },
      {
        title: "Bytes",
        unit: "bytesPerSecond",
        series: [
          { name: "tenk_http_request_size_bytes_total", label: "received" },
          { name: "tenk_http_response_size_bytes_total", label: "sent" },
        ],
      },
    ],
  },

  addresses(config) {
    return (["https", "http"] as const).flatMap((setting) => {
      const address = config?.[setting] ?? "auto";
      return typeof address === "string" ? [] : [{ setting, transport: "tcp" as const, address }];
    });
  },

  usualAddresses(config) {
    const ports = { https: 443, http: 80 };
    return (["https", "http"] as const)
      .filter((setting) => config?.[setting] === "auto")
      .map((setting) => ({ setting, transport: "tcp" as const, address: { host: "0.0.0.0", port: ports[setting] } }));
  },

  check(config, { services, folder, domain }) {
    for (const { name, http } of services)
      if (http?.answer.type === "files")
        checkFolder(`services.${name}.root`, resolve(folder, http.answer.files.folder));
    if (config !== undefined) certificateNames({ config, services, domain }).forEach(checkedName);
  },

  async start(config, env): Promise<Part<ProxyConfig | undefined, ProxyView>> {
    const { log, autoPort, certificates, dashboard, resolver } = env;
    const slots = new Slots();
    const stickySecret = randomBytes(32).toString("hex");
    let services = env.services;
    const accessLogOf = (config: ProxyConfig, folder: string) =>
      accessLogSettings(config.accessLog, folder, env.dataFolder);
    const settingsOf = (config: ProxyConfig, { services, domain, localDomains, folder }: CheckEnv) => ({
      config,
      accessLog: accessLogOf(config, folder)?.log,
      services: services.map((service) => withStickySecret(service, stickySecret)),
      domain,
      localDomains,
      folder,
      slots: slots.of(services.filter(({ http }) => http !== undefined).map(({ name }) => name)),
    });
    const listeners = await ProxyListeners.start(settingsOf(config!, env), {
      ...{ log, autoPort, certificates, dashboard, resolver },
    });
    let rotation = startRotation(accessLogOf(config!, env.folder)?.rotation, log);
    const read = () => readServices(listeners.servers, slots);
    const reports = () => serviceReports(listeners.servers);
    return {
      listening: () => listeners.running.map((each) => listeningOf(each, logFields(each))),
      urls: () => serviceUrls({ services }, listeners.ports),
      webPorts: () => listeners.webPorts,
      async prepare(next, env) {
        const change = await listeners.prepare(settingsOf(next!, env));
        return {
          ...change,
          async commit() {
            await change.commit();
            services = env.services;
            rotation.stop();
            rotation = startRotation(accessLogOf(next!, env.folder)?.rotation, log);
          },
        };
      },
      metrics: [...serviceMetrics(read), brokenRuleMetric(() => readBrokenRules(listeners.servers))],
      async gatherMetrics(): Promise<Family[]> {
        return [...serviceHistograms(read()), ...targetFamilies(await reports())];
      },
      async status() {
        const ofTargets = await reports();
        const readings = read();
        const hosts = new Map(services.map((service) => [service.name, service.hosts]));
        return {
          listeners: listeners.running.map(({ name, server }) => listenerView(name, server)),
          other: requestsView(readings[0]!),
          services: readings
            .filter(({ service }) => hosts.has(service))
            .map((reading) => serviceView(reading, hosts.get(reading.service)!, ofTargets)),
        };
      },
      async reopenLogs() {
        await Promise.all(listeners.servers.map((server) => server.request(REOPEN)));
      },
      stop(graceMs) {
        rotation.stop();
        return listeners.stop(graceMs);
      },
    };
  },
} satisfies PartType<ProxyConfig | undefined, ProxyView>;
