import type { ProbedServiceView, ServiceState } from "../../probe-api.ts";

/** What the reader wants to see of all services. */
export interface Arrangement {
  readonly search: string;
  /** "" for all; `not up` for all others. */
  readonly state: ServiceState | "not up" | "";
  readonly order: Order;
}

export const ORDERS = ["worst", "groups", "name", "uptime"] as const;
export type Order = (typeof ORDERS)[number];

/** Services under one heading. */
export interface Group {
  /** "" for those without one. */
  readonly title: string;
  readonly services: readonly ProbedServiceView[];
}

/** The worst first. */
export const STATES: readonly ServiceState[] = [
  "down",
  "unknown",
  "degraded",
  "starting",
  "pending",
  "maintenance",
  "up",
];

/** Filters, groups and sorts; within a state services stay in the order in which they are declared. Pure. */
export function arranged(services: readonly ProbedServiceView[], wanted: Arrangement): readonly Group[] {
  const found = services.filter((each) => hasState(each, wanted.state) && matches(each, wanted.search));
  if (found.length === 0) return [];
  if (wanted.order !== "groups") return [{ title: "", services: found.toSorted(COMPARED[wanted.order]) }];
  const groups = new Map<string, ProbedServiceView[]>();
  for (const each of found) {
    const title = each.group ?? "";
    const known = groups.get(title);
    if (known === undefined) groups.set(title, [each]);
    else known.push(each);
  }
  // Those without a group come last, under a heading that needs none.
  return [...groups]
    .map(([title, members]) => ({ title, services: members }))
    .sort((one, other) => Number(one.title === "") - Number(other.title === ""));
}

const COMPARED: Readonly<
  Record<Exclude<Order, "groups">, (one: ProbedServiceView, other: ProbedServiceView) => number>
> = {
  worst: byState,
  name: (one, other) => one.service.localeCompare(other.service, "en", { numeric: true }),
  // What is not known is neither good nor bad: last.
  uptime: (one, other) => (one.uptime?.quarter ?? 2) - (other.uptime?.quarter ?? 2),
};

function byState(one: ProbedServiceView, other: ProbedServiceView): number {
  return STATES.indexOf(one.state) - STATES.indexOf(other.state);
}

function hasState({ state }: ProbedServiceView, wanted: Arrangement["state"]): boolean {
  return wanted === "" || (wanted === "not up" ? state !== "up" : state === wanted);
}

/** Each word must be found somewhere in what a tile shows. */
function matches(view: ProbedServiceView, search: string): boolean {
  const { service, address, url, group, kind, reason, version, role, state } = view;
  const text = [service, address, url, group, kind, reason, version, role, state].join("\n").toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/**
 * Keeps the places of tiles while somebody points at one or has the focus in it: a tile that moves away loses both. New tiles come last.
 *
 * @param before names in the order that is shown
 */
export function kept(groups: readonly Group[], before: readonly string[]): readonly Group[] {
  const place = new Map(before.map((name, at) => [name, at]));
  const of = ({ service }: ProbedServiceView) => place.get(service) ?? before.length;
  return groups.map(({ title, services }) => ({
    title,
    services: services.toSorted((one, other) => of(one) - of(other)),
  }));
}
