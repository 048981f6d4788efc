import { realpathSync } from "node:fs";

export interface SocketPlaces {
  readonly DOCKER_HOST?: string | undefined;
  readonly XDG_RUNTIME_DIR?: string | undefined;
}

/**
 * Returns the Unix sockets of the container engines that may run here: the one that `DOCKER_HOST` names, else Docker's, Podman's, and those
 * of the user's own (rootless) engines. Each once, also where one is a link to another, as `podman-docker` makes it.
 *
 * @param real resolves links; throws for a path that does not exist
 * @returns paths that exist
 */
export function engineSockets(
  { DOCKER_HOST, XDG_RUNTIME_DIR }: SocketPlaces,
  real: (path: string) => string = realpathSync,
): string[] {
  const named = /^unix:\/\/(\/.+)$/.exec(DOCKER_HOST ?? "")?.[1];
  const own = XDG_RUNTIME_DIR?.startsWith("/") ? XDG_RUNTIME_DIR : undefined;
  const usual = ["/run/docker.sock", "/var/run/docker.sock", "/run/podman/podman.sock"];
  const rootless = own === undefined ? [] : [`${own}/docker.sock`, `${own}/podman/podman.sock`];
  const found = (named === undefined ? [...usual, ...rootless] : [named]).flatMap((path) => {
    try {
      return [real(path)];
    } catch {
      return [];
    }
  });
  return [...new Set(found)];
}
