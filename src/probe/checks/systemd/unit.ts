import type { DbusValue } from "../../../wire/dbus/mod.ts";
import type { Bus, BusMethod } from "./bus.ts";

/** What systemd knows of a unit. Moments are milliseconds since 1970; 0 = never since the machine started. */
export interface UnitFacts {
  /** `loaded`, `not-found`, `masked`, `error`, `bad-setting`, … */
  readonly load: string;
  /** `active`, `reloading`, `inactive`, `failed`, `activating`, `deactivating`, `maintenance` */
  readonly active: string;
  /** Depends on its type: `running`, `exited`, `auto-restart`, `waiting`, `mounted` … */
  readonly sub: string;
  /** When `active` became what it is. */
  readonly changedMs: number;
  /** Of services and timers: how it ended last: `success`, `exit-code`, `signal`, `timeout`, `oom-kill` … */
  readonly result: string;
  /** Of services: `simple`, `oneshot`, … */
  readonly type: string;
  /** Of services: the exit code, or the number of the signal, of the last run. */
  readonly exitStatus: number;
  /** Of services: when the last run ended. */
  readonly exitedMs: number;
  /** Of services: how often systemd has started it again by itself. */
  readonly restarts: number;
  /** Units that start it: its timer, its socket. */
  readonly triggeredBy: readonly string[];
  /** Of timers: what it starts. */
  readonly starts: string;
}

const MANAGER = "org.freedesktop.systemd1.Manager";
const MANAGER_PATH = "/org/freedesktop/systemd1";
const PROPERTIES = "org.freedesktop.DBus.Properties";
const PREFIX = "org.freedesktop.systemd1.";

/**
 * Properties that are asked for, by the interface of the unit's type. All of a unit's at once would have systemd read its control group, at ten
 * times the cost.
 */
const OF_TYPE: Readonly<Record<string, readonly string[]>> = {
  Service: ["Result", "Type", "ExecMainStatus", "ExecMainExitTimestamp", "NRestarts"],
  Timer: ["Unit"],
};

/** A unit as it was found last. */
interface Known {
  readonly path: string;
  readonly facts: UnitFacts;
}

/** More than any machine has services that are probed; all are forgotten then. */
const MAX_KNOWN = 1000;

/** Reads units, and asks again only for what may have changed. */
export class UnitReader {
  readonly #bus: Bus;
  readonly #known = new Map<string, Known>();

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /** Takes one round trip where the unit is as it was, else two. @throws {BusError}, {TenkError} */
  async read(name: string): Promise<UnitFacts> {
    const known = this.#known.get(name);
    const [[units], [changed] = []] = (await this.#bus
      .call(
        { path: MANAGER_PATH, interface: MANAGER, member: "ListUnitsByNames", body: [[name]] },
        ...(known === undefined ? [] : [property(known.path, "Unit", "StateChangeTimestamp")]),
      )
      .catch((error) => {
        // It may be that what was known of it is no longer there.
        this.#known.delete(name);
        throw error;
      })) as [DbusValue[], DbusValue[]?];
    const unit = (Array.isArray(units) ? units[0] : undefined) as readonly DbusValue[] | undefined;
    const [, , load = "", active = "", sub = "", , path = ""] = (unit ?? []).map(String);
    const now = { load, active, sub };
    if (load !== "loaded" || !path.startsWith("/")) return { ...NOTHING, ...now };
    if (known !== undefined && isSame(known, path, { ...now, changedMs: momentOf(changed) })) return known.facts;
    const facts = { ...now, ...(await this.#details(name, path)) };
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(name, { path, facts });
    return facts;
  }

  async #details(name: string, path: string): Promise<Omit<UnitFacts, "load" | "active" | "sub">> {
    const type = /\.([a-z]+)$/.exec(name)?.[1] ?? "";
    const typeName = type.charAt(0).toUpperCase() + type.slice(1);
    const wanted = [["Unit", "StateChangeTimestamp"], ["Unit", "TriggeredBy"], ...(OF_TYPE[typeName] ?? []).map((each) => [typeName, each])] as [string, string][]; // biome-ignore format: one list
    const values = await this.#bus.call(...wanted.map(([of, each]) => property(path, of, each)));
    const facts = new Map(wanted.map(([, each], index) => [each, values[index]?.[0]]));
    return {
      changedMs: momentOf(facts.get("StateChangeTimestamp")),
      result: textOf(facts.get("Result")),
      type: textOf(facts.get("Type")),
      exitStatus: numberOf(facts.get("ExecMainStatus")),
      exitedMs: momentOf(facts.get("ExecMainExitTimestamp")),
      restarts: numberOf(facts.get("NRestarts")),
      triggeredBy: textsOf(facts.get("TriggeredBy")),
      starts: textOf(facts.get("Unit")),
    };
  }
}

const NOTHING = { changedMs: 0, result: "", type: "", exitStatus: 0, exitedMs: 0, restarts: 0, triggeredBy: [], starts: "" }; // biome-ignore format: one object

/** What else is known of a unit changes only with its state. One that counts its restarts is between two of them. */
function isSame(known: Known, path: string, now: Pick<UnitFacts, "load" | "active" | "sub" | "changedMs">): boolean {
  const { load, active, sub, changedMs } = known.facts;
  return path === known.path && load === now.load && active === now.active && sub === now.sub && changedMs === now.changedMs; // biome-ignore format: one sentence
}

function property(path: string, of: string, name: string): BusMethod {
  return { path, interface: PROPERTIES, member: "Get", body: [PREFIX + of, name] };
}

/** Microseconds since 1970; the largest number is "never". */
function momentOf(value: DbusValue | undefined): number {
  return typeof value === "bigint" && value < 2n ** 62n ? Number(value / 1000n) : 0;
}

function textOf(value: DbusValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: DbusValue | undefined): number {
  return typeof value === "number" ? value : 0;
}

function textsOf(value: DbusValue | undefined): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
