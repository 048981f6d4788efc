import { existsSync } from "node:fs";
import { messageOf, TenkError } from "../../../base/mod.ts";
import type { Outcome } from "../../health/mod.ts";
import { causeCodeOf } from "../words.ts";
import { Bus, BusError } from "./bus.ts";
import { UnitReader } from "./unit.ts";
import { unitOutcome, withoutTimer } from "./unit-outcome.ts";

/** Where systemd answers. */
export interface SystemdPlace {
  readonly path: string;
  /** A bus, or systemd itself, which root may ask where no bus runs. */
  readonly isBus: boolean;
}

export interface SystemdCheck {
  readonly unit: string;
  /** A job whose last run ended longer ago is down. */
  readonly maxAgeMs?: number | undefined;
  readonly timeoutMs: number;
  /** In the order in which they are tried. @default {those of this machine} */
  readonly places?: readonly SystemdPlace[];
  readonly nowMs?: () => number;
}

const PLACES: readonly SystemdPlace[] = [
  { path: "/run/dbus/system_bus_socket", isBus: true },
  { path: "/run/systemd/private", isBus: false },
];
const NO_SYSTEMD =
  "no systemd answers on this machine: in a container, give it /run/dbus/system_bus_socket of the machine";

/** All probes share one connection, which is opened again when it ends. */
let shared: { readonly place: string; readonly bus: Promise<Bus>; readonly units: Promise<UnitReader> } | undefined;

/** Asks systemd for the state of a unit, over D-Bus. No program is started. */
export async function checkSystemd(check: SystemdCheck): Promise<Outcome> {
  const { unit, maxAgeMs, timeoutMs, places = PLACES, nowMs = Date.now } = check;
  const there = places.filter(({ path }) => existsSync(path));
  let why = NO_SYSTEMD;
  for (const [index, place] of there.entries()) {
    try {
      const units = await sharedUnits(place, timeoutMs);
      const facts = await units.read(unit);
      const outcome = unitOutcome(unit, facts, nowMs(), maxAgeMs);
      if (outcome.result !== "up") return outcome;
      const timer = facts.active === "inactive" ? facts.triggeredBy.find((each) => each.endsWith(".timer")) : undefined;
      if (timer !== undefined && (await units.read(timer)).active !== "active") return withoutTimer(unit, timer);
      // A timer that waits is well if what it starts was.
      if (facts.starts === "") return outcome;
      const started = await units.read(facts.starts);
      return unitOutcome(facts.starts, started, nowMs(), maxAgeMs);
    } catch (error) {
      // Whatever it was, the next probe begins with a connection of its own.
      if (!(error instanceof BusError)) forget();
      why = wordsOf(error, place);
      if (index + 1 === there.length) break;
    }
  }
  return { result: "unknown", facts: {}, reason: why };
}

function forget(): void {
  void shared?.bus.then(
    (bus) => bus.close(),
    () => {},
  );
  shared = undefined;
}

function sharedUnits(place: SystemdPlace, timeoutMs: number): Promise<UnitReader> {
  if (shared?.place !== place.path) {
    forget();
    const closed = () => {
      if (shared?.bus === bus) shared = undefined;
    };
    const bus = Bus.open({ ...place, timeoutMs, closed });
    shared = { place: place.path, bus, units: bus.then((opened) => new UnitReader(opened)) };
  }
  return shared!.units;
}

function wordsOf(error: unknown, { path, isBus }: SystemdPlace): string {
  if (error instanceof BusError) {
    if (/ServiceUnknown|NameHasNoOwner|Disconnected|Spawn/.test(error.errorName)) return NO_SYSTEMD;
    if (/AccessDenied/.test(error.errorName)) return `the bus at ${path} does not let tenk ask systemd: see its policy`;
    return `systemd does not answer: ${error.errorName}`;
  }
  const isForbidden =
    causeCodeOf(error) === "EACCES" || (error instanceof TenkError && error.code === "permission-denied");
  if (isForbidden)
    return isBus ? messageOf(error) : `${path} is for root: install dbus, which lets everybody ask systemd`;
  return `systemd does not answer: ${messageOf(error)}`;
}
