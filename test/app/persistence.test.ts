import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findToken, parseConfig, up } from "../../src/app/mod.ts";
import { Client } from "../net/support.ts";
import { HASH, keptLog, newFolder, OWN_PAGE } from "./admin/support.ts";

const TCP = 'tcp: { packets: { listen: "127.0.0.1:0" } }';

function configOf(dashboard: string, folder?: string) {
  return parseConfig(`${TCP}\ndashboard: { listen: "127.0.0.1:0"${dashboard} }`, "tenk.yaml", folder);
}

describe("an instance that has a data folder", () => {
  test("remembers what it sampled, and its token, from one start to the next", async () => {
    const dataFolder = newFolder();
    const instances = { log: keptLog(), dataFolder };
    const first = await up(configOf(""), instances);
    const token = findToken(dataFolder);
    const fromMs = Date.now() - 60_000;
    await first.stop(0);
    const second = await up(configOf(""), instances);
    expect(findToken(dataFolder)).toBe(token!);
    const answer = await fetch(`${second.statusUrl}api/series?name=node_load1&from=${fromMs}&step=10000`);
    const { series } = (await answer.json()) as { series: { mean: (number | null)[] }[] };
    expect(series[0]!.mean.some((value) => value !== null)).toBe(true);
    await second.stop(0);
    expect(instances.log.lines.filter(([level]) => level === "warn" || level === "error")).toEqual([]);
  });

  test("without history keeps its token alone", async () => {
    const dataFolder = newFolder();
    const instance = await up(
      parseConfig(`${TCP}\ndashboard: { listen: "127.0.0.1:0" }\ndata: { history: false }`, "a"),
      {
        log: keptLog(),
        dataFolder,
      },
    );
    expect(findToken(dataFolder)).toHaveLength(43);
    expect((await fetch(`${instance.statusUrl}api/names`)).status).toBe(200);
    await instance.stop(0);
    expect(await Array.fromAsync(new Bun.Glob("*").scan(dataFolder))).toEqual(["token"]);
  });

  test("uses the folder that its file names, beside the file", async () => {
    const folder = newFolder();
    const loaded = parseConfig(`${TCP}\ndashboard: { listen: "127.0.0.1:0" }\ndata: { folder: kept }`, "a", folder);
    const instance = await up(loaded, { log: keptLog() });
    expect(findToken(join(folder, "kept"))).toHaveLength(43);
    await instance.stop(0);
  });
});

describe("a password", () => {
  const form = (url: string) => ({
    method: "POST",
    redirect: "manual" as const,
    headers: { ...OWN_PAGE, origin: new URL(url).origin, "content-type": "application/x-www-form-urlencoded" },
    body: "word=correct+horse",
  });

  test("is taken from a file, and another one by a reload", async () => {
    const folder = newFolder();
    writeFileSync(join(folder, "hash"), `${HASH}\n`);
    const instance = await up(configOf("", folder), { log: keptLog() });
    expect((await fetch(`${instance.statusUrl}login`, form(instance.statusUrl))).status).toBe(401);
    await instance.reload(configOf(", password: hash", folder));
    expect((await fetch(`${instance.statusUrl}login`, form(instance.statusUrl))).status).toBe(303);
    expect(instance.reload(configOf(", password: nothing", folder))).rejects.toThrow(
      "neither an argon2id hash nor a file",
    );
    expect((await fetch(`${instance.statusUrl}login`, form(instance.statusUrl))).status).toBe(303);
    await instance.stop(0);
  });

  test.each([
    ["$2b$10$abcdefghijklmnopqrstuv", "it is no argon2id hash"],
    ["hunter22", "it is neither an argon2id hash nor a file that can be read"],
    ["text", "its file holds no argon2id hash"],
  ])("that is none (%s) is refused before anything starts, without being repeated", async (password, words) => {
    const folder = newFolder();
    writeFileSync(join(folder, "text"), "a password\n");
    const error = await up(configOf(`, password: "${password}"`, folder), { log: keptLog() }).catch((thrown) => thrown);
    expect(error.message).toBe(`dashboard.password: ${words}`);
  });
});

// Workers first: later this thread has the counter too.
test.each([[2], [1]])(
  "a handler's own counter is in history by itself, from %d event loop(s)",
  async (workers) => {
    const handler = JSON.stringify(fileURLToPath(new URL("./instance-handler.ts", import.meta.url)));
    const text = `tcp: { a: { listen: "127.0.0.1:0", handler: ${handler}, workers: ${workers} } }\ndashboard: { listen: "127.0.0.1:0" }`;
    const instance = await up(parseConfig(text, "tenk.yaml"), { log: keptLog() });
    const client = await new Client(instance.listeners[0]!.port).connected();
    client.socket.write("hello");
    const keys = async () => {
      const { series } = (await (await fetch(`${instance.statusUrl}api/names`)).json()) as {
        series: { key: string }[];
      };
      return series.map(({ key }) => key);
    };
    const deadline = Date.now() + 10_000;
    while (!(await keys()).includes("box_packets_total") && Date.now() < deadline) await Bun.sleep(50);
    expect(await keys()).toContain("box_packets_total");
    client.socket.destroy();
    await instance.stop(0);
  },
  15_000,
);

test("an instance says its machine", async () => {
  const instance = await up(configOf(""), { log: keptLog() });
  const { host } = await instance.status();
  expect(host.cores).toBeGreaterThan(0);
  expect(host.memoryTotalBytes).toBeGreaterThan(host.memoryUsedBytes ?? Number.POSITIVE_INFINITY);
  expect(host.load1).toBeGreaterThanOrEqual(0);
  await instance.stop(0);
});
