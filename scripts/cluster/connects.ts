/** `connects.ts HOST PORT RATE`: opens connections at a rate until it is asked to stop (SIGTERM), and prints what became of each. */
import { connect } from "node:net";

const [host = "", port = "", rate = ""] = process.argv.slice(2);
/** A connection that has no answer by then is lost; on a busy machine one may wait long. */
const TIMEOUT_MS = 30_000;
const TICK_MS = 5;
/** More are begun later: at the limit of descriptors the runtime reports a refusal that there was not. */
const MAX_OPEN = 8000;

export interface ConnectCounts {
  /** Connections that were begun. */
  begun: number;
  /** Those that got their answer, and were closed by us. */
  answered: number;
  /** The others, by the code of their error; `EARLY` for a FIN before the answer. */
  failed: Record<string, number>;
  /** When the first and the last of those were begun, in seconds since the start. */
  failedAt: [first: number, last: number] | undefined;
  perSecond: number;
}

const counts: ConnectCounts = { begun: 0, answered: 0, failed: {}, failedAt: undefined, perSecond: 0 };
let open = 0;
let isStopping = false;
const startedAt = performance.now();
const timer = setInterval(beginDue, TICK_MS);
process.on("SIGTERM", () => {
  isStopping = true;
  clearInterval(timer);
  counts.perSecond = Math.round(counts.begun / secondsSince(startedAt));
  endWhenDone();
});

function beginDue(): void {
  const due = Math.floor(secondsSince(startedAt) * Number(rate)) - counts.begun;
  for (let index = 0; index < due && open < MAX_OPEN; index++) begin();
}

function begin(): void {
  counts.begun += 1;
  open += 1;
  const beganAt = secondsSince(startedAt);
  let failure: string | undefined = "EARLY";
  const socket = connect({ host, port: Number(port), timeout: TIMEOUT_MS }, () => socket.write("?"));
  socket.on("data", () => {
    failure = undefined;
    socket.end();
  });
  socket.on("timeout", () => {
    if (failure !== undefined) failure = "ETIMEDOUT";
    socket.destroy();
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    failure = error.code ?? error.message;
  });
  socket.on("close", () => {
    open -= 1;
    if (failure === undefined) counts.answered += 1;
    else addFailure(failure, beganAt);
    endWhenDone();
  });
}

function addFailure(code: string, beganAt: number): void {
  counts.failed[code] = (counts.failed[code] ?? 0) + 1;
  const [first = beganAt, last = beganAt] = counts.failedAt ?? [];
  counts.failedAt = [Math.min(first, beganAt), Math.max(last, beganAt)];
}

function secondsSince(time: number): number {
  return (performance.now() - time) / 1000;
}

function endWhenDone(): void {
  if (!isStopping || open > 0) return;
  process.stdout.write(JSON.stringify(counts));
  process.exit(0);
}
