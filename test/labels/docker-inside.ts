/** tenk beside Debian's Docker engine, whose containers run busybox: no image is downloaded. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { Resolver } from "node:dns/promises";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Instance, parseConfig, up } from "../../src/app/mod.ts";
import { request } from "../../src/http/mod.ts";
import { discover, type ProbeView } from "../../src/probe/mod.ts";
import { keptLog } from "../app/admin/support.ts";

const PATIENT_MS = 40_000;
const HTTP = 8080;
const DNS = 5354;
const TEXT = `dashboard: { listen: "127.0.0.1:0" }
domain: home.arpa
proxy: { http: "127.0.0.1:${HTTP}", https: off }
dns: { listen: "127.0.0.1:${DNS}", tls: off, mdns: false }
probe: { bootGrace: 0s, interval: 1s, retries: [100ms, 100ms], successes: 1, timeout: 2s }
containers: { grace: 2s }
services: { raw: { target: "tcp://127.0.0.1:18081", dns: false } }
`;

const folder = mkdtempSync(join(tmpdir(), "docker-"));
const log = keptLog();
let engine: ChildProcess;
let start: () => Promise<void>;
let instance: Instance;

function docker(...words: string[]): string {
  const { status, stdout, stderr } = spawnSync("docker", words, { encoding: "utf8" });
  if (status !== 0) throw new Error(`docker ${words.join(" ")}: ${stderr}`);
  return stdout.trim();
}

async function until<Value>(what: string, value: () => Value | Promise<Value>): Promise<NonNullable<Value>> {
  const deadline = performance.now() + PATIENT_MS;
  for (;;) {
    const found = await value();
    if (found) return found;
    if (performance.now() > deadline)
      throw new Error(`never: ${what}\n${JSON.stringify(log.lines.slice(-20), null, 1)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

beforeAll(async () => {
  const run = join(folder, "run");
  const image = join(folder, "image");
  for (const each of [run, join(image, "bin"), join(image, "www"), join(image, "tmp")])
    mkdirSync(each, { recursive: true });
  // The engine changes its root folder, which must be a mount of its own.
  spawnSync("mount", ["--bind", run, run]);
  process.env.DOCKER_HOST = `unix://${run}/docker.sock`;
  const words = [
    "--data-root",
    `${run}/data`,
    "--exec-root",
    `${run}/exec`,
    "-p",
    `${run}/pid`,
    "-H",
    process.env.DOCKER_HOST,
  ];
  start = async () => {
    engine = spawn("dockerd", words, { stdio: "ignore" });
    await until("engine", () => spawnSync("docker", ["version"]).status === 0);
  };
  await start();
  copyFileSync(["/usr/bin/busybox", "/bin/busybox"].find(existsSync)!, join(image, "bin/busybox"));
  for (const name of ["sh", "sleep", "httpd", "tail"]) symlinkSync("busybox", join(image, "bin", name));
  writeFileSync(join(image, "www/index.html"), "from the container");
  spawnSync("tar", ["-C", image, "-cf", join(folder, "image.tar"), "."]);
  docker("import", "-c", "EXPOSE 80", join(folder, "image.tar"), "site:1");
  instance = await up(parseConfig(TEXT, "tenk.yaml"), { log });
}, PATIENT_MS);

async function stopEngine(): Promise<void> {
  const ended = new Promise((resolve) => engine.once("exit", resolve));
  engine.kill();
  await ended;
}

/** The next test finds neither containers of this one nor services that are on their way out, whose end is a change too. */
afterEach(async () => {
  if (spawnSync("docker", ["version"]).status !== 0) await start();
  const left = docker("ps", "-aq");
  if (left !== "") docker("rm", "-f", ...left.split("\n"));
  await until("no container served", async () => (await served()).join() === "raw");
});

afterAll(async () => {
  await instance?.stop(0);
  await stopEngine();
  spawnSync("umount", ["-R", join(folder, "run")]);
  rmSync(folder, { recursive: true, force: true });
});

const HTTPD = ["site:1", "/bin/httpd", "-f", "-p", "80", "-h", "/www"];
const labelled = (name: string, ...more: string[]) => [
  "--label",
  `tenk.name=${name}`,
  "--label",
  "tenk.plainHttp=serve",
  ...more,
];

async function get(host: string): Promise<string> {
  const { status, body } = await request(`http://127.0.0.1:${HTTP}/`, { fields: { host } });
  return `${status} ${new TextDecoder().decode(body)}`;
}

