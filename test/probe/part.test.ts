import { expect, test } from "bun:test";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Instance } from "../../src/app/mod.ts";
import type { ProbeView } from "../../src/probe/mod.ts";
import { withInstance } from "../app/reload-support.ts";

const PATIENT_MS = 20_000;
const text = (services: string) =>
  `proxy: off\nservices: { ${services} }\nprobe: { bootGrace: 0s, interval: 1s, retries: [100ms, 100ms] }\n`;

async function server(port = 0) {
  const web = createServer((_, response) => response.end("ok")).listen(port, "127.0.0.1");
  await new Promise((resolve) => web.once("listening", resolve));
  return { web, port: (web.address() as AddressInfo).port };
}

async function viewOf(instance: Instance): Promise<ProbeView["services"]> {
  return ((await instance.status()).parts.probe as ProbeView).services;
}

async function untilState(instance: Instance, service: string, state: string): Promise<ProbeView["services"][number]> {
  const deadline = performance.now() + PATIENT_MS;
  for (;;) {
    const found = (await viewOf(instance)).find((each) => each.service === service);
    if (found?.state === state) return found;
    if (performance.now() > deadline) throw new Error(`${service} is ${found?.state}: ${found?.reason}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("a service is up, down while its server is away with the reason, and up again; log, status and metrics say so", async () => {
  const { web, port } = await server();
  await withInstance({}, text(`git: "http://127.0.0.1:${port}"`), async (instance, _, __, said) => {
    expect(await untilState(instance, "git", "up")).toMatchObject({ reason: null, latencyMs: expect.any(Number) });
    web.closeAllConnections();
    await new Promise((resolve) => web.close(resolve));
    const down = await untilState(instance, "git", "down");
    expect(down.reason).toContain("is it running?");
    const families = await instance.families();
    const value = (name: string, labels: object) =>
      families.find((each) => each.name === name)!.samples.find((each) => Bun.deepEquals(each.labels, labels))!.value;
    expect(value("probe_success", { service: "git" })).toBe(0);
    expect(families.find((each) => each.name === "probe_duration_seconds")?.samples ?? []).toEqual([]);
    expect(value("tenk_probe_state", { service: "git", state: "down" })).toBe(1);
    const again = await server(port);
    await untilState(instance, "git", "up");
    again.web.close();
    expect(said().filter((line) => line.startsWith("service"))).toEqual(["service up", "service down", "service up"]);
  });
});

test("a reload keeps what is known of services that stay, and forgets those that go", async () => {
  const { web, port } = await server();
  const one = `one: "http://127.0.0.1:${port}"`;
  const two = `two: "tcp://127.0.0.1:${port}"`;
  await withInstance({}, text(`${one}, ${two}`), async (instance, reload) => {
    const before = await untilState(instance, "one", "up");
    await untilState(instance, "two", "up");
    expect(
      await reload(text(`${one}, own: { respond: hi }, off: { target: "http://127.0.0.1:1", probe: false }`)),
    ).toBe("reloaded");
    const { sinceMs } = before;
    expect(await viewOf(instance)).toEqual([expect.objectContaining({ service: "one", state: "up", sinceMs })]);
  });
  web.close();
});

test("a service whose name alone changes keeps its history", async () => {
  const { web, port } = await server();
  await withInstance({}, text(`git: "http://127.0.0.1:${port}"`), async (instance, reload, _, said) => {
    const { sinceMs } = await untilState(instance, "git", "up");
    expect(await reload(text(`code: "http://127.0.0.1:${port}"`))).toBe("reloaded");
    expect((await untilState(instance, "code", "up")).sinceMs).toBe(sinceMs);
    expect(said().filter((line) => line.startsWith("service"))).toEqual(["service up"]);
  });
  web.close();
});

test("what stands behind a service that is down is unknown, and no second warning; what answers is up all the same", async () => {
  const { web, port } = await server();
  const services = `router: "tcp://127.0.0.1:1", nas: { target: "tcp://127.0.0.1:2", after: router }, here: { target: "tcp://127.0.0.1:${port}", after: router }`;
  await withInstance({}, text(services), async (instance, _, __, said) => {
    await untilState(instance, "router", "down");
    await untilState(instance, "nas", "unknown");
    await untilState(instance, "here", "up");
    const severity = "critical" as const;
    const router = { key: "service/router", severity, subject: "router", state: "down" };
    const nas = {
      key: "service/nas",
      severity,
      subject: "nas",
      state: "unknown",
      behind: "service/router",
    };
    expect((await instance.status()).problems).toEqual(
      [router, nas].map((each) => ({
        ...each,
        sinceMs: expect.any(Number),
        reason: expect.stringContaining("is it running?"),
      })),
    );
    expect(said().filter((line) => line === "service down").length).toBeLessThan(3);
  });
  web.close();
});

test.each(["nas", "other"])("a service cannot stand on %s, itself or one that is not declared", async (after) => {
  const services = `nas: { target: "tcp://127.0.0.1:2", after: ${after} }`;
  await expect(withInstance({}, text(services), async () => {})).rejects.toThrow(
    "services.nas.after: expected the name",
  );
});
