/** Real servers that run together, each in a folder of its own. Runs in namespaces of its own: see `box.test.ts`. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { until } from "../../net/support.ts";
import type { RealServer } from "./server.ts";

/** How long a server may take to start on a busy machine. */
const START_MS = 90_000;
const STOP_MS = 15_000;

type Ids = { readonly uid?: number; readonly gid?: number };

export class Box {
  readonly #root: string;
  readonly #running = new Map<string, ChildProcess>();
  readonly #prepared = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Starts a server, and resolves when it listens. */
  async start(server: RealServer): Promise<void> {
    const { name, target, words, env } = server;
    const folder = join(this.#root, name);
    const ids = server.user === undefined ? {} : idsOf(server.user);
    if (!this.#prepared.has(name)) this.#prepare(server, folder, ids);
    const [program = "", ...rest] = words(folder);
    // A file, since some open /dev/stdout anew, which a socket cannot be.
    const output = openSync(this.#outputOf(name), "a", 0o666);
    const child = spawn(program, rest, {
      cwd: folder,
      env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin`, ...env?.(folder) },
      stdio: ["ignore", output, output],
      detached: true, // a group of its own, so that what it starts ends with it
      ...ids,
    });
    closeSync(output);
    this.#running.set(name, child);
    const port = Number(/\d+$/.exec(target)![0]);
    const untilMs = performance.now() + START_MS;
    while (!(await listens(port))) {
      if (child.exitCode !== null || performance.now() > untilMs)
        throw new Error(`${name} does not listen on ${port}:\n${this.log(server)}`);
      await Bun.sleep(50);
    }
  }

  /** Ends a server as a service manager does: politely, then with all it has started. */
  async stop({ name, stop }: RealServer): Promise<void> {
    const child = this.#running.get(name)!;
    this.#running.delete(name);
    const closed = once(child, "close");
    const folder = join(this.#root, name);
    const [program, ...rest] = stop?.(folder) ?? [];
    if (program !== undefined) spawnSync(program, rest, { cwd: folder });
    signal(child, "SIGTERM");
    const isOver = await Promise.race([closed.then(() => true), Bun.sleep(STOP_MS).then(() => false)]);
    signal(child, "SIGKILL");
    if (!isOver) await closed;
  }

  /** All that it has logged so far. */
  log({ name, logs = [] }: RealServer): string {
    const files = [this.#outputOf(name), ...logs.map((file) => join(this.#root, name, file))];
    return files.map((file) => (existsSync(file) ? readFileSync(file, "utf8") : "")).join("");
  }

  /** Lines that it has logged so far. */
  lines(server: RealServer): number {
    return this.log(server).split("\n").length - 1;
  }

  /** Resolves when no server has logged anything for a moment: what they say when they start is over. */
  async quiet(servers: readonly RealServer[], forMs = 1500): Promise<void> {
    let [before, sinceMs] = [-1, performance.now()];
    await until(() => {
      const now = servers.reduce((sum, server) => sum + this.lines(server), 0);
      if (now !== before) [before, sinceMs] = [now, performance.now()];
      return performance.now() - sinceMs > forMs;
    }, 60_000);
  }

  #outputOf(name: string): string {
    return join(this.#root, `${name}.out`);
  }

  #prepare({ name, prepare }: RealServer, folder: string, ids: Ids): void {
    this.#prepared.add(name);
    mkdirSync(folder, { recursive: true });
    const own = (path: string) => ids.uid !== undefined && chownSync(path, ids.uid, ids.gid!);
    own(folder);
    prepare?.({
      folder,
      write(file, text) {
        mkdirSync(dirname(join(folder, file)), { recursive: true });
        writeFileSync(join(folder, file), text);
        own(join(folder, file));
      },
      run(program, ...words) {
        const { status, stdout, stderr } = spawnSync(program!, words, { cwd: folder, ...ids });
        if (status !== 0) throw new Error(`${program} ${words.join(" ")}: ${stdout}${stderr}`);
      },
    });
  }
}

/** Ends a server and all that it has started. */
function signal(child: ChildProcess, name: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, name);
  } catch {
    // All of its group has ended.
  }
}

function idsOf(user: string): Ids {
  const number = (flag: string) => Number(spawnSync("id", [flag, user]).stdout.toString());
  return { uid: number("-u"), gid: number("-g") };
}

/** Reads the kernel's tables: a connect would be a line in the server's log. */
async function listens(port: number): Promise<boolean> {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const tables = ["/proc/net/tcp", "/proc/net/tcp6"].map((file) => readFileSync(file, "latin1"));
  return tables.some((text) => new RegExp(`:${hex} [0-9A-F:]+ 0A `).test(text));
}
