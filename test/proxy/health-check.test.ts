import { expect, test } from "bun:test";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { HttpForward } from "../../src/part/mod.ts";
import { ServiceTargets } from "../../src/proxy/forward/service-targets.ts";

test("a target that answers another status than expected is out until it answers well, by GET and nothing else", async () => {
  let status = 503;
  const asked = new Set<string>();
  const server = createServer((request, response) => {
    asked.add(`${request.method} ${request.url}`);
    response.writeHead(status, { "content-length": 5000 }).end("x".repeat(5000));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const targets = new ServiceTargets("app", forward(url));
  try {
    const [target] = targets.list.targets;
    await until(() => target!.health.isOut);
    expect(target!.report().lastError).toBe("/up?deep=1 answered 503, expected 2xx or 418");
    status = 418;
    await until(() => !target!.health.isOut);
    expect([...asked]).toEqual(["GET /up?deep=1"]);
  } finally {
    targets.stop();
    server.close();
    server.closeAllConnections();
  }
});

function forward(url: string): HttpForward {
  return {
    targets: [{ url, weight: 1, draining: false }],
    protocol: "auto",
    balance: "round-robin",
    hashHeader: undefined,
    sticky: undefined,
    attempts: 3,
    health: {
      path: "/up?deep=1",
      status: ["2xx", "418"],
      checkMs: 5,
      checkTimeoutMs: 5000,
      failures: 2,
      withinMs: 0,
      backOffMs: 10_000,
      maxBackOffMs: 10_000,
    },
    limits: { perTarget: 0, waiting: 0, waitMs: 0 },
    timeouts: { connectMs: 3000, responseMs: 0, stallMs: 60_000 },
    tls: undefined,
  };
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 1));
}
