import { nearest, TenkError } from "../../base/mod.ts";
import type { MaintenanceWindow } from "../../part/mod.ts";
import { type LocalTime, parseSchedule, ScheduleClock, type Span } from "../time/mod.ts";

/** A window that a person began. Kept on the disk. */
export interface BegunWindow {
  services: string[];
  /** Of those of `all`, services that it was ended for. */
  except: string[];
  fromMs: number;
  untilMs: number;
  readonly reason?: string | undefined;
}

export interface PlannedMaintenance {
  readonly services: readonly string[];
  readonly schedule: string;
  readonly reason?: string | undefined;
}

/** A scheduled window that was ended early, for a service or `all`. */
interface Skip {
  readonly service: string;
  readonly untilMs: number;
}

export interface KeptMaintenance {
  readonly begun: readonly BegunWindow[];
  readonly skips: readonly Skip[];
}

export const ALL = "all";
const MAX_WINDOWS = 100;
export const MAX_MAINTENANCE_MS = 30 * 86_400_000;

/** Which services are under maintenance: by schedule, and since a person said so. Pure: times are arguments. */
export class MaintenanceWindows {
  #begun: BegunWindow[];
  #skips: Skip[];
  #planned: readonly { readonly plan: PlannedMaintenance; readonly clock: ScheduleClock }[] = [];

  constructor(kept: KeptMaintenance = { begun: [], skips: [] }) {
    this.#begun = kept.begun.map((each) => ({ ...each }));
    this.#skips = [...kept.skips];
  }

  kept(): KeptMaintenance {
    return { begun: this.#begun, skips: this.#skips };
  }

  plan(plans: readonly PlannedMaintenance[], time: LocalTime): void {
    this.#planned = plans.map((plan) => ({ plan, clock: new ScheduleClock(parseSchedule(plan.schedule), time) }));
  }

  /** Forgets what is over. @returns whether something was */
  tick(nowMs: number): boolean {
    const before = this.#begun.length + this.#skips.length;
    for (const each of this.#begun) {
      // The machine's clock was set back: it lasts as long as it was to last.
      if (nowMs < each.fromMs) Object.assign(each, { fromMs: nowMs, untilMs: nowMs + each.untilMs - each.fromMs });
    }
    this.#begun = this.#begun.filter(({ untilMs }) => nowMs < untilMs);
    this.#skips = this.#skips.filter(({ untilMs }) => nowMs < untilMs);
    return this.#begun.length + this.#skips.length < before;
  }

  /** Returns the window that covers a service now, or everything (`all`); undefined where none does, which is found without allocation. */
  of(service: string, nowMs: number): MaintenanceWindow | undefined {
    for (const each of this.#begun) {
      const isCovered = covers(each.services, service) && !each.except.includes(service);
      if (isCovered && nowMs < each.untilMs) return shown(each);
    }
    for (const { plan, clock } of this.#planned) {
      const span = covers(plan.services, service) ? clock.current(nowMs) : undefined;
      if (span !== undefined && !this.#isSkipped(service, span.toMs)) return scheduled(plan, span);
    }
    return undefined;
  }

  /** Returns the windows that last now. */
  list(nowMs: number): MaintenanceWindow[] {
    const planned = this.#planned.flatMap(({ plan, clock }) => {
      const span = clock.current(nowMs);
      if (span === undefined) return [];
      const services = plan.services.filter((each) => !this.#isSkipped(each, span.toMs));
      return services.length === 0 ? [] : [{ ...scheduled(plan, span), services }];
    });
    return [...this.#begun.filter(({ untilMs }) => nowMs < untilMs).map(shown), ...planned];
  }

  /** @throws {TenkError} `usage` when there are too many */
  begin(
    services: readonly string[],
    { forMs, reason }: { forMs: number; reason?: string | undefined },
    nowMs: number,
  ): void {
    if (this.#begun.length >= MAX_WINDOWS)
      throw new TenkError("usage", `There are ${MAX_WINDOWS} maintenance windows: end one with tenk maintenance end`);
    // A service has one window: the new one counts.
    for (const service of services) this.#endBegun(service);
    this.#begun.push({ services: [...services], except: [], fromMs: nowMs, untilMs: nowMs + forMs, reason });
  }

  /** Ends the maintenance of a service, or of all. @returns whether there was any */
  end(service: string, nowMs: number): boolean {
    const wasOn = service === ALL ? this.list(nowMs).length > 0 : this.of(service, nowMs) !== undefined;
    this.#endBegun(service);
    for (const { plan, clock } of this.#planned) {
      const span = clock.current(nowMs);
      if (span !== undefined && (service === ALL || covers(plan.services, service)))
        this.#skips.push({ service, untilMs: span.toMs });
    }
    this.#skips = this.#skips.slice(-MAX_WINDOWS);
    return wasOn;
  }

  #isSkipped(service: string, toMs: number): boolean {
    return this.#skips.some((each) => (each.service === service || each.service === ALL) && each.untilMs >= toMs);
  }

  #endBegun(service: string): void {
    if (service === ALL) this.#begun = [];
    for (const each of this.#begun) {
      if (each.services.includes(ALL)) each.except = [...new Set([...each.except, service])];
      else each.services = each.services.filter((name) => name !== service);
    }
    this.#begun = this.#begun.filter(({ services }) => services.length > 0);
  }
}

function shown({ services, fromMs, untilMs, reason }: BegunWindow): MaintenanceWindow {
  return { services, fromMs, untilMs, reason, isScheduled: false };
}

function scheduled({ services, reason }: PlannedMaintenance, { fromMs, toMs }: Span): MaintenanceWindow {
  return { services, fromMs, untilMs: toMs, reason, isScheduled: true };
}

function covers(services: readonly string[], service: string): boolean {
  return services.includes(service) || services.includes(ALL);
}

/**
 * Checks that services are declared.
 *
 * @throws {TenkError} `usage`
 */
export function checkServices(names: readonly string[], declared: readonly string[]): void {
  for (const name of names) {
    if (name === ALL || declared.includes(name)) continue;
    const near = nearest(name, declared);
    throw new TenkError(
      "usage",
      `There is no service ${JSON.stringify(name.slice(0, 100))}${near === undefined ? "" : `: did you mean ${near}?`}`,
    );
  }
}
