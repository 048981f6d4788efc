import { type Log, logOf } from "../base/mod.ts";
import { localDomainsOf } from "../certificates/mod.ts";
import { type Family, joinFamilies, type Metric } from "../metrics/mod.ts";
import {
  type Certificates,
  type CheckEnv,
  type Listening,
  Maintenance,
  type OfferedServices,
  type OwnDashboard,
  OwnResolver,
  type Part,
  type PartType,
  type PreparedChange,
  type Problem,
  SharedTopics,
  type WebPorts,
} from "../part/mod.ts";
import type { Store } from "../store/mod.ts";
import type { LoadedConfig } from "./config/mod.ts";
import { PARTS } from "./part-list.ts";

export interface RunningPart {
  readonly type: PartType;
  readonly part: Part;
}

export interface PartsOptions {
  /** One log for all parts. @default {a category for each} */
  readonly log?: Log | undefined;
  readonly autoPort: boolean;
  readonly colour: boolean;
  readonly watch: boolean;
  readonly certificates: Certificates;
  readonly dashboard: OwnDashboard;
  readonly dataFolder: string | undefined;
  readonly store: Store | undefined;
  /** As `PartEnv.startsFrozen`, until `thaw`. @default {false} */
  readonly startsFrozen?: boolean | undefined;
  readonly offered: OfferedServices;
  /** Returns what is not well with the box. @default {nothing} */
  readonly boxProblems?: () => readonly Problem[];
  /** Returns keys of problems of the box of which nothing is known yet. @default {none} */
  readonly boxUndecided?: () => readonly string[];
  /** Returns whether the box is still watched for such a problem. @default {it is} */
  readonly boxWatches?: (key: string) => boolean;
}

/** How long connections of a part may take to finish when its section has left the configuration. */
const GRACE_MS = 10_000;

/** The running parts of a configuration. */
export class RunningParts {
  readonly #options: PartsOptions;
  readonly #resolver = new OwnResolver();
  readonly #maintenance = new Maintenance();
  readonly #topics = new SharedTopics();
  #running: readonly RunningPart[] = [];
  #startsFrozen: boolean;

  private constructor(options: PartsOptions) {
    this.#options = options;
    this.#startsFrozen = options.startsFrozen ?? false;
  }

  /** @throws {TenkError} why a part cannot start; those that had started are stopped again */
  static async start(loaded: LoadedConfig, options: PartsOptions): Promise<RunningParts> {
    const parts = new RunningParts(options);
    try {
      for (const type of PARTS) {
        const section = sectionOf(loaded, type);
        if (section !== undefined) parts.#running = [...parts.#running, await parts.#start(type, section, loaded)];
      }
    } catch (error) {
      await parts.stop(0);
      throw error;
    }
    return parts;
  }

  get running(): readonly RunningPart[] {
    return this.#running;
  }

  /** Everything that listens, by part. */
  listening(): readonly (Listening & { readonly part: string })[] {
    return this.#running.flatMap(({ type, part }) => part.listening().map((each) => ({ ...each, part: type.name })));
  }

  /** Where people open what is served. */
  urls(): readonly string[] {
    return this.#running.flatMap(({ part }) => part.urls?.() ?? []);
  }

  /** The ports of the part that serves services. */
  webPorts(): WebPorts {
    const all = this.#running.flatMap(({ part }) => part.webPorts?.() ?? []);
    return all[0] ?? { https: undefined, http: undefined };
  }

