import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { signItself } from "../../../src/certificates/mod.ts";
import { type AgentOptions, AgentPool, type PoolOptions } from "../../../src/load/mod.ts";

export const KEY = "a key of the tests, long enough";
export const VERSION = "1.2.3 (test)";

const PROGRAM = join(import.meta.dirname, "agent-program.ts");
export const selfSigned = await signItself("tenk load", { notBeforeMs: 0, notAfterMs: Date.UTC(2049, 0) });

/** A controller's port on the loopback. */
export function openPool(options: Partial<PoolOptions> = {}): Promise<AgentPool> {
  const usual = {
    wanted: 2,
    key: KEY,
    certificate: selfSigned,
    version: VERSION,
    host: "127.0.0.1",
    port: 0,
    timeoutMs: 300_000,
  };
  return AgentPool.open({ ...usual, ...options });
}

/** An agent in a process of its own, which is ended with the test. */
export class AgentProcess implements Disposable {
  readonly child: ChildProcess;
  output = "";
  readonly exitCode: Promise<number | null>;

  constructor(port: number, name: string, options: Partial<AgentOptions> = {}) {
    const all = { host: "127.0.0.1", port, key: KEY, version: VERSION, name, ...options };
    this.child = spawn(process.execPath, [PROGRAM], {
      env: { ...process.env, AGENT: JSON.stringify(all) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on("data", (text: Buffer) => {
        this.output += text.toString();
      });
    }
    this.exitCode = once(this.child, "exit").then(([code]) => code as number | null);
  }

  [Symbol.dispose](): void {
    this.child.kill("SIGKILL");
  }
}

/** Waits until a condition holds. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
