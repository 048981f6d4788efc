import type { Container } from "../containers/mod.ts";
import type { OfferedService } from "../part/mod.ts";
import { localHost } from "./candidates.ts";

/** Nothing listens there: only root may, and for a protocol of 1988 (tcpmux). */
const NOWHERE = "127.0.0.1:1";

/**
 * Engines give the address and the port of a container that has ended to the next one at once. A service that stays meanwhile must be down then, rather
 * than lead to a stranger.
 *
 * @param isServed whether a container of this service runs
 * @returns the services, those without a container at an address where nobody is if theirs is another's now
 */
export function withoutTakenAddresses(
  offers: readonly OfferedService[],
  containers: readonly Container[],
  isServed: (name: string) => boolean,
): readonly OfferedService[] {
  const idle = offers.filter(({ name }) => !isServed(name));
  if (idle.length === 0) return offers;
  const running = containers.filter(({ state }) => state === "running" || state === "paused");
  const hosts = new Set(running.flatMap(({ addresses }) => addresses));
  const places = new Set(
    running.flatMap(({ published }) => published.map((each) => `${localHost(each.host)} ${each.port}`)),
  );
  const isTaken = (url: string) => {
    const { hostname, port } = new URL(url);
    const host = hostname.replace(/^\[(.*)\]$/, "$1");
    return hosts.has(host) || places.has(`${host} ${port}`);
  };
  return offers.map((offer) => (idle.includes(offer) ? withTargets(offer, isTaken) : offer));
}

function withTargets(offer: OfferedService, isTaken: (url: string) => boolean): OfferedService {
  const { target, targets } = offer.section as { target?: string; targets?: readonly { readonly url: string }[] };
  const moved = (url: string) => url.replace(/^([a-z0-9+.-]+:\/\/).*$/i, `$1${NOWHERE}`);
  const urls = targets?.map(({ url }) => url) ?? (target === undefined ? [] : [target]);
  if (!urls.some(isTaken)) return offer;
  const { targets: _, ...rest } = offer.section;
  return { ...offer, section: { ...rest, target: moved(urls[0]!) } };
}
