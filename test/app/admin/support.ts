import { afterAll } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Access, type AccessOptions } from "../../../src/app/admin/access.ts";
import { type AdminServer, serveAdmin } from "../../../src/app/admin/admin-server.ts";
import type { Asset } from "../../../src/app/admin/asset-routes.ts";
import { authMiddleware } from "../../../src/app/admin/auth-middleware.ts";
import type { DashboardLink } from "../../../src/app/admin/dashboard-link.ts";
import { LiveStreams } from "../../../src/app/admin/live.ts";
import { LiveRun } from "../../../src/app/admin/live-run.ts";
import { LogRing } from "../../../src/app/admin/log-ring.ts";
import { adminRoutes } from "../../../src/app/admin/routes.ts";
import { Runs } from "../../../src/app/persistence/runs.ts";
import type { Log, LogFields } from "../../../src/base/mod.ts";
import { History } from "../../../src/metrics/mod.ts";
import { connectionRoutes, type Observed } from "../../../src/tcp/monitoring/connections.ts";

export const TOKEN = "A".repeat(43);

/** A log that keeps its lines. */
export function keptLog(): Log & { lines: [level: string, message: string, fields: LogFields][] } {
  const lines: [string, string, LogFields][] = [];
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}) =>
      void lines.push([level, message, fields]);
  return { lines, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

export interface World {
  readonly closed: number[];
  readonly history: History;
  readonly log: LogRing;
  readonly live: LiveStreams;
  readonly liveRun: LiveRun;
  readonly runs: Runs;
  readonly said: ReturnType<typeof keptLog>;
  nowMs: number;
  healthy: boolean;
  assets: Map<string, Asset>;
  listeners: Observed[];
  status: () => unknown;
}

export interface WorldOptions extends Partial<AccessOptions> {
  readonly host?: string;
  readonly names?: readonly string[];
  readonly basePath?: string;
  readonly frameAncestors?: readonly string[];
  /** Services of ours that lead here, with their paths. */
  readonly services?: Readonly<Record<string, readonly string[]>>;
  readonly link?: DashboardLink;
}

/** Everything behind the front door, small enough to be looked at. */
export function worldOf({
  host = "0.0.0.0",
  names = [],
  basePath = "/",
  frameAncestors = [],
  services = {},
  link,
  ...options
}: WorldOptions = {}) {
  const site = () => ({ names, basePath, frameAncestors, services: new Map(Object.entries(services)) });
  const history = new History();
  const log = new LogRing(50);
  const liveRun = new LiveRun();
  const world: World = {
    closed: [],
    history,
    log,
    liveRun,
    live: new LiveStreams({ history, log, run: (version) => liveRun.since(version, world.nowMs) }),
    runs: new Runs(undefined),
    said: keptLog(),
    nowMs: 1_000_000,
    healthy: true,
    assets: new Map(),
    listeners: [],
    status: () => ({ a: 1 }),
  };
  const access = new Access({ token: TOKEN, ...options }, { now: () => world.nowMs, ...(link && { link }) });
  const routes = adminRoutes({
    ...world,
    ready: () => true,
    healthy: () => world.healthy,
    dataFolder: "/var/lib/tenk",
    status: () => world.status(),
    metrics: async (format) => (format === "text" ? "a_total 1\n" : "a_total 1\n# EOF\n"),
    helpOf: (name) => `What ${name} is.`,
    parts: () => [
      { name: "tcp", panel: undefined, openRoutes: undefined, routes: connectionRoutes(() => world.listeners) },
    ],
    assets: async () => world.assets,
    marks: async (fromMs, toMs) => [{ atMs: fromMs, untilMs: toMs, kind: "run", text: "load test 1" }],
  });
  const door = authMiddleware({ access, routes, host, site, cookie: () => "tenk-9190", log: world.said });
  return {
    world,
    access,
    /** Asks as somebody at `peer`; Host is the address of the box unless it is given. */
    ask(path: string, { peer = "192.0.2.7", ...init }: Asking = {}): Promise<Response> {
      const headers = { host: "192.0.2.1:9190", ...init.headers };
      const request = new Request(`http://192.0.2.1:9190${path}`, { redirect: "manual", ...init, headers });
      return door({ request, peer, stayOpen: () => undefined });
    },
    /** The same behind a real port of this machine. */
    serve(): Promise<AdminServer> {
      return serveAdmin({ host: "127.0.0.1", port: 0, access, site, routes, log: world.said });
    },
  };
}

export interface Asking {
  readonly peer?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What a browser sends with a request of our own page. */
export const OWN_PAGE = { origin: "http://192.0.2.1:9190", "sec-fetch-site": "same-origin", "x-tenk": "1" };
export const JSON_BODY = { "content-type": "application/json" };

export async function sessionOf(ask: ReturnType<typeof worldOf>["ask"]): Promise<string> {
  const response = await ask(`/?token=${TOKEN}`);
  return (response.headers.get("set-cookie") ?? "").split(";")[0]!;
}

/** Bytes as no client would send them; resolves with all that came back within `waitMs`. */
export function raw(port: number, text: string, waitMs = 2000): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    let answer = "";
    const timer = setTimeout(() => socket.destroy(), waitMs);
    socket.on("data", (bytes) => {
      answer += bytes.toString("latin1");
    });
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(answer);
    });
    socket.on("error", reject);
  });
}

/** A head with its end, after whose answer the connection closes. */
export function head(...lines: readonly string[]): string {
  return `${lines.join("\r\n")}\r\nConnection: close\r\n\r\n`;
}

export const BEARER = { authorization: `Bearer ${TOKEN}` };
/** Of "correct horse", at the least cost there is. */
export const HASH = await Bun.password.hash("correct horse", { algorithm: "argon2id", memoryCost: 64, timeCost: 1 });
export const FORM = { "content-type": "application/x-www-form-urlencoded" };

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Gone when the file's tests are done. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tenk-test-"));
  folders.push(folder);
  return folder;
}

/** A world with a listener whose connections can be closed, and a browser that is in. */
export async function inside(options: WorldOptions = {}) {
  const made = worldOf(options);
  const { closed, listeners } = made.world;
  listeners.push({
    name: "packets",
    server: {
      findConnections: async () => ({ total: 0, matched: 0, rows: [] }),
      closeConnection: async (id: number) => closed.push(id) > 0,
    },
  });
  const cookie = await sessionOf(made.ask);
  const close = (headers: Readonly<Record<string, string>>, more: object = {}) =>
    made.ask("/api/tcp/connections/close", {
      method: "POST",
      headers: { ...JSON_BODY, ...headers },
      body: '{"listener":"packets","id":7}',
      ...more,
    });
  return { ...made, cookie, close };
}
