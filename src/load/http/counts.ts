import { CountsByRequest } from "./counts-by-request.ts";

const STATUSES = 600;

/** Names of what is neither a status nor an error. */
const PLAIN = ["bodyBytes", "interims", "wrongStatus", "wrongBody", "resent"] as const;
const STATUS = "status ";
const ERROR = "error ";

/** Causes that are told apart: some contain a number that the server chose. */
const MAX_CAUSES = 100;
const OTHERS = "other causes";

/** What one event loop counts of answers: plain fields that hot code adds to. */
export class HttpCounts {
  bodyBytes = 0;
  interims = 0;
  wrongStatus = 0;
  wrongBody = 0;
  resent = 0;
  readonly #statuses = new Float64Array(STATUSES);
  readonly #errors = new Map<string, number>();
  /** The same by request; undefined where all are alike. */
  readonly byRequest: CountsByRequest | undefined;

  /** @param names of requests that are counted apart; @param mayGrow more will be appended */
  constructor(names: readonly string[] = [], mayGrow = false) {
    this.byRequest = names.length > 1 || mayGrow ? new CountsByRequest(names) : undefined;
  }

  answered(status: number): void {
    this.#statuses[status]! += 1;
  }

  /** @param cause the phase of the answer and what went wrong in it: `body closed` */
  failed(cause: string, count = 1): void {
    const isKept = this.#errors.size < MAX_CAUSES || this.#errors.has(cause);
    const name = isKept ? cause : OTHERS;
    this.#errors.set(name, (this.#errors.get(name) ?? 0) + count);
  }

  /** Returns them by name, as they are added up over event loops. @param isOver nothing more is counted */
  read(isOver = false): Record<string, number> {
    const read: Record<string, number> = {};
    for (const name of PLAIN) read[name] = this[name];
    for (let status = 0; status < STATUSES; status++) {
      const count = this.#statuses[status]!;
      if (count > 0) read[`${STATUS}${status}`] = count;
    }
    for (const [cause, count] of this.#errors) read[`${ERROR}${cause}`] = count;
    this.byRequest?.read(read, isOver);
    return read;
  }
}

/** What `HttpCounts.read` returned, added up, with statuses and errors apart. */
export function countsByKind(sums: Readonly<Record<string, number>>): {
  readonly plain: Readonly<Record<(typeof PLAIN)[number], number>>;
  readonly status: Readonly<Record<string, number>>;
  readonly errorsBy: Readonly<Record<string, number>>;
} {
  const plain = Object.fromEntries(PLAIN.map((name) => [name, sums[name] ?? 0]));
  return { plain: plain as Record<(typeof PLAIN)[number], number>, status: under(STATUS), errorsBy: under(ERROR) };

  function under(prefix: string): Record<string, number> {
    const found = Object.entries(sums).filter(([name]) => name.startsWith(prefix));
    return Object.fromEntries(found.map(([name, count]) => [name.slice(prefix.length), count]));
  }
}
