/** Names of what is counted once for each. */
const PLAIN = [
  "messages", // complete ones that came
  "content", // bytes in them
  "pingsSent",
  "pongs", // to our pings
  "strayPongs", // to nothing
  "pingsReceived",
  "pingsIgnored", // of a server that does not read our pongs
] as const;

const CLOSE = "close ";
const ERROR = "error ";
const PROTOCOL = "subprotocol ";

type Plain = (typeof PLAIN)[number];

/** What one event loop counts of frames: plain fields that hot code adds to. */
export class WebSocketCounts implements Record<Plain, number> {
  messages = 0;
  content = 0;
  pingsSent = 0;
  pongs = 0;
  strayPongs = 0;
  pingsReceived = 0;
  pingsIgnored = 0;
  readonly #named = new Map<string, number>();

  /** @param how the code of the server's close frame, or why there is none */
  closed(how: string): void {
    this.#add(CLOSE + how);
  }

  /** The server broke a rule. */
  broke(why: string): void {
    this.#add(ERROR + why);
  }

  /** @param name that the server chose; empty = none */
  opened(name: string): void {
    this.#add(PROTOCOL + name);
  }

  /** Returns them by name, as they are added up over event loops. */
  read(): Record<string, number> {
    return { ...Object.fromEntries(PLAIN.map((name) => [name, this[name]])), ...Object.fromEntries(this.#named) };
  }

  #add(name: string): void {
    this.#named.set(name, (this.#named.get(name) ?? 0) + 1);
  }
}

/** What `WebSocketCounts.read` returned, added up, with what has names of its own apart. */
export function countsByKind(sums: Readonly<Record<string, number>>): Readonly<Record<Plain, number>> & {
  readonly closes: Readonly<Record<string, number>>;
  readonly errorsBy: Readonly<Record<string, number>>;
  readonly subprotocols: Readonly<Record<string, number>>;
} {
  const plain = Object.fromEntries(PLAIN.map((name) => [name, sums[name] ?? 0])) as Record<Plain, number>;
  return { ...plain, closes: under(CLOSE), errorsBy: under(ERROR), subprotocols: under(PROTOCOL) };

  function under(prefix: string): Record<string, number> {
    const found = Object.entries(sums).filter(([name]) => name.startsWith(prefix));
    return Object.fromEntries(found.map(([name, count]) => [name.slice(prefix.length), count]));
  }
}
