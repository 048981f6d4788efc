import type { Container } from "../containers/mod.ts";
import type { OfferedService } from "../part/mod.ts";
import { localHost } from "./candidates.ts";

/** Nothing listens there: only root may, and for a protocol of 1988 (tcpmux). */
const NOWHERE = "127.0.0.1:1";

/**
 * Engines give the address and the port of a container that has ended to the next one at once. A service that stays meanwhile must be down then, rather
 * than lead to a stranger.
 *
 * @param ownOf returns the containers of a service; one that is paused holds its address still
 * @returns the services, those of which no container runs at an address where nobody is if theirs is another's now
 */
export function withoutTakenAddresses(
  offers: readonly OfferedService[],
  containers: readonly Container[],
  ownOf: (name: string) => readonly Container[],
): readonly OfferedService[] {
  const idle = offers.filter(({ name }) => !ownOf(name).some(({ state }) => state === "running"));
  if (idle.length === 0) return offers;
  const holders = holdersOf(containers);
  return offers.map((offer) => {
    if (!idle.includes(offer)) return offer;
    const own = ownOf(offer.name).map(({ id }) => id);
    const isOthers = (place: string) => holders.get(place)?.some((id) => !own.includes(id)) ?? false;
    return withTargets(offer, (url) => {
      const { hostname, port } = new URL(url);
      const host = hostname.replace(/^\[(.*)\]$/, "$1");
      return isOthers(host) || isOthers(`${host} ${port}`);
    });
  });
}

/** Returns which containers hold an address, or a published `ADDRESS PORT`. */
function holdersOf(containers: readonly Container[]): ReadonlyMap<string, readonly string[]> {
  const holders = new Map<string, string[]>();
  for (const { id, state, addresses, published } of containers) {
    if (state !== "running" && state !== "paused") continue;
    for (const place of [...addresses, ...published.map(({ host, port }) => `${localHost(host)} ${port}`)])
      holders.set(place, [...(holders.get(place) ?? []), id]);
  }
  return holders;
}

function withTargets(offer: OfferedService, isTaken: (url: string) => boolean): OfferedService {
  const { target, targets } = offer.section as { target?: string; targets?: readonly { readonly url: string }[] };
  const moved = (url: string) => url.replace(/^([a-z0-9+.-]+:\/\/).*$/i, `$1${NOWHERE}`);
  const urls = targets?.map(({ url }) => url) ?? (target === undefined ? [] : [target]);
  if (!urls.some(isTaken)) return offer;
  const { targets: _, ...rest } = offer.section;
  return { ...offer, section: { ...rest, target: moved(urls[0]!) } };
}
