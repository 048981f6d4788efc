// `import … from "tenk"` under Node, and so under vitest and `node --test`: load tests run in a Bun of their own, everything else says that
// it needs Bun.
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ensureInstalled } from "./install.mjs";
import { decode, encode } from "./node-values.mjs";
import { findBun, isolation } from "./runtime.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** As the library's own under Bun. */
export class TenkError extends Error {
  constructor(code, message, options = {}) {
    super(message);
    this.name = "TenkError";
    this.code = code;
    this.hint = options.hint;
  }
}

/** The functions of `load` as under Bun: the same options, the same report. */
export const load = {
  http: (options) => run("http", options),
  tcp: (options) => run("tcp", options),
  ws: (options) => run("ws", options),
};

function run(protocol, { signal, onSnapshot, ...options }) {
  ensureInstalled(root, { withDevelopment: false });
  const program = join(root, "scripts", "node-load.ts");
  const child = spawn(findBun(root), [...isolation(root), program], { stdio: ["pipe", "pipe", "inherit"] });
  // It ends with its input, and so with this process.
  child.stdin.on("error", () => {});
  child.stdin.write(`${encode({ protocol, options, wantsSnapshots: onSnapshot !== undefined })}\n`);
  const stop = () => child.stdin.write("stop\n");
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop);
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const { snapshot, report, error } = decode(line);
      if (snapshot !== undefined) onSnapshot(snapshot);
      else if (report !== undefined) resolve(report);
      else reject(new TenkError(error.code, error.message, { hint: error.hint }));
    });
    child.on("error", reject);
    child.on("close", (code) => {
      signal?.removeEventListener("abort", stop);
      reject(new TenkError("unsupported", `The load test ended without a report, with code ${code}`));
    });
  });
}

const MESSAGE =
  "tenk's library runs on Bun: under Node, vitest and node:test only `load` works. Run your test with `bun test`, or your program with `npx tenk run --program FILE.ts`";

/** A name of the library that needs Bun: any use of it says so. */
function onBun() {
  const refuse = () => {
    throw new TenkError("unsupported", MESSAGE);
  };
  const seen = (_, key) => (typeof key === "symbol" || key === "then" || key === "toJSON" ? undefined : refuse());
  return new Proxy(() => {}, { apply: refuse, construct: refuse, get: seen });
}

// The names that src/mod.ts exports: a test compares them.
export const CLOSE_REASONS = onBun();
export const ConnectionPool = onBun();
export const Dialer = onBun();
export const HeadBuffer = onBun();
export const REJECTION_REASONS = onBun();
export const ThreadPool = onBun();
export const afterTurn = onBun();
export const connect = onBun();
export const counter = onBun();
export const delimiter = onBun();
export const dumping = onBun();
export const echo = onBun();
export const fixed = onBun();
export const gauge = onBun();
export const histogram = onBun();
export const joinNodes = onBun();
export const keepConnected = onBun();
export const lengthPrefixed = onBun();
export const lines = onBun();
export const listen = onBun();
export const pipe = onBun();
export const readClientHello = onBun();
export const register = onBun();
export const relay = onBun();
export const sendFile = onBun();
export const sharedThreads = onBun();
export const sink = onBun();
export const unframed = onBun();
export const webStreams = onBun();
