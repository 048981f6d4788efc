import type { DohTarget, Service } from "../../part/mod.ts";

/** Queries of one event loop that the name server answers at once, and that may wait for it. */
const MAX_ACTIVE = 500;
const MAX_WAITING = 500;

/** Returns the service that leads to the name server of this instance. It has no name that could be written, and no host. */
export function dohService({ path, url, header }: DohTarget): Service {
  const none = { remove: [], set: [], add: [] };
  return {
    name: "(dns)",
    target: undefined,
    kind: "http",
    hosts: [],
    dns: false,
    probe: undefined,
    http: {
      paths: [path],
      strip: false,
      plainHttp: "redirect",
      // The name server has a limit of its own.
      maxBodyBytes: 0,
      headers: { request: { ...none, remove: ["Cookie"], set: [header] }, response: none },
      auth: undefined,
      allow: undefined,
      rate: { perSecond: 0, burst: 0 },
      compress: false,
      hsts: undefined,
      answer: {
        type: "forward",
        forward: {
          targets: [{ url, weight: 1, draining: false }],
          protocol: "http1",
          balance: "round-robin",
          hashHeader: undefined,
          sticky: undefined,
          attempts: 1,
          // It is this process: a query without an answer in time says nothing about the next.
          health: {
            ...{ path: undefined, status: [], checkMs: 0, checkTimeoutMs: 1000 },
            ...{ failures: 0, withinMs: 0, backOffMs: 1000, maxBackOffMs: 1000 },
          },
          limits: { perTarget: MAX_ACTIVE, waiting: MAX_WAITING, waitMs: 2000 },
          timeouts: { connectMs: 2000, responseMs: 15_000, stallMs: 10_000 },
          tls: undefined,
        },
      },
    },
  };
}