async function resolved(name: string): Promise<string> {
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${DNS}`]);
  return await resolver.resolve4(name).then(
    ([first]) => first ?? "nothing",
    (error: NodeJS.ErrnoException) => error.code ?? "failed",
  );
}

const served = async () => (await instance.status()).services.map(({ name }) => name);
const changes = () => log.lines.filter(([, message]) => message === "services of containers changed").length;

async function untilState(service: string, state: string) {
  return await until(`${service} ${state}`, async () => {
    const { services } = (await instance.status()).parts.probe as ProbeView;
    const found = services.find((each) => each.service === service);
    return found?.state === state ? found : undefined;
  });
}

test("a container with labels appears, is routed, named and probed, and leaves", async () => {
  docker("run", "-d", "--name", "web", ...labelled("git"), "-p", "127.0.0.1:18080:80", ...HTTPD);
  await until("served", async () => (await served()).includes("git"));
  expect(
    await until("routed", async () => ((await get("git.home.arpa")).startsWith("200") ? get("git.home.arpa") : "")),
  ).toBe("200 from the container");
  expect(await resolved("git.home.arpa")).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
  await untilState("git", "up");
  const found = (await discover()).find(({ target }) => target.endsWith(":18080"));
  expect(found).toMatchObject({ name: "web", target: "http://127.0.0.1:18080", container: "web", image: "site:1" });
  docker("rm", "-f", "web");
  await until("gone", async () => !(await served()).includes("git"));
  expect(await get("git.home.arpa")).toStartWith("404");
  expect(await resolved("git.home.arpa")).toBe("ENOTFOUND");
});

test("a container that publishes no port is reached at its own address", async () => {
  docker("run", "-d", "--name", "inner", ...labelled("inner"), ...HTTPD);
  await untilState("inner", "up");
  expect(await get("inner.home.arpa")).toBe("200 from the container");
});

test("a dead container behind docker-proxy is down, though its port accepts connections", async () => {
  docker(
    "run",
    "-d",
    "--name",
    "dead",
    ...labelled("dead"),
    "-p",
    "127.0.0.1:18081:80",
    "site:1",
    "/bin/sleep",
    "1000",
  );
  const isAccepted = await new Promise((resolve) => {
    const socket = connect(18_081, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
    socket.on("close", () => socket.destroy());
  });
  expect(isAccepted).toBe(true);
  await untilState("dead", "down");
  await untilState("raw", "down");
});

test("a restart is no change of services; a pause, a failing health check and a lack of memory are the reason", async () => {
  const health = [
    "--health-cmd",
    "[ ! -e /tmp/ill ] || { echo no database; exit 1; }",
    "--health-interval",
    "1s",
    "--health-retries",
    "1",
  ];
  docker("run", "-d", "--name", "web", ...labelled("git"), ...health, "-p", "127.0.0.1:18080:80", ...HTTPD);
  await untilState("git", "up");
  const before = changes();
  docker("restart", "-t", "0", "web");
  await untilState("git", "up");
  expect(await until("routed", async () => (await get("git.home.arpa")).startsWith("200"))).toBe(true);
  docker("pause", "web");
  expect((await untilState("git", "down")).reason).toContain("container web is paused: docker unpause web");
  docker("unpause", "web");
  await untilState("git", "up");
  docker("exec", "web", "/bin/sh", "-c", "echo > /tmp/ill");
  expect((await untilState("git", "degraded")).reason).toContain("it says: no database");
  expect(changes()).toBe(before);
  docker(
    "run",
    "-d",
    "--name",
    "full",
    ...labelled("full"),
    "-m",
    "16m",
    "-p",
    "127.0.0.1:18082:80",
    "site:1",
    "/bin/sh",
    "-c",
    "/bin/sleep 2; exec /bin/tail /dev/zero",
  );
  const { reason } = await untilState("full", "down");
  const told = reason?.includes("exited")
    ? reason
    : await until("exit", async () => {
        const { services } = (await instance.status()).parts.probe as ProbeView;
        const found = services.find(({ service }) => service === "full")?.reason;
        return found?.includes("exited") ? found : undefined;
      });
  expect(told).toContain("container full exited with 137: out of memory");
  expect(await served()).toContain("full");
});

test("an engine that is restarted takes no service away, and is followed again", async () => {
  const more = ["--restart", "unless-stopped", "--stop-timeout", "1"];
  docker("run", "-d", "--name", "web", ...labelled("git"), ...more, "-p", "127.0.0.1:18080:80", ...HTTPD);
  await untilState("git", "up");
  await stopEngine();
  await untilState("git", "down");
  // More than the grace time.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect(await served()).toContain("git");
  await start();
  await untilState("git", "up");
  docker("run", "-d", "--name", "late", ...labelled("late"), ...HTTPD);
  await untilState("late", "up");
});
