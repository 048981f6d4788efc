import { uptime } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import type { Log } from "../base/mod.ts";
import type { CheckEnv, ContainerNote, Maintenance, Part, PartEnv, PartType, Service } from "../part/mod.ts";
import { withBootGrace, withContainerNote } from "./checks/mod.ts";
import { PROBE_SCHEMA, type ProbeConfig, settingsOf } from "./config.ts";
import { readCredentials } from "./credentials.ts";
import { discoverRoute } from "./discover/mod.ts";
import { ProbeHistory } from "./history/mod.ts";
import {
  type ProbeView,
  probeMetrics,
  probeProblems,
  probeRoutes,
  probeTables,
  probeView,
  problemKey,
  pushMetrics,
  type ShownService,
  undecidedProblems,
} from "./monitoring/mod.ts";
import { checkOf } from "./probes.ts";
import { PushJobs, type PushPlan, pushKeyRoute, pushPlan, pushRoutes } from "./push/mod.ts";
import { ProbedService, type ProbedServiceOptions } from "./schedule/mod.ts";
import type { Check } from "./watched-checks.ts";

/** A disk that hangs must not keep services from being probed. */
const LOAD_TIMEOUT_MS = 3000;
const FOLLOW_MS = 10_000;
/** After it, what changed together is written. */
const SETTLED_MS = 2100;

/** The part `probe:` asks each declared service again and again whether it is well. */
export const probe = {
  name: "probe" as const,
  schema: PROBE_SCHEMA,
  problemsOf: "service",
  runsUnnamed: (services) => services.some(({ probe }) => probe !== undefined),
  statusTables: probeTables,

  addresses: () => [],

  check(config, env) {
    for (const service of env.services) {
      const settings = config && settingsOf(service, config);
      const { folder } = env;
      if (settings !== undefined && service.kind === "push") pushPlan(settings);
      if (settings !== undefined) checkOf(service, { settings, folder, credentials: readCredentials(service, folder) });
    }
  },

  async start(config, env): Promise<Part<ProbeConfig | undefined, ProbeView>> {
    const history = historyOf(config!, env);
    let declared = env.services;
    let entries: Entry[] = [];
    const find = (name: string) => entries.find(({ probed }) => probed.name === name)?.probed;
    const services = () => entries.map(({ probed }) => probed);
    const { log, maintenance } = env;
    const childrenOf = (name: string) => services().filter(({ parent }) => parent === name);
    const noteOf = (service: Service) => env.offered.noteOf(service);
    const { dataFolder: folder, startsFrozen = false } = env;
    const jobs = new PushJobs({ folder, log, startsFrozen, onCalled: (name) => find(name)?.probeNow() });
    const follow = () => history.follow(services());
    let settling: ReturnType<typeof setTimeout> | undefined;
    const changed = () => {
      follow();
      // Once more when the write of what has changed is due.
      clearTimeout(settling);
      settling = setTimeout(follow, SETTLED_MS);
      settling.unref();
    };
    const shared = { find, childrenOf, noteOf, log, maintenance, history, jobs, changed };
    entries = entriesOf(config!, env, { before: [], ...shared });
    declareJobs(jobs, entries, config!);
    // Listeners of other parts do not wait for the disk.
    const load = () => Promise.race([history.load(), wait(LOAD_TIMEOUT_MS, undefined, { ref: false })]);
    const thawed = Promise.withResolvers<void>();
    if (!startsFrozen) thawed.resolve();
    const loaded = thawed.promise.then(load);
    const begin = async (probed: ProbedService) => {
      await loaded;
      probed.start(history.record(probed.name).lastKnown());
    };
    for (const { probed } of entries) void begin(probed);
    const following = setInterval(follow, FOLLOW_MS);
    following.unref();
    return {
      listening: () => [],
      async prepare(next, nextEnv) {
        const after = entriesOf(next!, nextEnv, { before: entries, ...shared });
        return {
          async commit() {
            const before = entries;
            for (const [from, to] of renamed(before, after)) history.rename(from, to);
            entries = after;
            declared = nextEnv.services;
            declareJobs(jobs, entries, next!);
            for (const { probed } of before) if (!after.some((each) => each.probed === probed)) probed.stop();
            for (const { probed } of after) if (!before.some((each) => each.probed === probed)) void begin(probed);
          },
          async drop() {},
        };
      },
      metrics: [...probeMetrics(services), ...pushMetrics(jobs)],
      gatherMetrics: async () => [],
      status: async () => probeView(entries, history, env.webPorts()),
      problems: () => probeProblems(services()),
      marks: async (fromMs, toMs) => history.marks(fromMs, toMs),
      undecided: () => undecidedProblems(services()),
      watches: (key) => services().some(({ name }) => problemKey(name) === key),
      recheck(keys) {
        for (const service of services()) if (keys.includes(problemKey(service.name))) service.hurry(0);
      },
      routes: {
        ...probeRoutes(() => entries, history, env.webPorts),
        discover: discoverRoute(() => declared),
        "push-key": pushKeyRoute(jobs),
      },
      openRoutes: pushRoutes(jobs),
      async freeze() {
        for (const { probed } of entries) probed.pause();
        jobs.freeze();
        await history.flush(services());
      },
      async thaw() {
        jobs.thaw();
        thawed.resolve();
        for (const { probed } of entries) probed.resume();
      },
      async stop() {
        clearInterval(following);
        clearTimeout(settling);
        for (const { probed } of entries) probed.stop();
        jobs.stop();
        await history.flush(services());
      },
    };
  },
} satisfies PartType<ProbeConfig | undefined, ProbeView>;

