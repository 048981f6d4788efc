import type { Container } from "../containers/mod.ts";
import type { OfferedService } from "../part/mod.ts";
import { candidatesOf, urlOf } from "./candidates.ts";
import { type LabelledService, labelledServices } from "./label-section.ts";
import type { TargetFinder } from "./target-finder.ts";

/** The services of all containers, and what is wrong with those of others. */
export interface FoundOffers {
  readonly offers: readonly OfferedService[];
  readonly problems: readonly { readonly container: string; readonly reason: string }[];
  /** The containers of each service, by its name. */
  readonly containersOf: ReadonlyMap<string, readonly Container[]>;
}

export interface FindOptions {
  readonly finder: TargetFinder;
  /** Returns what was offered last under a name. */
  readonly last: (name: string) => OfferedService | undefined;
  readonly maxServices: number;
  readonly nowMs: number;
}

interface One {
  readonly container: Container;
  readonly labelled: LabelledService;
  readonly target: string;
}

/**
 * Returns the services that containers declare by labels, with the targets that really answer. Several containers with the same labels are the
 * targets of one service.
 *
 * @param here containers that are there
 * @param all those and others, whose networks they may use
 */
export async function findOffers(
  here: readonly Container[],
  all: readonly Container[],
  { finder, last, maxServices, nowMs }: FindOptions,
): Promise<FoundOffers> {
  const problems: { container: string; reason: string }[] = [];
  const found: Promise<One | undefined>[] = [];
  /** The first for which there is no room: one line for all. */
  let left: string | undefined;
  for (const container of [...here].sort(byAge)) {
    const services = labelledServices(container);
    if ("reason" in services) {
      problems.push({ container: container.name, reason: services.reason });
      continue;
    }
    for (const labelled of services) {
      if (found.length >= maxServices) {
        left ??= container.name;
        continue;
      }
      found.push(
        targetOf(container, labelled, { all, finder, last, nowMs }).then((target) => {
          if (target !== undefined) return { container, labelled, target };
          problems.push({ container: container.name, reason: noPort(labelled) });
          return undefined;
        }),
      );
    }
  }
  if (left !== undefined) problems.push({ container: left, reason: tooMany(maxServices) });
  const ones = (await Promise.all(found)).filter((each) => each !== undefined);
  const groups = Map.groupBy(ones, ({ labelled }) => labelled.name);
  const offers = [...groups.values()].map((group) => offerOf(group, problems));
  const containersOf = new Map([...groups].map(([name, group]) => [name, group.map(({ container }) => container)]));
  return { offers, problems, containersOf };
}

async function targetOf(
  container: Container,
  { name, section, port, scheme }: LabelledService,
  { all, finder, last, nowMs }: Omit<FindOptions, "maxServices"> & { readonly all: readonly Container[] },
): Promise<string | undefined> {
  if (typeof section.target === "string") return section.target;
  const sharedId = /^container:([0-9a-zA-Z_.-]+)$/.exec(container.network)?.[1];
  const shared = sharedId === undefined ? undefined : all.find(({ id, name }) => id === sharedId || name === sharedId);
  const candidates = candidatesOf(container, port, shared);
  const before = last(name);
  const isRunning = container.state === "running" || container.state === "paused";
  // One that does not run has no addresses: it keeps the target that it had.
  if (!isRunning && before?.container === container.name) return urlIn(before);
  if (candidates.length === 0) return undefined;
  return urlOf(await finder.find(container, candidates, nowMs), container, scheme);
}

function urlIn({ section }: OfferedService): string | undefined {
  const { target, targets } = section as { target?: string; targets?: readonly { readonly url: string }[] };
  return target ?? targets?.[0]?.url;
}

/** Of containers with one name those that run count; where none runs, the one that was made last. */
function offerOf(group: readonly One[], problems: { container: string; reason: string }[]): OfferedService {
  const running = group.filter(({ container }) => container.state === "running");
  const [first, ...others] = running.length > 0 ? running : [group.at(-1)!];
  const { container, labelled, target } = first!;
  const { name, prefix, section } = labelled;
  const same = others.filter((each) => isSame(each, first!));
  for (const other of others)
    if (!same.includes(other))
      problems.push({
        container: other.container.name,
        reason: `container ${container.name} has a service ${name} already, with other labels`,
      });
  const urls = [...new Set([first!, ...same].map((each) => each.target))];
  const { target: _, ...rest } = section;
  const isSeveral = urls.length > 1 && /^https?:/.test(target);
  const answer = isSeveral ? { targets: urls.map((url) => ({ url })) } : { target };
  return { name, container: container.name, prefix, section: { ...answer, ...rest } };
}

function isSame(one: One, other: One): boolean {
  const text = ({ section, prefix, scheme, port }: LabelledService) => JSON.stringify([section, prefix, scheme, port]);
  return text(one.labelled) === text(other.labelled);
}

function byAge(one: Container, other: Container): number {
  return one.createdMs - other.createdMs || (one.id < other.id ? -1 : 1);
}

function tooMany(most: number): string {
  return `expected at most ${most} services of containers; those that follow are left out too: raise containers.maxServices`;
}

function noPort({ prefix, port }: LabelledService): string {
  return port === undefined
    ? `label ${prefix}port: expected the port that it listens on, since it publishes and exposes none`
    : `label ${prefix}port: expected a port that this machine reaches: it is not published, and the container has no address`;
}
