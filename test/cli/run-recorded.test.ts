/** A load test names a box, which shows it as it goes and keeps it, wherever that box keeps things. */
import { afterEach, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { hasNginx, startNginx } from "../app/admin/nginx-support.ts";
import { newFolder } from "../app/admin/support.ts";
import { startTenk, type Tenk, tenk } from "./tenk.ts";

const started: Tenk[] = [];
afterEach(async () => {
  for (const { child } of started) child.kill("SIGTERM");
  await Promise.all(started.splice(0).map(({ ended }) => ended));
});

/** A box whose folder is its own, beside its configuration. */
async function boxOf(folder: string, dashboard = "") {
  writeFileSync(
    join(folder, "tenk.yaml"),
    `tcp: { packets: { listen: "127.0.0.1:0" } }\ndashboard: { listen: "127.0.0.1:0"${dashboard} }\ndata: { folder: ./data }\n`,
  );
  const instance = startTenk(["up", "--json"], { cwd: folder });
  started.push(instance);
  const { listeners, statusUrl } = JSON.parse((await instance.sees("stdout", /^{.*}$/m))[0]);
  const ask = async (path: string) => (await fetch(new URL(path, statusUrl))).json();
  return {
    instance,
    statusUrl: statusUrl as string,
    target: `127.0.0.1:${listeners[0].port}`,
    live: async () => ((await ask("api/runs/live")) as { run: { target: string } | null }).run,
    runs: async () => ((await ask("api/runs")) as { runs: { id: string; target: string }[] }).runs,
  };
}

const QUICK = ["-c", "2", "-r", "20", "-m", "ping", "--no-live", "--expect", "lost=0"];

test("an instance with a folder of its own shows the run live and keeps it, and says where it is", async () => {
  const instance = await boxOf(newFolder());
  const load = startTenk(["load", "tcp", instance.target, ...QUICK, "-T", "3s", "--stats-url", instance.statusUrl]);
  started.push(load);
  let live = await instance.live();
  for (; live === null && load.child.exitCode === null; live = await instance.live()) await Bun.sleep(50);
  expect(live?.target).toBe(instance.target);
  const { code, stderr } = await load.ended;
  const runs = await instance.runs();
  expect([code, runs.map(({ target }) => target), await instance.live()]).toEqual([0, [instance.target], null]);
  expect(stderr).toContain(`show=${instance.statusUrl}#/runs/${runs[0]!.id}`);
  expect((await tenk(["runs"])).stdout).not.toContain(instance.target);
}, 60_000);

test.if(hasNginx())(
  "a box that does not know us keeps the run of who has its token, below a path too",
  async () => {
    const folder = newFolder();
    const instance = await boxOf(folder);
    const { port } = new URL(instance.statusUrl);
    await using nginx = await startNginx(
      `location /tenk/ { proxy_pass http://127.0.0.1:${port}/; proxy_set_header X-Forwarded-For 203.0.113.5; }`,
    );
    const words = [
      "load",
      "tcp",
      instance.target,
      ...QUICK,
      "-T",
      "1s",
      "--stats-url",
      `${nginx.url}/tenk`,
      "--json",
      "-",
    ];
    const stranger = await tenk(words);
    expect([stranger.code, await instance.runs()]).toEqual([0, []]);
    expect(stranger.stderr).toContain("run not kept by the instance that --stats-url names");
    expect(stranger.stderr).toContain("run kept id=");
    const token = readFileSync(join(folder, "data/token"), "utf8").trim();
    const known = startTenk(words, { env: { TENK_TOKEN: token } });
    const { code, stderr, stdout } = await known.ended;
    expect([code, (await instance.runs()).map(({ target }) => target)]).toEqual([0, [instance.target]]);
    expect(stderr).toContain(`${nginx.url}/tenk/#/runs/`);
    // Its counters are read with it as well.
    const report = JSON.parse(stdout) as { server: { received: number } | null; messages: { sent: number } };
    expect([report.server?.received, stdout.includes(token), stderr.includes(token)]).toEqual([
      report.messages.sent,
      false,
      false,
    ]);
  },
  60_000,
);

test("the token is sent to no instance that nobody named", async () => {
  const asked: (string | undefined)[] = [];
  const other = createServer((request, response) => {
    asked.push(request.headers.authorization);
    response.writeHead(401).end("{}");
  });
  await new Promise<void>((resolve) => other.listen(9190, "127.9.9.9", resolve));
  try {
    const folder = newFolder();
    mkdirSync(join(folder, "data"));
    const instance = await boxOf(folder);
    const words = ["load", "tcp", instance.target.replace("127.0.0.1", "127.9.9.9"), ...QUICK, "-T", "100ms"];
    await startTenk(words, { env: { TENK_TOKEN: "T".repeat(43) } }).ended;
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((header) => header?.includes("TTT"))).toEqual([]);
  } finally {
    other.close();
  }
}, 60_000);
