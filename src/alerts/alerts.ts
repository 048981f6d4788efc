import { hostname } from "node:os";
import { type Log, TenkError } from "../base/mod.ts";
import type { Problem } from "../part/mod.ts";
import type { Channel } from "./channels/mod.ts";
import type { AlertsConfig } from "./config.ts";
import {
  DEFAULT_RULES,
  INCIDENT_DEFAULTS,
  type Incident,
  Incidents,
  type IncidentsOptions,
  type Interest,
  isSettled,
  type Message,
  type Rule,
  ruleOf,
} from "./incidents/mod.ts";
import { type Kept, keptText } from "./kept.ts";
import { ALL, MaintenanceWindows } from "./maintenance/mod.ts";
import { type KeptSender, Sender, type StateFile } from "./outbox/mod.ts";
import { LocalTime, parseSchedule, ScheduleClock } from "./time/mod.ts";

export interface AlertsOptions {
  readonly log: Log;
  readonly file: StateFile;
  /** Returns what is not well now. */
  problems(): readonly Problem[];
  /** Returns keys of which nothing is known yet, and beginnings of such. */
  undecided(): readonly string[];
  /** Returns whether somebody still looks at what a key is about. @default {somebody does} */
  isWatched?(key: string): boolean;
  /** Has those who know look again whether problems are still there. */
  recheck(keys: readonly string[]): void;
  readonly kept?: Kept | undefined;
  /** It begins as after `freeze`. @default {false} */
  readonly startsFrozen?: boolean;
  readonly nowMs?: () => number;
  readonly random?: () => number;
  /** @default that of INCIDENT_DEFAULTS */
  readonly startGraceMs?: number;
}

/** Outcome of a test message. */
export interface TestResult {
  readonly channel: string;
  readonly isSent: boolean;
  readonly why: string | null;
}

/** Problems → incidents → messages: what the part runs. */
export class Alerts {
  incidents: Incidents;
  windows: MaintenanceWindows;
  senders: readonly Sender[] = [];
  readonly #options: AlertsOptions;
  readonly #now: () => number;
  #config: AlertsConfig;
  /** Windows that lasted at the last look, for the log. */
  #lasting: ReadonlyMap<string, string> = new Map();
  /** Of the process before, until the first senders are made. */
  #keptSenders: Readonly<Record<string, KeptSender>>;
  #isFrozen = false;

