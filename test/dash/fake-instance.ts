import type {
  BoxView,
  ChartMark,
  ConnectionRow,
  HostStatus,
  LimitsStatus,
  LogLine,
  MaintenanceRequest,
  MaintenanceWindowView,
  ProbedServiceView,
  ProblemView,
  RunAnswer,
  SeriesName,
} from "../../src/dash/mod.ts";
import { outcomeOf, pageAssets, runSeries } from "../../src/dash/mod.ts";
import { fakeConnections, fakeLog, fakeMounts, fakeRun, fakeSeries, fakeSnapshot } from "./fake-data.ts";
import { fakeProblems, fakeServiceAnswer, fakeServices } from "./fake-services.ts";

export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
export const TOKEN = "a-token-of-the-test";
const RESUME_SECONDS = 900;
const ADDRESS = "127.0.0.1";

/** A test may change its fields while it runs. */
export interface FakeInstance {
  readonly url: string;
  connections: ConnectionRow[];
  log: LogLine[];
  runs: RunAnswer[];
  /** A stretch without samples, as of an instance that was off: [from, to) in seconds since 1970. */
  gap: readonly [number, number] | undefined;
  /** Probed services; undefined where the part does not run. */
  services: readonly ProbedServiceView[] | undefined;
  boxes: readonly BoxView[];
  /** Problems of the machine. */
  problems: readonly ProblemView[];
  /** Windows of maintenance; undefined where the part of alerts does not run. */
  maintenance: MaintenanceWindowView[] | undefined;
  /** What is found and not declared; undefined where there is no such route. */
  undeclared: string | undefined;
  /** Additional series. */
  extra: SeriesName[];
  /** A run in progress, at this second of it. */
  runSecond: number | undefined;
  /** Its clock is set back by this. */
  behindSeconds: number;
  /** The machine and its limits, where not as usual. */
  machine: { readonly host?: Partial<HostStatus>; readonly limits?: LimitsStatus };
  /** Whether the client has a session. */
  hasSession: boolean;
  /** What charts mark. */
  marks: ChartMark[];
  /** How `/api/…` answers: as usual, with 401, or not at all. */
  mood: "well" | "closed" | "gone";
  /** How long a browser waits before it comes back to a stream that has ended. */
  retryMs: number;
  /** The seconds before this one were sent, since 1970. */
  readonly second: number;
  /** The requests, newest last: method, path and query. */
  readonly asked: string[];
  /** Ends all streams, as a restart in between would. */
  dropStreams(): void;
  say(line: Omit<LogLine, "t">): void;
  /** Sends a run in progress to all streams, as given. */
  tellRun(run: object): void;
  stop(): void;
}

