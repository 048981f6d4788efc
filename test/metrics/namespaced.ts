import { test } from "bun:test";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Status } from "../../src/app/mod.ts";
import { keepingIn, TENK } from "../cli/tenk.ts";
import { until } from "../net/support.ts";
import { valuesOfText } from "./host-support.ts";

/** Whether namespaces can be created here; where they cannot, one test reports it, and fails in CI. */
export function hasNamespaces(flags: readonly string[]): boolean {
  if (spawnSync("unshare", [...flags, "true"]).status === 0) return true;
  test.skipIf(process.env.CI !== "true")(`namespaces (unshare ${flags.join(" ")}) cannot be made: needs root`, () => {
    throw new Error("This check needs root, and must not be left out in CI");
  });
  return false;
}

/**
 * Words in front of a program that gives it a network of its own, with loopback alone: one that runs by defaults would ask upstreams,
 * fetch block lists and speak multicast DNS.
 */
export const OFFLINE = ["unshare", "-rn", "sh", "-c", 'ip link set lo up; exec "$@"', "sh"] as const;
export const hasOffline = () => hasNamespaces(["-rn"]);

/** `tenk up` in namespaces of its own. */
export interface Namespaced {
  readonly pid: number;
  status(): Promise<Status>;
  /** The first status that is as wanted. */
  statusWhen(isWanted: (status: Status) => boolean): Promise<Status>;
  json(path: string): Promise<unknown>;
  /** `name{label="value"}` → value, of a scrape. */
  metrics(): Promise<Record<string, number>>;
  /** `tenk status`, beside it in its namespaces. */
  statusText(): string;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts it after a script of the shell has prepared its namespaces. `$DIR` is an empty folder, `$BUN` the runtime.
 *
 * @param flags of unshare: with `--net` requests are made from within, with `--pid` the script's processes end with it
 */
export async function namespacedTenk(flags: readonly string[], prepare: string): Promise<Namespaced> {
  const folder = mkdtempSync(join(tmpdir(), "tenk-namespace-"));
  // Where it hangs in the kernel it ends after those it hangs on, which a shell that is process 1 takes with it.
  const command = `${TENK.join(" ")} up --json --listen 127.0.0.1:0 --dashboard 127.0.0.1:0`;
  const up = flags.includes("--pid") ? `${command}; exit` : `exec ${command}`;
  const isNet = flags.includes("--net");
  const child = spawn("unshare", [...flags, "sh", "-ec", `${isNet ? "ip link set lo up\n" : ""}${prepare}\n${up}`], {
    env: { ...keepingIn(join(folder, "data")), DIR: folder, BUN: process.execPath },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const url = await urlOf(child);
  const enter = isNet ? ["nsenter", "--target", `${child.pid}`, "--net"] : [];
  const run = (words: readonly string[]) => {
    const [command = "", ...rest] = [...enter, ...words];
    return spawnSync(command, rest, { encoding: "utf8", env: keepingIn(join(folder, "data")) }).stdout;
  };
  const get = async (path: string) =>
    isNet
      ? run([process.execPath, "-e", `process.stdout.write(await (await fetch("${url}${path}")).text())`])
      : (await fetch(url + path)).text();
  const status = async () => JSON.parse(await get("api/status")) as Status;
  return {
    pid: child.pid!,
    status,
    json: async (path) => JSON.parse(await get(path)),
    async statusWhen(isWanted) {
      const deadline = performance.now() + 10_000;
      for (;;) {
        const now = await status();
        if (isWanted(now)) return now;
        if (performance.now() > deadline)
          throw new Error(`Not within 10 s: ${isWanted}, but ${JSON.stringify(now.host)}`);
        await Bun.sleep(100);
      }
    },
    metrics: async () => valuesOfText(await get("metrics")),
    statusText: () => run([...TENK, "status", "--url", url]),
    async [Symbol.asyncDispose]() {
      const ended = once(child, "close");
      child.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function urlOf(child: ChildProcess): Promise<string> {
  let [text, errors] = ["", ""];
  child.stdout?.on("data", (part) => (text += part));
  child.stderr?.on("data", (part) => (errors += part));
  let isOver = false;
  child.once("close", () => (isOver = true));
  await until(() => isOver || /"statusUrl":"/.test(text), 20_000);
  const url = /"statusUrl":"([^"]+)"/.exec(text)?.[1];
  if (url === undefined) throw new Error(`tenk did not start:\n${errors}`);
  return url;
}
