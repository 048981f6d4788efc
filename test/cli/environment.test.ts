import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startTenk, withFolder } from "./tenk.ts";

const ANYWHERE = { TENK_TCP_PACKETS_LISTEN: "127.0.0.1:0", TENK_DASHBOARD_LISTEN: "127.0.0.1:0" };
/** A Service named `tenk`, as Kubernetes tells every container of its namespace. */
const SERVICE_LINKS = {
  TENK_SERVICE_HOST: "10.96.0.12",
  TENK_SERVICE_PORT: "9190",
  TENK_PORT: "tcp://10.96.0.12:9190",
  TENK_PORT_9091_TCP_ADDR: "10.96.0.12",
};

test("a box of a Service named tenk starts, with the settings that variables have", () =>
  withFolder(async (cwd) => {
    writeFileSync(join(cwd, "tenk.yaml"), "tcp:\n  packets: { listen: 1, handler: sink, backlog: }\n");
    const env = { ...ANYWHERE, ...SERVICE_LINKS, TENK_LOG_LEVL: "debug" };
    const { child, sees, ended } = startTenk(["up", "--json"], { cwd, env });
    const { listeners } = JSON.parse((await sees("stdout", /^.*\n/))[0]) as {
      listeners: { host: string; port: number }[];
    };
    expect(listeners[0]).toMatchObject({ host: "127.0.0.1" });
    expect(listeners[0]!.port).toBeGreaterThan(1);
    child.kill("SIGTERM");
    const { stderr, code } = await ended;
    expect(code).toBe(0);
    expect(stderr).toContain("settings from the environment settings=2");
    expect(stderr).toContain(
      'environment variable has no effect variable=TENK_LOG_LEVL reason="no setting has this name, did you mean TENK_LOG_LEVEL?"',
    );
    expect(stderr).toContain("setting is empty, its default is used setting=tcp.packets.backlog file=tenk.yaml line=2");
    expect(stderr).not.toContain("TENK_SERVICE_HOST");
  }));

test("a variable that is wrong keeps it from starting, by its name, with exit code 2", async () => {
  const { stderr, code } = await startTenk(["up"], { env: { ...ANYWHERE, TENK_LOG_LEVEL: "loud" } }).ended;
  expect(stderr).toStartWith('tenk: TENK_LOG_LEVEL: log.level: expected one of debug, info, warn, error, found "loud"');
  expect(code).toBe(2);
});

test("tenk check lists what variables override, and what has no effect", () =>
  withFolder(async (cwd) => {
    const env = { ...ANYWHERE, TENK_LOG_LEVEL: "" };
    const { stdout, code } = await startTenk(["check"], { cwd, env }).ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/tcp\.packets\.listen +127\.0\.0\.1:0 +TENK_TCP_PACKETS_LISTEN\n/);
    expect(stdout).toMatch(/environment variable +overrides\n/);
    expect(stdout).toMatch(/TENK_DASHBOARD_LISTEN +dashboard\.listen\n/);
    expect(stdout).toMatch(/TENK_LOG_LEVEL +empty, as if it were not there\n/);
    const json = JSON.parse((await startTenk(["check", "--json"], { cwd, env }).ended).stdout);
    expect(json.environment.overrides).toContainEqual({
      variable: "TENK_TCP_PACKETS_LISTEN",
      key: "tcp.packets.listen",
    });
  }));

test("tenk check --migrate writes a file of an older version, and a second time changes nothing", () =>
  withFolder(async (cwd) => {
    const file = join(cwd, "tenk.yaml");
    writeFileSync(file, "# mine\ntcp:\n  a: { listen: 1, outbox: { max: 2MiB } } # large\n");
    const check = async (...words: string[]) => (await startTenk(["check", ...words], { cwd }).ended).stdout;
    expect(await check()).toContain(
      "tenk.yaml is of an older version, read as: tcp.*.outbox is writeQueue; tenk check --migrate",
    );
    expect(await check("--migrate")).toBe("tenk.yaml written: version: 1 added, tcp.*.outbox is writeQueue\n");
    expect(readFileSync(file, "utf8")).toBe(
      "# mine\nversion: 1\ntcp:\n  a: { listen: 1, writeQueue: { max: 2MiB } } # large\n",
    );
    expect(await check("--migrate")).toBe("tenk.yaml is of this version\n");
  }));