/** An instance that speaks the contract of the page's API, with data that moves and nothing behind it. */
export async function fakeInstance({ isRunning = false } = {}): Promise<FakeInstance> {
  const assets = await pageAssets();
  const beganSeconds = Math.floor(Date.now() / 1000);
  const curves = fakeSeries(beganSeconds);
  const streams = new Set<ReadableStreamDefaultController<string>>();
  const day = 86_400_000;

  const valueAt = (key: string, seconds: number): number | null => {
    if (instance.gap !== undefined && seconds >= instance.gap[0] && seconds < instance.gap[1]) return null;
    const extra = instance.extra.findIndex((each) => each.key === key);
    return extra >= 0 ? 10 + extra : (curves.find((each) => each.key === key)?.curve(seconds) ?? null);
  };
  const keys = () => [...curves, ...instance.extra].map(({ key }) => key);
  const secondEvent = (seconds: number, told = seconds) =>
    `id: ${told}\nevent: second\ndata: ${JSON.stringify({ t: told * 1000, v: keys().map((key) => valueAt(key, seconds)) })}\n\n`;
  const event = (name: string, data: unknown) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
  /** The run in progress up to a second of it, with what came since another. */
  const runEvent = (from: number, to: number) => {
    const told = Array.from({ length: to - from + 1 }, (_, index) => fakeSnapshot(from + index));
    return event("run", { id: "live", target: "127.0.0.1:9091", snapshot: told.at(-1), series: runSeries(told) });
  };
  const send = (text: string) => {
    for (const stream of streams) stream.enqueue(text);
  };

  const live = (request: Request) => {
    const resumed = Number(request.headers.get("last-event-id") ?? 0);
    let own: ReadableStreamDefaultController<string>;
    const stream = new ReadableStream<string>({
      start(controller) {
        own = controller;
        controller.enqueue(`retry: ${instance.retryMs}\n\n${event("names", { keys: keys() })}`);
        const now = Math.floor(Date.now() / 1000);
        if (resumed > 0 && now - resumed <= RESUME_SECONDS) {
          for (let at = resumed + 1; at < now; at += 1) controller.enqueue(secondEvent(at));
          for (const line of instance.log.filter(({ t }) => t >= (resumed - 1) * 1000))
            controller.enqueue(event("log", line));
        }
        if (instance.runSecond) controller.enqueue(runEvent(0, instance.runSecond - 1));
        streams.add(controller);
      },
      cancel: () => void streams.delete(own),
    });
    return new Response(stream, { headers: { "content-type": "text/event-stream", ...guards } });
  };

  const series = (search: URLSearchParams) => {
    const [from, to, stepMs] = ["from", "to", "step"].map((name) => Number(search.get(name))) as [
      number,
      number,
      number,
    ];
    if (!(to > from) || (to - from) / stepMs > 2000)
      return json({ error: "Too many points", hint: "ask for a larger step" }, 400);
    const t: number[] = [];
    for (let at = Math.ceil(from / stepMs) * stepMs; at <= Math.min(to, Date.now()); at += stepMs) t.push(at);
    const samples = stepMs <= 1000 ? [0] : [0, 0.21, 0.4, 0.63, 0.9];
    const answer = search.getAll("name").map((key) => {
      const each = t.map((at) => {
        const found = samples.map((share) => valueAt(key, Math.floor((at + share * stepMs) / 1000)));
        const known = found.filter((value) => value !== null);
        return known.length === 0 ? null : known;
      });
      const pick = (how: (values: number[]) => number) => each.map((values) => (values === null ? null : how(values)));
      return {
        key,
        t,
        min: pick((values) => Math.min(...values)),
        max: pick((values) => Math.max(...values)),
        mean: pick(mean),
      };
    });
    return json({ stepMs, series: answer });
  };

  const connections = (search: URLSearchParams) => {
    const words = search.get("q") ?? "";
    const matched = instance.connections.filter((each) =>
      `${each.remoteAddress}:${each.remotePort} ${each.id}`.includes(words),
    );
    const field = (
      { age: "ageMs", idle: "idleMs", read: "bytesRead", written: "bytesWritten", queued: "queuedBytes" } as const
    )[(search.get("sort") ?? "age") as "age"];
    const sign = search.get("order") === "desc" ? -1 : 1;
    const offset = Number(search.get("offset") ?? 0);
    const rows = matched
      .toSorted((a, b) => sign * (a[field] - b[field]))
      .slice(offset, offset + Number(search.get("limit") ?? 50));
    return json({ total: instance.connections.length, matched: matched.length, rows });
  };

  const close = async (request: Request) => {
    if (request.headers.get("x-tenk") !== "1") return json({ error: "Not asked by the page", hint: "" }, 403);
    if (request.headers.get("authorization") !== `Bearer ${TOKEN}`)
      return json({ error: "The token is missing", hint: "" }, 401);
    const { id } = (await request.json()) as { id: number };
    instance.connections = instance.connections.filter((each) => each.id !== id);
    return json({ closed: true });
  };

  const status = () => {
    const at = Math.floor(Date.now() / 1000);
    const counted = (name: string) => valueAt(`tenk_tcp_connections_active{listener="${name}"}`, at) ?? 0;
    const listener = (name: string, port: number, rejected: Record<string, number>) => ({
      name,
      host: "0.0.0.0",
      port,
      handler: name,
      workers: name === "sink" ? 2 : 1,
      threads: name === "sink" ? [0, 1] : [],
      counts: {
        active: counted(name),
        peak: 10_000,
        accepted: 10_241,
        framesRead: name === "echo" ? 1_000_000 : 0,
        writeQueueBytes: 0,
        rejected,
        closed: { peer: 190, reset: 41, idle: 10, handler: 0 },
      },
    });
    const total = 8 * 2 ** 30;
    const available = valueAt("node_memory_MemAvailable_bytes", at) ?? 0;
    return json({
      tenk: "0.1.0",
      startedAt: new Date((beganSeconds - 5025) * 1000).toISOString(),
      parts: {
        tcp: {
          listeners: [listener("sink", 9091, { address: 41, rate: 7, connections: 0 }), listener("echo", 9092, {})],
        },
        ...(instance.services && { probe: { services: instance.services, today: today() } }),
        boxes: { boxes: instance.boxes },
        ...(instance.maintenance && { alerts: {} }),
      },
      services: (instance.services ?? []).map(({ service }) => ({ name: service })),
      problems: [...instance.problems, ...fakeProblems(instance.services ?? [])],
      process: { pid: 1234, rssBytes: 1e8 },
      host: {
        busy: 0.6,
        load1: valueAt("node_load1", at),
        memoryUsedBytes: total - available,
        memoryTotalBytes: total,
        swapUsedBytes: 12_000_000,
        swapTotalBytes: 2 ** 31,
        rootUsedBytes: 19.4e9,
        rootAvailableBytes: 11.1e9,
        rootTotalBytes: 31.2e9,
        rootUsedPercent: 64,
        uptimeSeconds: 1_234_567,
        temperatureCelsius: 61.3,
        temperatureSensor: "cpu_thermal",
        throttling: null,
        cores: 4,
        mounts: fakeMounts(),
        ...instance.machine.host,
      },
      limits: instance.machine.limits ?? null,
    });
  };

  const maintenance = async (request: Request) => {
    if (request.method === "POST") {
      const asked = (await request.json()) as MaintenanceRequest;
      const fromMs = Date.now();
      instance.maintenance =
        "end" in asked
          ? []
          : [{ services: asked.services, fromMs, untilMs: fromMs + 7_200_000, isScheduled: false, reason: null }];
    }
    return json(instance.maintenance);
  };

  const service = (name: string | null) => {
    const view = instance.services?.find((each) => each.service === name);
    return view === undefined ? json({ error: "It is not probed", hint: "" }, 404) : json(fakeServiceAnswer(view));
  };

  const runs = (id: string | undefined) => {
    if (id !== undefined) {
      const found = instance.runs.find((each) => each.id === id);
      return found === undefined
        ? json({ error: `There is no run ${id}`, hint: "See the list of runs." }, 404)
        : json(found);
    }
    const lines = instance.runs.map(({ id, startedAt, report }) => ({
      id,
      startedAt,
      target: report.target,
      verdict: outcomeOf(report).replace("failed", "fail"),
      reason: report.verdict.reason,
      plan: report.plan,
      connections: report.connections.peak,
      perSecondSent: report.messages.perSecondSent,
      p99Us: report.latencyUs.message.p99,
      durationMs: 60_400,
    }));
    return json({ runs: lines });
  };

  const answer = (request: Request): Response | Promise<Response> => {
    const { pathname, searchParams, search } = new URL(request.url);
    instance.asked.push(`${request.method} ${pathname}${search}`);
    const asset = assets.get(pathname);
    if (asset !== undefined) {
      return new Response(asset.gzip, {
        headers: { "content-type": asset.type, "content-encoding": "gzip", ...guards },
      });
    }
    if (instance.mood === "gone") return new Response("", { status: 503 });
    if (instance.mood === "closed") return json({ error: "Who asks?", hint: "" }, 401);
    if (pathname === "/api/names")
      return json({ series: [...curves.map(({ curve: _, ...each }) => each), ...instance.extra] });
    if (pathname === "/api/series") return series(searchParams);
    if (pathname === "/api/marks") return json({ marks: instance.marks });
    if (pathname === "/api/status") return status();
    if (pathname === "/api/parts") {
      const names = ["tcp", ...(instance.services ? ["probe"] : []), ...(instance.maintenance ? ["alerts"] : [])];
      return json(names.map((name) => ({ name, panel: null })));
    }
    if (pathname === "/api/alerts/maintenance" && instance.maintenance) return maintenance(request);
    if (pathname === "/api/probe/service") return service(searchParams.get("name"));
    if (pathname === "/api/probe/discover" && instance.undeclared !== undefined)
      return json({ text: instance.undeclared, found: instance.undeclared.split("\n").length - 2, declared: 2 });
    if (pathname === "/logout" && request.method === "POST") instance.hasSession = false;
    if (pathname === "/logout") return json({ session: instance.hasSession });
    if (pathname === "/api/live") return live(request);
    if (pathname === "/api/tcp/connections") return connections(searchParams);
    if (pathname === "/api/tcp/connections/close") return close(request);
    if (pathname === "/api/log") return json({ lines: instance.log });
    if (pathname.startsWith("/api/runs")) return runs(pathname.split("/")[3]);
    return json({ error: `There is no ${pathname}` }, 404);
  };

  const server = Bun.serve({ hostname: ADDRESS, port: 0, idleTimeout: 60, fetch: answer });
  const instance: FakeInstance = {
    url: `http://${ADDRESS}:${server.port}/`,
    connections: fakeConnections(10_000),
    log: fakeLog(Date.now()),
    runs: [fakeRun("12", Date.now() - day, 1, true), fakeRun("11", Date.now() - 2 * day, 0.8, false)],
    gap: undefined,
    services: fakeServices(14),
    boxes: [],
    problems: [],
    maintenance: undefined,
    undeclared: undefined,
    extra: [],
    runSecond: isRunning ? 0 : undefined,
    behindSeconds: 0,
    machine: {},
    marks: [],
    hasSession: false,
    mood: "well",
    retryMs: 300,
    asked: [],
    get second() {
      return sent;
    },
    dropStreams() {
      for (const stream of streams) stream.close();
      streams.clear();
    },
    say(line) {
      const said = { t: Date.now(), ...line };
      instance.log.push(said);
      send(event("log", said));
    },
    tellRun: (run) => send(event("run", run)),
    stop() {
      clearInterval(timer);
      instance.dropStreams();
      void server.stop(true);
    },
  };
  let sent = beganSeconds;
  const timer = setInterval(() => {
    const now = Math.floor(Date.now() / 1000);
    for (; sent < now; sent += 1) {
      send(secondEvent(sent, sent - instance.behindSeconds));
      if (instance.runSecond === undefined) continue;
      send(runEvent(instance.runSecond, instance.runSecond));
      instance.runSecond += 1;
    }
  }, 100);
  return instance;
}

const guards = { "content-security-policy": POLICY, "x-content-type-options": "nosniff", "cache-control": "no-store" };

function json(value: unknown, code = 200): Response {
  return new Response(JSON.stringify(value), {
    status: code,
    headers: { "content-type": "application/json", ...guards },
  });
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