  /** What is not well now, of the box first. */
  problems(): readonly Problem[] {
    const ofBox = this.#options.boxProblems?.() ?? [];
    return [...ofBox, ...this.#running.flatMap(({ part }) => part.problems?.() ?? [])];
  }

  /** Keys of problems of which nothing is known yet, and beginnings of such. */
  undecided(): readonly string[] {
    const ofBox = this.#options.boxUndecided?.() ?? [];
    return [...ofBox, ...this.#running.flatMap(({ part }) => part.undecided?.() ?? [])];
  }

  /** Whether the part that a problem is of, or the box, still looks at what it is about. */
  watches(key: string): boolean {
    const [word] = key.split("/");
    const owner = PARTS.find(({ name, problemsOf = name }: PartType) => problemsOf === word);
    if (owner === undefined) return this.#options.boxWatches?.(key) ?? true;
    const running = this.#running.find(({ type }) => type === owner);
    return running !== undefined && (running.part.watches?.(key) ?? true);
  }

  metrics(): readonly Metric[] {
    return this.#running.flatMap(({ part }) => part.metrics);
  }

  async gatherMetrics(): Promise<readonly Family[]> {
    const families = await Promise.all(this.#running.map(({ part }) => part.gatherMetrics()));
    return joinFamilies(families.flat());
  }

  /** `parts` of `/api/status`. */
  async status(): Promise<Readonly<Record<string, unknown>>> {
    const views = await Promise.all(
      this.#running.map(async ({ type, part }) => [type.name, await part.status()] as const),
    );
    return Object.fromEntries(views);
  }

  /**
   * Returns a prepare function for each part that runs, or is to run: for the reload coordinator (`reload.ts`).
   *
   * @param isOfServices only services have changed
   */
  changesFor(loaded: LoadedConfig, isOfServices = false): (() => Promise<PreparedChange>)[] {
    return PARTS.filter(({ usesServices }) => !isOfServices || usesServices !== false).flatMap((type) => {
      const section = sectionOf(loaded, type);
      const running = this.#running.find((each) => each.type === type);
      if (running !== undefined && section !== undefined) return [() => running.part.prepare(section, envOf(loaded))];
      if (section !== undefined) return [() => this.#prepareAddition(type, section, loaded)];
      return running === undefined ? [] : [async () => this.#prepareRemoval(running)];
    });
  }

  /** As `Part.freeze`, all of them. */
  async freeze(): Promise<void> {
    await Promise.all(this.#running.map(({ part }) => part.freeze?.()));
  }

  /** As `Part.thaw`, all of them. */
  async thaw(): Promise<void> {
    this.#startsFrozen = false;
    await Promise.all(this.#running.map(({ part }) => part.thaw?.()));
  }

  async reopenLogs(): Promise<void> {
    await Promise.all(this.#running.map(({ part }) => part.reopenLogs?.()));
  }

  async stop(graceMs: number): Promise<void> {
    await Promise.all(this.#running.map(({ part }) => part.stop(graceMs)));
  }

  async #prepareAddition(type: PartType, section: unknown, loaded: LoadedConfig): Promise<PreparedChange> {
    const added = await this.#start(type, section, loaded);
    return {
      commit: async () => {
        this.#running = [...this.#running, added];
      },
      drop: () => added.part.stop(0),
    };
  }

  #prepareRemoval(removed: RunningPart): PreparedChange {
    return {
      commit: async () => {
        this.#running = this.#running.filter((each) => each !== removed);
        // A reload does not wait for its connections.
        void removed.part.stop(GRACE_MS);
      },
      drop: async () => {},
    };
  }

  async #start(type: PartType, section: unknown, loaded: LoadedConfig): Promise<RunningPart> {
    const env = {
      ...envOf(loaded),
      ...this.#options,
      startsFrozen: this.#startsFrozen,
      resolver: this.#resolver,
      webPorts: () => this.webPorts(),
      problems: () => this.problems(),
      undecided: () => this.undecided(),
      watches: (key: string) => this.watches(key),
      recheck: (keys: readonly string[]) => {
        for (const { part } of this.#running) part.recheck?.(keys);
      },
      maintenance: this.#maintenance,
      topics: this.#topics,
      log: this.#options.log ?? logOf(type.name),
    };
    return { type, part: await type.start(section, env) };
  }
}

/**
 * Runs the check of each configured part, without starting anything.
 *
 * @throws {TenkError} the first problem
 */
export function checkParts(loaded: LoadedConfig): void {
  for (const type of PARTS) {
    const section = sectionOf(loaded, type);
    if (section !== undefined) type.check(section, envOf(loaded));
  }
}

function sectionOf({ config }: LoadedConfig, { name }: PartType): unknown {
  return config[name as keyof typeof config];
}

function envOf({ folder, services, config }: LoadedConfig): CheckEnv {
  const { domain, certificates } = config;
  return { folder, services, domain, localDomains: localDomainsOf(domain, certificates.local) };
}
