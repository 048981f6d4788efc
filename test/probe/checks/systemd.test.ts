import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { checkSystemd } from "../../../src/probe/checks/mod.ts";
import type { UnitFacts } from "../../../src/probe/checks/systemd/unit.ts";
import { unitOutcome } from "../../../src/probe/checks/systemd/unit-outcome.ts";
import { dbusGreeting } from "../../../src/wire/dbus/mod.ts";
import { hasNamespaces } from "../../metrics/namespaced.ts";
import { until } from "../../net/support.ts";

const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 10, 30, 12);
const FACTS: UnitFacts = {
  load: "loaded", active: "active", sub: "running", changedMs: NOW_MS - HOUR_MS, result: "success", type: "simple", exitStatus: 0,
  exitedMs: 0, restarts: 0, triggeredBy: [], starts: "",
}; // biome-ignore format: a table
const ran = NOW_MS - 3 * HOUR_MS;

describe("a unit", () => {
  test.each<[Partial<UnitFacts>, string, string]>([
    [{}, "up", "running since 60m"],
    [{ active: "reloading", sub: "reload" }, "up", "reloading since 60m"],
    [{ active: "activating", sub: "start" }, "starting", "app.service is starting"],
    [{ active: "deactivating", sub: "stop" }, "starting", "app.service is stopping"],
    [{ active: "activating", sub: "start", type: "oneshot" }, "up", "runs since 60m"],
    [
      { active: "activating", sub: "auto-restart", result: "exit-code", exitStatus: 7, restarts: 4 },
      "down",
      "app.service ends and is started again, 4 times: its program ended with exit code 7 (journalctl -u app.service)",
    ],
    [
      { active: "failed", sub: "failed", result: "signal", exitStatus: 9 },
      "down",
      "app.service has failed: its program was killed by signal 9 (journalctl -u app.service)",
    ],
    [
      { active: "failed", sub: "failed", result: "oom-kill" },
      "down",
      "app.service has failed: the machine ran out of memory, and killed it (journalctl -u app.service)",
    ],
    [
      { active: "inactive", sub: "dead" },
      "down",
      "app.service does not run since 2026-11-30T11:00Z: systemctl start app.service",
    ],
    [{ active: "inactive", sub: "dead", triggeredBy: ["app.socket"] }, "up", "starts when app.socket needs it"],
    [{ active: "inactive", sub: "dead", type: "oneshot", exitedMs: ran }, "up", "ran 3h ago"],
    [{ active: "inactive", sub: "dead", triggeredBy: ["app.timer"], exitedMs: ran }, "up", "ran 3h ago"],
    [
      { active: "inactive", sub: "dead", type: "oneshot" },
      "unknown",
      "app.service has not run since the machine started",
    ],
    [
      { active: "inactive", sub: "dead", type: "oneshot", exitedMs: ran, result: "exit-code", exitStatus: 1 },
      "down",
      "the last run of app.service has failed: its program ended with exit code 1 (journalctl -u app.service)",
    ],
    [{ load: "not-found", active: "inactive" }, "down", "there is no unit app.service: see systemctl list-unit-files"],
    [{ load: "masked", active: "inactive" }, "down", "app.service is masked: systemctl unmask app.service"],
    [
      { load: "bad-setting", active: "inactive" },
      "down",
      "the file of app.service has an error: systemctl status app.service",
    ],
  ])("with %j is %s: %s", (facts, result, reason) => {
    expect(unitOutcome("app.service", { ...FACTS, ...facts }, NOW_MS)).toEqual({ result, facts: {}, reason } as never);
  });

  test("that is a job is down when its last run is too long ago", () => {
    const facts = { ...FACTS, active: "inactive", type: "oneshot", exitedMs: ran };
    expect(unitOutcome("app.service", facts, NOW_MS, 4 * HOUR_MS).result).toBe("up");
    expect(unitOutcome("app.service", facts, NOW_MS, 2 * HOUR_MS)).toMatchObject({
      result: "down",
      reason: "app.service ran 3h ago, and should run at least every 2h: see systemctl list-timers",
    });
  });
});

test("a job that runs for longer than it should hangs", () => {
  const facts = { ...FACTS, active: "activating", sub: "start", type: "oneshot", changedMs: ran };
  expect(unitOutcome("app.service", facts, NOW_MS, 4 * HOUR_MS).result).toBe("up");
  expect(unitOutcome("app.service", facts, NOW_MS, 2 * HOUR_MS).reason).toContain("does it hang?");
});

