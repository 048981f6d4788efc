import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, get, type Server as HttpServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Instance, parseConfig, up } from "../../../src/app/mod.ts";
import { reportText } from "../../../src/cli/report-text.ts";
import { paintsFor } from "../../../src/cli/terminal.ts";
import { missingOf } from "../../../src/load/http/target-reader.ts";
import type { HttpOptions } from "../../../src/load/mod.ts";
import { runHttp } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-box-"));
const silent: ServerResponse[] = [];
let target: HttpServer;
let instance: Instance;

const portOf = (name: string) => instance.listeners.find((each) => each.name === name)!.port;

/** Asks a service of the box, and has its counters read. */
function ask(service: string, path: string, options: Partial<HttpOptions> = {}, scheme: "https" | "http" = "http") {
  return runHttp(`${scheme}://127.0.0.1:${portOf(scheme)}${path}`, {
    headers: [["Host", `${service}.home.arpa`]],
    statsUrl: `${instance.statusUrl}api/status`,
    verifyTls: false,
    connections: 4,
    requests: 200,
    expectStatus: "200-599",
    ...options,
  });
}

beforeAll(async () => {
  target = createServer(({ url = "" }, answer) => {
    if (url === "/silent") silent.push(answer);
    else if (url === "/asks-fixed") {
      const options = { port: portOf("http"), headers: { host: "fixed.home.arpa" } };
      get(options, (fixed) => fixed.resume().on("end", () => answer.end("done")));
    } else answer.writeHead(Number(url.slice(1)) || 200).end("done");
  });
  await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
  const { port } = target.address() as AddressInfo;
  const text = `domain: home.arpa
dashboard: { listen: 127.0.0.1:0 }
proxy: { https: 127.0.0.1:0, http: 127.0.0.1:0, workers: 2 }
data: { folder: ${folder}, history: false }
probe: off
services:
  app: { target: http://127.0.0.1:${port}, plainHttp: serve }
  fixed: { respond: one, plainHttp: serve }
`;
  instance = await up(parseConfig(text, "test.yaml"), { logDefaults: false });
});
afterAll(async () => {
  for (const answer of silent) answer.destroy();
  await instance.stop(0);
  target.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("a tenk box as the target has counted what was sent", () => {
  test.each([
    ["of a service", "app", "/", {}, { 200: 200 }],
    ["of one that tenk answers itself", "fixed", "/", {}, { 200: 200 }],
    ["with errors as statuses", "app", "/503", {}, { 503: 200 }],
    ["with a status that has no name", "app", "/418", {}, { "4xx": 200 }],
    ["on a connection for each", "app", "/", { keepAlive: false }, { 200: 200 }],
    ["in pipelines", "fixed", "/", { pipeline: 8 }, { 200: 200 }],
  ] as [string, string, string, Partial<HttpOptions>, Record<string, number>][])("%s", async (...given) => {
    const [, service, path, options, status] = given;
    const { server, messages, verdict } = await ask(service, path, options);
    expect(messages.sent).toBe(200);
    expect(server).toMatchObject({ received: 200, requests: { byService: { [service]: 200 }, status, missing: 0 } });
    expect(server!.connectionsPeak).toBeGreaterThan(0);
    expect(verdict.checks.at(-1)).toEqual({ expect: "server.missing=0", got: "0", pass: true });
    expect(verdict.pass).toBe(true);
  });

  test.each([false, true])("over TLS, HTTP/2: %p", async (http2) => {
    const { server } = await ask("app", "/", { http2 }, "https");
    expect(server!.requests).toEqual({ byService: { app: 200 }, status: { 200: 200 }, missing: 0 });
  });

  test("where no service has the name", async () => {
    const { server } = await ask("nobody", "/");
    expect(server!.requests).toEqual({ byService: { other: 200 }, status: { 404: 200 }, missing: 0 });
  });

  test("when its client goes away before an answer: those are errors, and none is missing", async () => {
    const { server, protocol, verdict } = await ask("app", "/silent", { requests: 8, timeoutMs: 300 });
    expect(protocol.errors).toBe(8);
    expect(server!.received).toBe(8);
    expect(server!.requests!.missing).toBe(0);
    expect(verdict.checks.find(({ expect }) => expect === "server.missing=0")!.pass).toBe(true);
  });
});

test("requests of other clients are told apart from what was sent", async () => {
  const report = await ask("app", "/asks-fixed", { requests: 50 });
  expect(report.server!.requests).toMatchObject({ byService: { app: 50, fixed: 50 }, missing: 0 });
  const text = reportText(report, paintsFor({ isTTY: false } as never));
  expect(text).toContain("100 received");
  expect(text).toContain("by service: 50 app, 50 fixed");
  expect(text).toContain("50 more than were sent: other clients asked it too");
});

test("another server's port on the same machine is no listener of the box", async () => {
  const { server, serverNote } = await runHttp(`http://127.0.0.1:${(target.address() as AddressInfo).port}/`, {
    requests: 1,
    statsUrl: `${instance.statusUrl}api/status`,
  });
  expect(server).toBeNull();
  expect(serverNote).toContain("does not listen on port");
});

test.each([
  [{ 200: 5 }, { 200: 5 }, 0],
  [{ 200: 5 }, { 200: 9, 503: 1 }, 0],
  [{ 200: 5, 503: 1 }, { 200: 6 }, 1],
  [{ 200: 5, 418: 2, 419: 1 }, { 200: 4, "4xx": 3 }, 1],
  [{ 418: 2, 419: 2 }, { "4xx": 3 }, 1],
  [{ 200: 5 }, {}, 5],
  [{}, { none: 4 }, 0],
])("of answers %p a target that counted %p misses %p", (ours, theirs, missing) => {
  expect(missingOf(ours, theirs)).toBe(missing);
});
