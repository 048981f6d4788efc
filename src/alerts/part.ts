import { type Log, nearest, TenkError } from "../base/mod.ts";
import type { CheckEnv, Part, PartType } from "../part/mod.ts";
import { Alerts } from "./alerts.ts";
import type { Channel } from "./channels/mod.ts";
import { ALERTS_SCHEMA, type AlertsConfig } from "./config.ts";
import { parseKept } from "./kept.ts";
import { ALL } from "./maintenance/mod.ts";
import { makeChannels } from "./make-channels.ts";
import { type AlertsView, alertMetrics, alertRoutes, alertsView, alertTables } from "./monitoring/mod.ts";
import { StateFile } from "./outbox/mod.ts";

const TICK_MS = 1000;
/** How long a message under way is waited for at a stop. */
const MIN_STOP_MS = 500;
const MAX_STOP_MS = 5000;

/** The part `alerts:` tells people what is not well, and that it is well again. */
export const alerts = {
  name: "alerts" as const,
  schema: ALERTS_SCHEMA,
  // Maintenance of services needs no channel.
  runsUnnamed: (services) => services.length > 0,
  statusTables: alertTables,

  addresses: () => [],

  check(config, env) {
    if (config !== undefined) channelsOf(config, env);
  },

  async start(config, env): Promise<Part<AlertsConfig | undefined, AlertsView>> {
    let current = config!;
    let services = env.services;
    const names = () => services.map(({ name }) => name);
    const file = new StateFile(env.dataFolder, env.log);
    let isToRead = env.startsFrozen === true;
    const kept = isToRead ? undefined : await file.read(parseKept);
    const { log, problems, undecided, recheck, watches: isWatched } = env;
    const options = { log, file, problems, undecided, recheck, kept, isWatched, startsFrozen: isToRead };
    const running = new Alerts(current, channelsOf(current, env, log), options);
    env.maintenance.setFind((service) => running.windows.of(service, Date.now()));
    logUnknown(current, names(), log);
    const timer = setInterval(() => running.tick(), TICK_MS);
    timer.unref();
    return {
      listening: () => [],
      async prepare(next, nextEnv) {
        const channels = channelsOf(next!, nextEnv, log);
        return {
          async commit() {
            const same = unchangedChannels(current, next!);
            running.configure(next!, channels, same);
            current = next!;
            const before = names().join();
            services = nextEnv.services;
            if (names().join() !== before) logUnknown(current, names(), log);
          },
          async drop() {},
        };
      },
      metrics: alertMetrics(running),
      gatherMetrics: async () => [],
      status: async () => alertsView(running, Date.now()),
      problems: () => running.problems(),
      routes: alertRoutes(running, names),
      freeze: () => running.freeze(),
      async thaw() {
        const before = isToRead ? await file.read(parseKept) : undefined;
        isToRead = false;
        if (before !== undefined) running.restore(before);
        running.thaw();
      },
      async stop(graceMs) {
        clearInterval(timer);
        env.maintenance.setFind(undefined);
        await running.stop(Math.min(MAX_STOP_MS, Math.max(MIN_STOP_MS, graceMs)));
      },
    };
  },
} satisfies PartType<AlertsConfig | undefined, AlertsView>;

/**
 * Makes the channels, and checks what names what.
 *
 * @throws {TenkError} `config`
 */
export function channelsOf(config: AlertsConfig, { folder }: Pick<CheckEnv, "folder">, log?: Log): Channel[] {
  const { channels, when, timeout: timeoutMs, pageUrl } = config;
  for (const [prefix, { to = [] }] of Object.entries(when)) {
    const unknown = to.find((each) => !Object.hasOwn(channels, each));
    if (unknown !== undefined)
      throw new TenkError("config", `alerts.when.${prefix}.to: expected names of alerts.channels, found ${unknown}`);
  }
  return makeChannels(channels, { folder, pageUrl, timeoutMs, ...(log && { log }) });
}

/** Logs schedules of services that are not there: containers come and go, so that this is no error. */
function logUnknown({ maintenance }: AlertsConfig, services: readonly string[], log: Log): void {
  for (const name of new Set(maintenance.flatMap((each) => each.services))) {
    if (name === ALL || services.includes(name)) continue;
    log.warn("maintenance of a service that is not there", { service: name, meant: nearest(name, services) });
  }
}

/** A channel whose secret was changed in its file is made anew as well: only a channel without such a file is as it was. */
function unchangedChannels(before: AlertsConfig, after: AlertsConfig): string[] {
  const rest = ({ channels: _, maintenance: __, ...others }: AlertsConfig) => JSON.stringify(others);
  if (rest(before) !== rest(after)) return [];
  return Object.keys(after.channels).filter((name) => {
    const text = JSON.stringify(after.channels[name]);
    return text === JSON.stringify(before.channels[name]) && !/"(\w+(File|Env)|ca)":/.test(text);
  });
}
