import type { Container } from "../containers/mod.ts";
import { connect } from "../net/mod.ts";
import type { Candidate } from "./candidates.ts";

export interface TargetFinderOptions {
  /** Longest try of one address. @default {1000} */
  readonly timeoutMs?: number;
  /** How long an address must keep a connection: docker-proxy accepts and closes where nothing is behind it. @default {200} */
  readonly holdMs?: number;
  /** Returns whether an address answers. @default by a connection */
  readonly answers?: (candidate: Candidate) => Promise<boolean>;
}

/** Waits before a container of which no address answers is tried again: it starts. */
const AGAIN_MS = [1000, 2000, 5000, 10_000, 30_000, 60_000];
const MAX_KNOWN = 2000;

interface Known {
  readonly candidate: Candidate;
  /** Undefined once it has answered. */
  readonly againAtMs: number | undefined;
  readonly tries: number;
}

/** Finds out at which of its addresses a container answers, and remembers it for as long as the container runs. */
export class TargetFinder {
  readonly #known = new Map<string, Known>();
  readonly #answers: (candidate: Candidate) => Promise<boolean>;

  constructor({ timeoutMs = 1000, holdMs = 200, answers }: TargetFinderOptions = {}) {
    this.#answers = answers ?? ((candidate) => keepsConnection(candidate, timeoutMs, holdMs));
  }

  /**
   * Returns the first candidate that answers; the first of all while none does.
   *
   * @param candidates at least one
   */
  async find(container: Container, candidates: readonly Candidate[], nowMs: number): Promise<Candidate> {
    const [first] = candidates;
    // Nothing to choose from, or nothing to ask.
    if (candidates.length === 1 || container.state !== "running")
      return this.#knownOf(container, candidates)?.candidate ?? first!;
    const known = this.#knownOf(container, candidates);
    if (known !== undefined && (known.againAtMs === undefined || known.againAtMs > nowMs)) return known.candidate;
    const answers = await Promise.all(candidates.map((each) => this.#answers(each)));
    const found = candidates[answers.indexOf(true)];
    const tries = known?.tries ?? 0;
    const againAtMs = found === undefined ? nowMs + AGAIN_MS[Math.min(tries, AGAIN_MS.length - 1)]! : undefined;
    this.#known.set(keyOf(container, candidates), { candidate: found ?? first!, againAtMs, tries: tries + 1 });
    if (this.#known.size > MAX_KNOWN) this.#known.delete(this.#known.keys().next().value!);
    return found ?? first!;
  }

  /** When some container is to be tried again; Infinity where none is. */
  nextMs(): number {
    return Math.min(
      Number.POSITIVE_INFINITY,
      ...[...this.#known.values()].map(({ againAtMs = Number.POSITIVE_INFINITY }) => againAtMs),
    );
  }

  /** Forgets containers that are not among these. */
  keep(containers: readonly Container[]): void {
    const ids = new Set(containers.filter(({ state }) => state === "running").map(({ id }) => id));
    for (const key of this.#known.keys()) if (!ids.has(key.slice(0, key.indexOf(" ")))) this.#known.delete(key);
  }

  #knownOf(container: Container, candidates: readonly Candidate[]): Known | undefined {
    return this.#known.get(keyOf(container, candidates));
  }
}

function keyOf({ id, startedMs }: Container, candidates: readonly Candidate[]): string {
  return `${id} ${startedMs} ${candidates.map(({ host, port }) => `${host}:${port}`).join()}`;
}

async function keepsConnection({ host, port }: Candidate, timeoutMs: number, holdMs: number): Promise<boolean> {
  const settled = Promise.withResolvers<boolean>();
  try {
    const connection = await connect(
      { host, port, timeoutMs },
      { chunk: () => settled.resolve(true), end: () => settled.resolve(false), close: () => settled.resolve(false) },
    );
    const timer = setTimeout(() => settled.resolve(true), holdMs);
    const isKept = await settled.promise;
    clearTimeout(timer);
    connection.close();
    return isKept;
  } catch {
    return false;
  }
}
