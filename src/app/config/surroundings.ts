import { readFileSync } from "node:fs";

/** Values of `container` (systemd.io/CONTAINER_INTERFACE) that stand for a whole system, in which tenk is a service as on a machine. */
const SYSTEMS = ["", "systemd-nspawn", "lxc", "lxc-libvirt"];

/**
 * Returns what this process runs in: a pod of Kubernetes, a container with tenk alone, or a machine. Podman and our image set
 * `container`, the kubelet sets `KUBERNETES_SERVICE_HOST`. A file such as `/.dockerenv` says less: people develop in containers too.
 */
export function surroundings(environment: NodeJS.ProcessEnv = process.env): "pod" | "container" | "machine" {
  if (environment.KUBERNETES_SERVICE_HOST) return "pod";
  return SYSTEMS.includes(environment.container ?? "") ? "machine" : "container";
}

/** Loopback of a container is reached by nobody: neither by the kubelet's probes nor by the engine's ports. */
export function usualDashboard(environment: NodeJS.ProcessEnv = process.env): string {
  if (surroundings(environment) === "machine") return "127.0.0.1:9190";
  return hasIpv6() ? "[::]:9190" : "0.0.0.0:9190";
}

/** In a pod the kubelet's news travels for some seconds until no new connection comes. */
export function usualDrainDelayMs(environment: NodeJS.ProcessEnv = process.env): number {
  return surroundings(environment) === "pod" ? 10_000 : 0;
}

function hasIpv6(): boolean {
  try {
    return readFileSync("/proc/net/if_inet6", "utf8") !== "";
  } catch {
    return false;
  }
}
