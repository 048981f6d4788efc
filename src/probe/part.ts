import type { Log } from "../base/mod.ts";
import type { CheckEnv, Part, PartType } from "../part/mod.ts";
import { PROBE_SCHEMA, type ProbeConfig, settingsOf } from "./config.ts";
import { type ProbeView, probeMetrics, probeProblems, probeTables, probeView } from "./monitoring/mod.ts";
import { checkOf } from "./probes.ts";
import { ProbedService } from "./schedule/mod.ts";

/** The part `probe:` asks each declared service again and again whether it is well. */
export const probe = {
  name: "probe" as const,
  schema: PROBE_SCHEMA,
  runsUnnamed: () => false,
  statusTables: probeTables,
  panel: {
    title: "Probes",
    charts: [
      {
        title: "Time to the answer",
        unit: "seconds",
        series: [{ name: "probe_duration_seconds", label: "all services" }],
      },
    ],
  },

  addresses: () => [],

  check(config, env) {
    for (const service of env.services) {
      const settings = config && settingsOf(service, config);
      if (settings !== undefined) checkOf(service, settings, env.folder);
    }
  },

  async start(config, env): Promise<Part<ProbeConfig | undefined, ProbeView>> {
    let entries: Entry[] = [];
    const find = (name: string) => entries.find(({ probed }) => probed.name === name)?.probed;
    entries = entriesOf(config!, env, { before: [], find, log: env.log });
    for (const { probed } of entries) probed.start();
    const services = () => entries.map(({ probed }) => probed);
    return {
      listening: () => [],
      async prepare(next, nextEnv) {
        const after = entriesOf(next!, nextEnv, { before: entries, find, log: env.log });
        return {
          async commit() {
            const before = entries;
            entries = after;
            for (const { probed } of before) if (!after.some((each) => each.probed === probed)) probed.stop();
            for (const { probed } of after) if (!before.some((each) => each.probed === probed)) probed.start();
          },
          async drop() {},
        };
      },
      metrics: probeMetrics(services),
      gatherMetrics: async () => [],
      status: async () => probeView(services()),
      problems: () => probeProblems(services()),
      async stop() {
        for (const { probed } of entries) probed.stop();
      },
    };
  },
} satisfies PartType<ProbeConfig | undefined, ProbeView>;

interface Entry {
  /** Equal for a service that is probed in the same way. */
  readonly key: string;
  readonly probed: ProbedService;
}

interface EntriesOptions {
  readonly before: readonly Entry[];
  /** Returns a service that is probed now. */
  readonly find: (name: string) => ProbedService | undefined;
  readonly log: Log;
}

/** Returns the probed services; those that are as they were keep what is known of them. */
function entriesOf(
  config: ProbeConfig,
  { services, folder }: CheckEnv,
  { before, find, log }: EntriesOptions,
): Entry[] {
  return services.flatMap((service) => {
    const settings = settingsOf(service, config);
    if (settings === undefined) return [];
    const check = checkOf(service, settings, folder);
    if (check === undefined) return [];
    const key = JSON.stringify([
      service.name,
      service.target,
      service.kind,
      service.after,
      service.http?.answer,
      service.probe,
      config,
    ]);
    const same = before.find((each) => each.key === key);
    if (same !== undefined) return [same];
    const { interval, retries, successes, maxStarting } = settings;
    const options = { intervalMs: interval, retriesMs: retries, successes, maxStartingMs: maxStarting };
    const { name, after } = service;
    const parent = after === undefined ? {} : { parent: () => find(after) };
    return [{ key, probed: new ProbedService({ name, check, log, ...parent, ...options }) }];
  });
}
