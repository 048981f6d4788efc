import { isIP } from "node:net";
import type { ExpositionFormat } from "../metrics/mod.ts";
import { METRICS_TYPES, metricsFormat } from "./metrics-format.ts";

/** What the status surface answers with. */
export interface SurfaceOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** False from the moment the box begins to stop: whoever spreads work over boxes looks here. */
  readonly healthy: () => boolean;
  readonly status: () => unknown;
  /** As text for Prometheus, in the format that was asked for. */
  readonly metrics: (format: ExpositionFormat) => Promise<string>;
  /** The first page, for people. */
  readonly page: () => string;
}

export interface Surface {
  readonly port: number;
  stop(): Promise<void>;
}

const TEXT = "text/plain; charset=utf-8";

/**
 * Serves `/`, `/healthz`, `/metrics` and `/api/status`. Throws the system's error (`EADDRINUSE` …) when it cannot listen.
 */
export function serveSurface({ host, port, healthy, status, metrics, page }: SurfaceOptions): Surface {
  const routes: Readonly<Record<string, (request: Request) => Response | Promise<Response>>> = {
    "/": () => answer(200, TEXT, page()),
    "/healthz": () => (healthy() ? answer(200, TEXT, "ok\n") : answer(503, TEXT, "stopping\n")),
    "/metrics": async ({ headers }) => {
      const format = metricsFormat(headers.get("accept") ?? "");
      return answer(200, METRICS_TYPES[format], await metrics(format), { vary: "accept" });
    },
    "/api/status": () => answer(200, "application/json", `${JSON.stringify(status())}\n`),
  };
  const server = Bun.serve({
    hostname: host,
    port,
    fetch(request) {
      if (!isOurs(request.headers.get("host") ?? "", host)) return answer(421, TEXT, "not served under this name\n");
      const route = Object.hasOwn(routes, pathOf(request.url)) ? routes[pathOf(request.url)] : undefined;
      if (!route) return answer(404, TEXT, "not found\n");
      if (request.method !== "GET" && request.method !== "HEAD") {
        return answer(405, TEXT, "only GET and HEAD\n", { allow: "GET, HEAD" });
      }
      return route(request);
    },
    error: (error) => answer(500, TEXT, `${error.message}\n`),
  });
  return { port: server.port ?? port, stop: () => server.stop(true) };
}

/**
 * A page of a stranger's site can point its own name at 127.0.0.1 and read what answers there (DNS rebinding). It cannot
 * choose an address as Host, so only `localhost`, the bound host, loopback addresses, and where we are bound to all
 * addresses any address at all, are ours. The port does not matter: a tunnel may have changed it.
 *
 * @example
 * isOurs("evil.example:9190", "127.0.0.1"); // false
 */
export function isOurs(hostHeader: string, boundHost: string): boolean {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:,\s]+))(?::\d+)?$/i.exec(hostHeader);
  const name = (match?.[1] ?? match?.[2] ?? "").toLowerCase();
  if (name === "localhost" || (name !== "" && name === boundHost.toLowerCase())) return true;
  const family = isIP(name);
  if (family === 0) return false;
  const isLoopback = family === 4 ? name.startsWith("127.") : name === "::1";
  return isLoopback || boundHost === "0.0.0.0" || boundHost === "::";
}

/** The runtime passes a request with an empty Host on, with a path for its URL. */
function pathOf(url: string): string {
  return url.startsWith("/") ? url.replace(/[?#].*$/, "") : new URL(url).pathname;
}

function answer(code: number, type: string, body: string, more: Record<string, string> = {}): Response {
  const headers = { "content-type": type, "cache-control": "no-store", "x-content-type-options": "nosniff", ...more };
  return new Response(body, { status: code, headers });
}