function historyOf({ history }: ProbeConfig, { store }: PartEnv): ProbeHistory {
  const { days, changes, services, write } = history;
  return new ProbeHistory({ store, keepDays: days, maxChanges: changes, maxServices: services, writeEveryMs: write });
}

/** Takes over the services that call. */
function declareJobs(jobs: PushJobs, entries: readonly Entry[], { push }: ProbeConfig): void {
  const plans = entries.flatMap(({ service, plan }) => (plan === undefined ? [] : [[service.name, plan] as const]));
  jobs.declare(new Map(plans), { maxMessage: push.message, burst: push.burst });
}

interface Entry extends ShownService {
  /** Of a service that calls. */
  readonly plan?: PushPlan;
  /** Equal for a service that is probed in the same way. */
  readonly key: string;
}

/** Returns the services of which the name alone is new. */
function renamed(before: readonly Entry[], after: readonly Entry[]): (readonly [from: string, to: string])[] {
  const without = (entries: readonly Entry[], others: readonly Entry[]) =>
    entries.filter(({ service }) => !others.some((each) => each.service.name === service.name));
  const [gone, come] = [without(before, after), without(after, before)];
  return come.flatMap(({ service }) => {
    const same = gone.filter((each) => each.service.kind === service.kind && each.service.target === service.target);
    return same.length === 1 && service.target !== undefined ? [[same[0]!.service.name, service.name] as const] : [];
  });
}

interface EntriesOptions {
  readonly before: readonly Entry[];
  /** Returns a service that is probed now. */
  readonly find: (name: string) => ProbedService | undefined;
  /** Returns the services that stand on one. */
  readonly childrenOf: (name: string) => readonly ProbedService[];
  /** Returns what is known of the container of a service. */
  readonly noteOf: (service: Service) => ContainerNote | undefined;
  readonly log: Log;
  readonly maintenance: Maintenance;
  readonly history: ProbeHistory;
  readonly jobs: PushJobs;
  /** Called when the state of a service has changed: that of others may follow. */
  readonly changed: () => void;
}

/** Returns the probed services; those that are as they were keep what is known of them. */
function entriesOf(
  config: ProbeConfig,
  { services, folder }: CheckEnv,
  { before, find, childrenOf, noteOf, log, maintenance, history, jobs, changed }: EntriesOptions,
): Entry[] {
  return services.flatMap((service) => {
    const settings = settingsOf(service, config);
    if (settings === undefined) return [];
    const credentials = readCredentials(service, folder, log);
    const plan = service.kind === "push" ? pushPlan(settings) : undefined;
    const ask = plan ? jobCheck(jobs, service.name) : checkOf(service, { settings, folder, credentials });
    if (ask === undefined) return [];
    const bootOf = () => ({
      machineUpMs: uptime() * 1000,
      // A job that did not call is judged by its schedule.
      graceMs: plan === undefined ? config.bootGrace : 0,
      isDown: find(service.name)?.health.state === "down",
    });
    const check: Check = async (signal) =>
      withBootGrace(withContainerNote(await ask(signal), noteOf(service)), bootOf());
    const key = JSON.stringify([
      service.name,
      service.target,
      service.kind,
      service.after,
      service.http?.answer,
      service.probe,
      service.container,
      credentials,
      { ...config, history: undefined },
    ]);
    const same = before.find((each) => each.key === key);
    if (same !== undefined) return [{ ...same, service }];
    const { interval, retries, successes, maxStarting } = settings;
    const options = plan
      ? jobOptions(jobs, service.name)
      : { intervalMs: interval, retriesMs: retries, successes, maxStartingMs: maxStarting };
    const { name, after } = service;
    const parent = after === undefined ? {} : { parent: () => find(after) };
    const answered: ProbedServiceOptions["answered"] = (outcome, change) => {
      history.record(name).answered(outcome, Date.now());
      if (change !== undefined) changed();
    };
    const children = () => childrenOf(name);
    const isMaintained = () => maintenance.of(name) !== undefined;
    const common = { name, check, log, answered, children, isMaintained };
    return [{ key, service, ...(plan && { plan }), probed: new ProbedService({ ...common, ...parent, ...options }) }];
  });
}

/** How often a job is judged that does not call: what is said of it grows old. */
const JUDGE_MS = 60_000;

function jobCheck(jobs: PushJobs, name: string): Check {
  return async () => jobs.judge(name).outcome;
}

/** Its grace is its patience: no second look is needed. */
function jobOptions(jobs: PushJobs, name: string) {
  return { intervalMs: JUDGE_MS, retriesMs: [], successes: 1, dueMs: () => jobs.judge(name).nextMs };
}
