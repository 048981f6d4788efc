/** This machine's own system, booted a second time under its systemd: what is written there ends with it. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../net/support.ts";
import { run } from "./wanted.ts";

/** Debian packages that are needed are systemd-container and util-linux. */
export const MACHINE_PROGRAMS = ["systemd-nspawn", "unshare", "nsenter"];

/** In a mount namespace of its own, which ends with it: an overlay of `/`, whose upper folder is what has been written. */
const BOOT = `
mount -t tmpfs tmpfs "$DIR"
mkdir "$DIR/upper" "$DIR/work" "$DIR/root"
mount -t overlay overlay -o lowerdir=/,upperdir="$DIR/upper",workdir="$DIR/work" "$DIR/root"
rm -rf "$DIR/root/usr/sbin/policy-rc.d" "$DIR/root/var/lib/tenk" "$DIR/root/etc/tenk"
exec systemd-nspawn --directory="$DIR/root" --register=no --keep-unit --private-network --console=pipe "$@" \\
  --boot systemd.firstboot=off systemd.unit=basic.target`;

export class BootedMachine {
  readonly #child: ChildProcess;
  readonly #folder: string;
  #leader = 0;

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
  }

  /** @param readable folder on this machine → where it is to be seen, read-only */
  static async boot(readable: Readonly<Record<string, string>> = {}): Promise<BootedMachine> {
    const folder = mkdtempSync(join(tmpdir(), "tenk-machine-"));
    const binds = Object.entries(readable).map(([from, to]) => `--bind-ro=${from}:${to}`);
    const child = spawn("unshare", ["--mount", "sh", "-ec", BOOT, "sh", ...binds], {
      env: { ...process.env, DIR: folder },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream!.on("data", (part) => (said += part));
    const machine = new BootedMachine(child, folder);
    try {
      await until(() => {
        if (child.exitCode !== null) throw new Error(`systemd-nspawn ended:\n${said}`);
        return machine.#isUp();
      }, 30_000);
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
    return machine;
  }

  /** Runs a command of the shell inside. @throws {Error} with its output when it fails */
  run(command: string): string {
    return run("nsenter", [...this.#enter(), "sh", "-ec", command]);
  }

  /** Starts a program inside, whose output is read from the process that is returned. */
  start(command: string): ChildProcess {
    const words = [...this.#enter(), "sh", "-ec", command];
    return spawn("nsenter", words, { stdio: ["ignore", "pipe", "inherit"] });
  }

  /** Returns the paths that have been written or removed since the start, from `/` on, in order. */
  written(): string[] {
    const upper = join("/proc", `${this.#child.pid}`, "root", this.#folder, "upper");
    return readdirSync(upper, { recursive: true, withFileTypes: true })
      .map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }))
      .map(({ entry, path }) => `${path.slice(upper.length)}${entry.isDirectory() ? "/" : ""}`)
      .sort();
  }

  #enter(): string[] {
    return ["--target", `${this.#leader}`, "--all"];
  }

  /** systemd-nspawn's child is the one that boots. */
  #isUp(): boolean {
    const { pid } = this.#child;
    const path = `/proc/${pid}/task/${pid}/children`;
    this.#leader = existsSync(path) ? Number(readFileSync(path, "utf8").split(" ")[0]) : 0;
    if (this.#leader === 0) return false;
    const { stdout } = spawnSync("nsenter", [...this.#enter(), "systemctl", "is-system-running"], { encoding: "utf8" });
    return /^(running|degraded)$/m.test(stdout ?? "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, "exit");
      // Its child is process 1 of the namespace, with which everything inside ends.
      if (this.#leader > 0) process.kill(this.#leader, "SIGKILL");
      else this.#child.kill("SIGKILL");
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
