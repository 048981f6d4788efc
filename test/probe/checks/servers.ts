import { test } from "bun:test";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkHandshake, type HandshakeCheck } from "../../../src/probe/checks/mod.ts";
import type { Outcome } from "../../../src/probe/health/mod.ts";
import { freePort, until } from "../../net/support.ts";

/** Whether a program is there; where it is not, one test says so, and fails in CI. */
export function needs(program: string, packageName: string): boolean {
  if (existsSync(program)) return true;
  test.skipIf(process.env.CI !== "true")(`cannot be tried: needs ${packageName}`, () => {
    throw new Error(`This check needs ${packageName}, and must not be left out in CI`);
  });
  return false;
}

type Asked = Pick<HandshakeCheck, "kind"> & Partial<HandshakeCheck>;

/** A real server in a folder of its own, with all that it logs to its output. */
export class RealServer implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly port: number;
  log = "";

  private constructor(child: ChildProcess, folder: string, port: number) {
    this.port = port;
    this.#child = child;
    this.#folder = folder;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk) => {
        this.log += chunk;
      });
    }
  }

  /** @param prepare fills the folder before the server starts */
  static async start(
    program: string,
    words: (port: number, folder: string) => string[],
    { user, prepare }: { user?: string; prepare?: (folder: string, ids: object) => void } = {},
  ): Promise<RealServer> {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), "tenk-probe-"));
    const ids: { uid?: number; gid?: number } = user !== undefined && process.getuid?.() === 0 ? idsOf(user) : {};
    if (ids.uid !== undefined && ids.gid !== undefined) chownSync(folder, ids.uid, ids.gid);
    prepare?.(folder, ids);
    const child = spawn(program, words(port, folder), { stdio: ["ignore", "pipe", "pipe"], cwd: folder, ...ids });
    return new RealServer(child, folder, port);
  }

  probe(options: Asked): Promise<Outcome> {
    return checkHandshake({
      host: "127.0.0.1",
      port: this.port,
      timeoutMs: 20_000,
      connectMs: 20_000,
      slowMs: 20_000,
      ...options,
    });
  }

  /** Probes until the state is another than "nobody listens". */
  async started(options: Asked): Promise<Outcome> {
    for (;;) {
      const result = await this.probe(options);
      if (result.result !== "down" && result.result !== "starting") return result;
      if (this.#child.exitCode !== null) throw new Error(`The server ended: ${this.log}`);
    }
  }

  lines(): number {
    return this.log.split("\n").length;
  }

  async logs(text: string): Promise<void> {
    await until(() => this.log.includes(text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) {
      this.#child.kill("SIGKILL");
      await once(this.#child, "close");
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function idsOf(user: string): { uid: number; gid: number } {
  const number = (flag: string) => Number(spawnSync("id", [flag, user]).stdout.toString());
  return { uid: number("-u"), gid: number("-g") };
}