describe("where systemd does not answer", () => {
  const folder = mkdtempSync(join(tmpdir(), "tenk-systemd-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const servers: Server[] = [];
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) server.close();
  });
  let count = 0;

  async function bus(said: (socket: Socket, bytes: Buffer) => void): Promise<string> {
    const path = join(folder, `${++count}`);
    const server = createServer((socket) => {
      sockets.push(socket.on("error", () => {}));
      socket.on("data", (bytes: Buffer) => said(socket, bytes));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return path;
  }

  const check = (path: string, timeoutMs = 20_000, isBus = true) =>
    checkSystemd({ unit: "a.service", timeoutMs, places: [{ path, isBus }] });
  /** A message of 2 GiB, and one that is none. */
  const huge = Buffer.from("6c0200010000008001000000000000000000000000000000", "hex");
  const accept = (socket: Socket, bytes: Buffer) => bytes.includes("AUTH") && socket.write("OK 1234\r\n");

  test.each<[string, (socket: Socket, bytes: Buffer) => void, string]>([
    ["closes", (socket) => socket.destroy(), "has closed the connection"],
    [
      "accepts nobody",
      (socket) => socket.write("REJECTED EXTERNAL\r\n"),
      "does not accept this user: it says REJECTED",
    ],
    ["talks without end", (socket) => socket.write("x".repeat(4096)), "has closed the connection"],
    [
      "sends a message of two gigabytes",
      (socket, bytes) => {
        if (!accept(socket, bytes)) socket.write(huge);
      },
      "has closed the connection",
    ],
    [
      "sends what is no message",
      (socket, bytes) => {
        if (!accept(socket, bytes)) socket.write("hello hello hello hello");
      },
      "has closed the connection",
    ],
  ])("a bus that %s makes it unknown", async (_, said, reason) => {
    const outcome = await check(await bus(said));
    expect(outcome).toEqual({ result: "unknown", facts: {}, reason: expect.stringContaining(reason) });
  });

  test("a bus that is silent makes it unknown after the timeout, and is asked anew the next time", async () => {
    let opened = 0;
    const path = await bus(() => { opened += 1; }); // biome-ignore format: one thought
    for (let times = 1; times <= 2; times++) {
      expect((await check(path, 50)).reason).toContain("does not answer within 0.05 s");
      expect(opened).toBe(times);
    }
  });

  test("nothing but messages is sent after the greeting, which systemd would read together and forget", async () => {
    const heard: Buffer[] = [];
    const path = await bus((socket, bytes) => {
      heard.push(bytes);
      if (!accept(socket, bytes)) socket.destroy();
    });
    await check(path, 20_000, false);
    expect(heard.map((bytes) => bytes.toString("latin1"))).toEqual([
      Buffer.from(dbusGreeting(process.getuid!())).toString("latin1"),
      expect.stringMatching(/^l.+ListUnitsByNames/s),
    ]);
  });

  test("none at all is unknown, with what a container needs", async () => {
    const outcome = await check(join(folder, "nowhere"));
    expect(outcome).toMatchObject({ result: "unknown", reason: expect.stringContaining("no systemd answers on this machine: in a container") }); // biome-ignore format: one call
  });
});

const GROUPS = existsSync("/sys/fs/cgroup/cgroup.controllers") ? "/sys/fs/cgroup" : "/sys/fs/cgroup/unified";

function ownGroup(): string {
  return mkdtempSync(join(GROUPS, "tenk-test-"));
}

/** Removes a control group with all below it. @returns false while processes in it are still ending */
function removeGroup(group: string): boolean {
  try {
    for (const each of readdirSync(group, { withFileTypes: true }))
      if (each.isDirectory() && !removeGroup(join(group, each.name))) return false;
    rmdirSync(group);
    return true;
  } catch {
    return !existsSync(group);
  }
}

const FLAGS = ["-m", "-p", "-f", "-n", "-u", "-i", "-C", "--mount-proc"];
const SYSTEMD = "/lib/systemd/systemd";
const hasSystemd = existsSync(SYSTEMD) && existsSync("/usr/bin/dbus-daemon");

if (!hasSystemd)
  test.skipIf(process.env.CI !== "true")("systemd and dbus-daemon are not installed", () => {
    throw new Error("This check needs both, and must not be left out in CI");
  });

if (hasSystemd && hasNamespaces(FLAGS)) {
  test("for real: units of a systemd, by its own socket and by a bus", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tenk-systemd-units-"));
    const unit = (name: string, text: string) =>
      writeFileSync(join(folder, name), `[Unit]\nDefaultDependencies=no\n${text}\n`);
    const service = (name: string, ...lines: string[]) => unit(`${name}.service`, `[Service]\n${lines.join("\n")}`);
    const root = join(import.meta.dirname, "../../..");
    const program = `/run/source/${relative(root, import.meta.dirname)}/systemd-program.ts`;
    service("good", "ExecStart=/bin/sleep 1000");
    service("stopped", "ExecStart=/bin/sleep 1000");
    service("job", "Type=oneshot", "ExecStart=/bin/true");
    service("bad", "Type=oneshot", "ExecStart=/bin/sh -c 'exit 3'");
    service("crash", "ExecStart=/bin/sh -c 'exit 7'", "Restart=always", "RestartSec=1000");
    service("never", "Type=oneshot", "ExecStart=/bin/true");
    service("slow", "Type=oneshot", "ExecStart=/bin/sleep 1000", "TimeoutStartSec=infinity");
    service("broken", "Type=simple");
    service("dbus", "ExecStart=/usr/bin/dbus-daemon --system --nofork --nopidfile --address=systemd:"); // biome-ignore format: one call
    service(
      "probe",
      `ExecStart=/run/runtime/${basename(process.execPath)} ${program}`,
      "StandardOutput=file:/run/found",
      "StandardError=inherit",
    );
    // systemd goes to a bus that it has opened the socket of.
    unit("dbus.socket", "[Socket]\nListenStream=/run/dbus/system_bus_socket");
    service("lonely", "Type=oneshot", "ExecStart=/bin/true");
    unit("lonely.timer", "[Timer]\nOnActiveSec=3600");
    // A timer that is loaded, and does not run.
    for (const name of ["job", "never"]) unit(`${name}.timer`, "[Timer]\nOnActiveSec=3600");
    const wanted = "good job bad crash slow lonely dbus probe".split(" ").map((name) => `${name}.service`);
    unit("test.target", `After=lonely.timer\nWants=dbus.socket ${wanted.join(" ")} never.timer job.timer`);

    const sandbox = join(import.meta.dirname, "systemd-sandbox.sh");
    const group = ownGroup();
    // It manages what is below its control group: of its own, or two at a time would end each other's units.
    // It ends with this process, also where that is killed.
    const enter = 'echo $$ > "$0/cgroup.procs" && exec setpriv --pdeathsig KILL "$@"';
    const words = [
      "-c",
      enter,
      group,
      "unshare",
      ...FLAGS,
      "--kill-child",
      "sh",
      sandbox,
      folder,
      root,
      dirname(process.execPath),
    ];
    const child: ChildProcess = spawn("sh", words, { stdio: ["ignore", "ignore", "inherit"] });
    const closed = once(child, "close");
    try {
      const first = () => spawnSync("pgrep", ["-P", `${child.pid}`], { encoding: "utf8" }).stdout.trim();
      const found = () => {
        try {
          return readFileSync(`/proc/${first()}/root/run/found`, "utf8");
        } catch {
          return "";
        }
      };
      await until(() => child.exitCode !== null || found().endsWith("done\n"), 60_000);
      const lines = found().trim().split("\n").slice(0, -1);
      for (const place of ["private", "bus"]) {
        const ours = lines.filter((line) => line.startsWith(`${place} `)).map((line) => line.slice(place.length + 1));
        expect(ours.map((line) => line.replace(/\d+(ms|s|m)( \d+s)?/g, "N"))).toEqual([
          "good.service up running since N",
          "job.service up ran N ago",
          "bad.service down bad.service has failed: its program ended with exit code 3 (journalctl -u bad.service)",
          "crash.service down crash.service ends and is started again, 0 times: its program ended with exit code 7 (journalctl -u crash.service)",
          "never.service unknown never.service has not run since the machine started",
          "slow.service up runs since N",
          "stopped.service down stopped.service does not run: systemctl start stopped.service",
          "missing.service down there is no unit missing.service: see systemctl list-unit-files",
          "never.timer unknown never.service has not run since the machine started",
          "job.timer up ran N ago",
          "broken.service down the file of broken.service has an error: systemctl status broken.service",
          "test.target up active since N",
          "lonely.service down lonely.timer does not run, so that nothing starts lonely.service: systemctl enable --now lonely.timer",
        ]);
      }
    } finally {
      child.kill("SIGKILL");
      await closed;
      await until(() => removeGroup(group));
      rmSync(folder, { recursive: true });
    }
  }, 90_000);
}
