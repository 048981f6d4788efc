import { CountsByRequest } from "../http/mod.ts";

/** Names of what is neither a response code nor an error. */
const PLAIN = [
  "mismatched", // the ID of a query, and not its question
  "malformed", // not even a response
  "duplicates", // of answers that had come
  "late", // answers that came when they were not awaited any more
  "unknown", // IDs that were not sent, or too long ago
  "truncated",
  "retried", // over TCP, as the answer was truncated
  "wrongRcode",
  "resent", // after a server closed its connection
] as const;
const RCODES = 16;
const RCODE = "rcode ";
const ERROR = "error ";

type Plain = (typeof PLAIN)[number];

/** What one event loop counts of answers: plain fields that hot code adds to. */
export class DnsCounts implements Record<Plain, number> {
  mismatched = 0;
  malformed = 0;
  duplicates = 0;
  late = 0;
  unknown = 0;
  truncated = 0;
  retried = 0;
  wrongRcode = 0;
  resent = 0;
  /** The same by file, where there are several. */
  readonly byFile: CountsByRequest | undefined;
  readonly #rcodes = new Float64Array(RCODES);
  readonly #errors = new Map<string, number>();

  /** @param files their names */
  constructor(files: readonly string[]) {
    this.byFile = files.length > 1 ? new CountsByRequest(files) : undefined;
  }

  /** @param servedUs from its sending to its answer */
  answered(rcode: number, file: number, servedUs: number): void {
    this.#rcodes[rcode]! += 1;
    this.byFile?.answered(file, rcode, servedUs);
  }

  /** @param cause why a query has no answer */
  failed(cause: string, file: number): void {
    this.#errors.set(cause, (this.#errors.get(cause) ?? 0) + 1);
    this.byFile?.failed(file);
  }

  /** Returns them by name, as they are added up over event loops. @param isOver nothing more is counted */
  read(isOver: boolean): Record<string, number> {
    const read: Record<string, number> = Object.fromEntries(PLAIN.map((name) => [name, this[name]]));
    for (const [rcode, count] of this.#rcodes.entries()) if (count > 0) read[`${RCODE}${rcode}`] = count;
    for (const [cause, count] of this.#errors) read[`${ERROR}${cause}`] = count;
    this.byFile?.read(read, isOver);
    return read;
  }
}

/** What `DnsCounts.read` returned, added up, with response codes and errors apart. */
export function countsByKind(sums: Readonly<Record<string, number>>): {
  readonly plain: Readonly<Record<Plain, number>>;
  /** By number. */
  readonly rcodes: Readonly<Record<string, number>>;
  readonly errorsBy: Readonly<Record<string, number>>;
} {
  const plain = Object.fromEntries(PLAIN.map((name) => [name, sums[name] ?? 0])) as Record<Plain, number>;
  return { plain, rcodes: under(RCODE), errorsBy: under(ERROR) };

  function under(prefix: string): Record<string, number> {
    const found = Object.entries(sums).filter(([name]) => name.startsWith(prefix));
    return Object.fromEntries(found.map(([name, count]) => [name.slice(prefix.length), count]));
  }
}
