import { start } from "./process.ts";

/** What a load generator did. */
export interface Load {
  readonly requests: number;
  /** Answers with another status than 200, and connections that failed. */
  readonly failed: number;
}

/** Connections of wrk; h2load has fewer, and as many requests under way on each as fit. */
export const UNDER_WAY = 64;
const H2_CONNECTIONS = 8;
const H2_STREAMS = 32;

/** Returns the command that loads a URL for so many seconds. */
export function loadCommand(url: string, isHttp2: boolean, seconds: number): string[] {
  if (isHttp2) {
    return ["h2load", "-t", "1", "-c", String(H2_CONNECTIONS), "-m", String(H2_STREAMS), "-D", String(seconds), url];
  }
  return ["wrk", "-t", "1", "-c", String(UNDER_WAY), "-d", `${seconds}s`, url];
}

/**
 * Runs wrk or h2load on the client's processor.
 *
 * @throws {Error} with what it said, when it counted nothing
 */
export async function runLoad(command: readonly string[], pin: boolean): Promise<Load> {
  const running = start(command, pin ? 0 : undefined);
  await running.exited;
  const load = command[0] === "h2load" ? parseH2load(running.lines) : parseWrk(running.lines);
  if (load.requests > 0) return load;
  throw new Error(`${command.join(" ")}: ${running.complaint() || running.lines.slice(-3).join("; ")}`);
}

export function parseWrk(lines: readonly string[]): Load {
  const text = lines.join("\n");
  const number = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0);
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)?.slice(1) ?? [];
  const bad = number(/Non-2xx or 3xx responses: (\d+)/);
  return {
    requests: number(/(\d+) requests in/),
    failed: errors.reduce((total, each) => total + Number(each), bad),
  };
}

export function parseH2load(lines: readonly string[]): Load {
  const text = lines.join("\n");
  const number = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0);
  // What is under way at the end of the time counts as failed for h2load: only other statuses and errors are.
  const requests = number(/status codes: (\d+) 2xx/);
  const others = /status codes: \d+ 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx/.exec(text)?.slice(1) ?? [];
  return { requests, failed: others.reduce((total, each) => total + Number(each), 0) };
}