  constructor(config: AlertsConfig, channels: readonly Channel[], options: AlertsOptions) {
    this.#options = options;
    this.#isFrozen = options.startsFrozen ?? false;
    this.#now = options.nowMs ?? Date.now;
    this.#config = config;
    this.#keptSenders = options.kept?.senders ?? {};
    this.incidents = new Incidents(this.#incidentOptions(config), this.#now(), options.kept?.incidents);
    this.windows = new MaintenanceWindows(options.kept?.maintenance);
    this.configure(config, channels, []);
  }

  /** @param same names of channels that are as they were: what is known of them stays */
  configure(config: AlertsConfig, channels: readonly Channel[], same: readonly string[]): void {
    this.#config = config;
    this.incidents.configure(this.#incidentOptions(config));
    const time = new LocalTime(config.timeZone);
    this.windows.plan(config.maintenance, time);
    const before = new Map(this.senders.map((each) => [each.channel.name, each]));
    this.senders = channels.map((channel) => {
      const old = before.get(channel.name);
      const isSame = old !== undefined && same.includes(channel.name);
      if (isSame) return old;
      return this.#sender(
        channel,
        time,
        old === undefined ? this.#keptSenders[channel.name] : { droppedTold: old.kept().droppedTold ?? 0 },
      );
    });
    this.#keptSenders = {};
    for (const old of before.values()) if (!this.senders.includes(old)) void old.stop();
  }

  /** Takes over what the process before this one has kept. Nothing was told yet. */
  restore(kept: Kept): void {
    const channels = this.senders.map(({ channel }) => channel);
    this.incidents = new Incidents(this.#incidentOptions(this.#config), this.#now(), kept.incidents);
    this.windows = new MaintenanceWindows(kept.maintenance);
    this.#keptSenders = kept.senders;
    this.senders = [];
    this.configure(this.#config, channels, []);
  }

  /** Sends nothing more until `thaw`; resolves when messages under way have ended, and everything is kept on the disk. */
  async freeze(): Promise<void> {
    this.#isFrozen = true;
    await Promise.all(this.senders.map((each) => each.idle()));
    this.keep();
    await this.#options.file.close();
  }

  thaw(): void {
    this.#isFrozen = false;
  }

  /** Reads the problems, and has senders look. Called each second; never throws. */
  tick(): void {
    if (this.#isFrozen) return;
    const nowMs = this.#now();
    let isChanged = this.windows.tick(nowMs);
    this.#logWindows(nowMs);
    const isUndecided = matcherOf(this.#options.undecided());
    const problems = this.#options.problems().map((each) => this.#muted(each, nowMs));
    const changed = this.incidents.read(problems, isUndecided, nowMs);
    for (const each of changed) {
      if (each.endedMs !== undefined && this.#options.isWatched?.(each.key) === false) each.isUnwatched = true;
      this.#logIncident(each);
    }
    isChanged = changed.length > 0 || isChanged;
    isChanged =
      this.incidents.forget((each) => this.senders.every(({ interest }) => isSettled(each, interest, nowMs))) ||
      isChanged;
    for (const sender of this.senders) sender.tick(this.incidents.list, this.incidents.dropped);
    if (isChanged) this.keep();
  }

  /** Keeps everything on the disk, soon. */
  keep(): void {
    this.#options.file.write(() => keptText(this.kept()));
  }

  kept(): Kept {
    return {
      version: 1,
      incidents: this.incidents.kept(),
      senders: Object.fromEntries(this.senders.map((each) => [each.channel.name, each.kept()])),
      maintenance: this.windows.kept(),
    };
  }

  /** What is not well with the channels. One that cannot be reached raises no alert: others are most likely as far away. */
  problems(): Problem[] {
    return this.senders.flatMap(({ channel, refusal, why, failingSinceMs }): Problem[] => {
      if (failingSinceMs === undefined || why === undefined) return [];
      const key = `alerts/${channel.name}`;
      const common = {
        key,
        severity: "warning" as const,
        subject: `alerts to ${channel.name}`,
        sinceMs: failingSinceMs,
      };
      if (refusal === undefined)
        return [
          { ...common, state: "waiting", reason: `tried again until it accepts messages: ${why}`, isMuted: true },
        ];
      return [{ ...common, state: "refused", reason: `${refusal}. Change alerts.channels.${channel.name}` }];
    });
  }

  /**
   * Sends a test message, to one channel or all, at once.
   *
   * @throws {TenkError} `usage` for an unknown channel
   */
  async test(name: string | undefined): Promise<TestResult[]> {
    const senders = this.senders.filter(({ channel }) => name === undefined || channel.name === name);
    if (senders.length === 0)
      throw new TenkError(
        "usage",
        unknownChannel(
          name,
          this.senders.map(({ channel }) => channel.name),
        ),
      );
    return Promise.all(
      senders.map(async (sender) => {
        const result = await testChannel(sender.channel, this.#name, this.#now());
        if (result.isSent) sender.noteReachable();
        return result;
      }),
    );
  }

  async stop(graceMs?: number): Promise<void> {
    await Promise.all(this.senders.map((each) => each.stop(graceMs)));
    if (this.#isFrozen) return;
    this.keep();
    await this.#options.file.close();
  }

  get #name(): string {
    return this.#config.name ?? hostname();
  }

  #sender(channel: Channel, time: LocalTime, kept: KeptSender | undefined): Sender {
    const { log, nowMs, random, recheck } = this.#options;
    const { gather, maxBackoff, quiet, channels } = this.#config;
    const settings = channels[channel.name]!;
    const clock =
      quiet === undefined || !settings.quiet ? undefined : new ScheduleClock(parseSchedule(quiet.hours), time);
    return new Sender(
      {
        channel,
        interest: this.#interest(channel.name),
        gatherMs: gather,
        maxBackoffMs: maxBackoff,
        quiet: (atMs) => clock?.current(atMs),
        isCriticalLoud: quiet?.critical ?? true,
        wording: { name: this.#name, time },
        log,
        changed: () => this.keep(),
        recheck,
        ...(nowMs && { nowMs }),
        ...(random && { random }),
      },
      kept,
    );
  }

  #interest(name: string): Interest {
    const { channels, repeat } = this.#config;
    const settings = channels[name]!;
    const rules = rulesOf(this.#config);
    return {
      channel: name,
      severity: settings.severity,
      afterMs: settings.after,
      repeatMs: settings.repeat ?? repeat,
      // What is wrong with a channel is not told by that channel.
      wants: (key) => key !== `alerts/${name}` && (ruleOf(rules, key).to?.includes(name) ?? true),
    };
  }

  #incidentOptions(config: AlertsConfig): IncidentsOptions {
    const { settle, flapping, maxIncidents } = config;
    const { startGraceMs = INCIDENT_DEFAULTS.startGraceMs } = this.#options;
    return {
      rules: rulesOf(config),
      settleMs: settle,
      flapping:
        flapping === undefined
          ? { times: Number.POSITIVE_INFINITY, withinMs: 0, calmMs: 0 }
          : { times: flapping.times, withinMs: flapping.within, calmMs: flapping.calm },
      max: maxIncidents,
      startGraceMs,
    };
  }

  #muted(problem: Problem, nowMs: number): Problem {
    const [, service = ALL] = /^service\/(.+)$/.exec(problem.key) ?? [];
    return this.windows.of(service, nowMs) === undefined ? problem : { ...problem, isMuted: true };
  }

  #logIncident({ key, state, severity, endedMs, isHeld, reason, isUnwatched }: Incident): void {
    const fields = { problem: key, state };
    if (endedMs !== undefined)
      this.#options.log.info(isUnwatched ? "problem no longer watched" : "problem over", fields);
    else if (!isHeld) this.#options.log.info("problem", { ...fields, severity, reason });
  }

  #logWindows(nowMs: number): void {
    const lasting = new Map<string, string>(
      this.windows.list(nowMs).map(({ services, fromMs }) => [`${services} ${fromMs}`, services.join(" ")] as const),
    );
    const { log } = this.#options;
    for (const [key, services] of lasting) if (!this.#lasting.has(key)) log.info("maintenance began", { services });
    for (const [key, services] of this.#lasting) if (!lasting.has(key)) log.info("maintenance over", { services });
    this.#lasting = lasting;
  }
}

export function unknownChannel(name: string | undefined, names: readonly string[]): string {
  if (names.length === 0) return "No channel is configured: set alerts.channels";
  return `There is no channel ${JSON.stringify(name)}: expected one of ${names.join(", ")}`;
}

/** Sends a test message to one channel. */
export async function testChannel(channel: Channel, box = hostname(), nowMs = Date.now()): Promise<TestResult> {
  const message: Message = {
    id: `test${nowMs.toString(36)}`,
    title: `${box}: test`,
    lines: ["This is a test of tenk's alerts. Nothing is wrong."],
    notes: [],
    tone: "good",
    happenedMs: nowMs,
    answers: [],
  };
  const delivery = await channel.send(message, false, new AbortController().signal);
  return {
    channel: channel.name,
    isSent: delivery.result === "sent",
    why: delivery.result === "sent" ? null : delivery.why,
  };
}

function rulesOf({ when }: AlertsConfig): Record<string, Rule> {
  const own = Object.entries(when).map(([prefix, { severity, for: forMs, to }]): [string, Rule] => {
    // Keys begin with `service/`; people may well write the configuration's `services`.
    const key = prefix.replace(/^services(?=\/|$)/, "service").replace(/\/$/, "");
    const usual = ruleOf(DEFAULT_RULES, key).forMs;
    return [
      key,
      {
        severity: severity === "none" ? undefined : severity,
        forMs: forMs === undefined ? usual : { warning: forMs, critical: forMs },
        ...(to && { to }),
      },
    ];
  });
  return { ...DEFAULT_RULES, ...Object.fromEntries(own) };
}

/** Returns whether a key is among these; one that ends with `/*` stands for all below it. */
function matcherOf(keys: readonly string[]): (key: string) => boolean {
  const exact = new Set(keys);
  const prefixes = keys.flatMap((key) => (key.endsWith("/*") ? [key.slice(0, -1)] : []));
  return (key) => exact.has(key) || prefixes.some((prefix) => key.startsWith(prefix));
}
