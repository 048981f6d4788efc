/** Podman and Buildah with a storage of their own, and a network of their own that ends with it. */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./wanted.ts";

export const ENGINE_PROGRAMS = ["podman", "buildah", "runc", "nsenter", "ip"];

export class Engine {
  readonly folder = mkdtempSync(join(tmpdir(), "tenk-engine-"));
  readonly network = `/run/netns/${NAMESPACE}`;
  readonly env: NodeJS.ProcessEnv;

  constructor() {
    const storage = join(this.folder, "storage.conf");
    const settings = join(this.folder, "containers.conf");
    for (const name of ["graph", "run"]) mkdirSync(join(this.folder, name));
    const [graph, state] = ["graph", "run"].map((name) => JSON.stringify(join(this.folder, name)));
    writeFileSync(storage, `[storage]\ndriver = "overlay"\ngraphroot = ${graph}\nrunroot = ${state}\n`);
    // Where the machine's own limits are low, a container's must be no higher.
    writeFileSync(
      settings,
      `[containers]\ndefault_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]\n[engine]\nruntime = "runc"\nevents_logger = "none"\ncgroup_manager = "cgroupfs"\n`,
    );
    this.env = { ...process.env, CONTAINERS_STORAGE_CONF: storage, CONTAINERS_CONF: settings };
    run("ip", ["netns", "add", NAMESPACE]);
    this.inside("ip", ["link", "set", "lo", "up"]);
  }

  podman(...words: string[]): string {
    return run("podman", ["--log-level=fatal", ...words], { env: this.env });
  }

  /** Returns the exit code, and what was printed on both streams. */
  tryPodman(...words: string[]): { readonly status: number | null; readonly text: string } {
    const { status, stdout, stderr } = spawnSync("podman", ["--log-level=fatal", ...words], {
      env: this.env,
      encoding: "utf8",
      timeout: 60_000,
    });
    return { status, text: `${stdout}${stderr}` };
  }

  /** Runs a program in the network of the containers. */
  inside(command: string, words: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): string {
    return run("nsenter", [`--net=${this.network}`, command, ...words], { env: this.env, ...options });
  }

  /** Starts one there, to run beside what follows. */
  start(command: string, words: readonly string[]) {
    return spawn("nsenter", [`--net=${this.network}`, command, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  }

  /** Waits until a URL answers with success there, and returns the answer. */
  get(url: string): string {
    const patience = [
      "--retry",
      "60",
      "--retry-delay",
      "0",
      "--retry-connrefused",
      "--retry-all-errors",
      "--retry-max-time",
      "20",
    ];
    return this.inside("curl", ["--silent", "--fail", "--insecure", "--max-time", "5", ...patience, url]);
  }

  [Symbol.dispose](): void {
    spawnSync("podman", ["--log-level=fatal", "rm", "--all", "--force", "--time", "0"], { env: this.env });
    const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
    const own = mounts.map((line) => line.split(" ")[1] ?? "").filter((path) => path.startsWith(this.folder));
    for (const path of own.sort().reverse()) spawnSync("umount", [path]);
    spawnSync("ip", ["netns", "del", NAMESPACE]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const NAMESPACE = `tenk-engine-${process.pid}`;
