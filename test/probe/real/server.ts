/** What the table of real servers says of each. All stand in one box, on the ports where a person would find them. */
export interface RealServer {
  /** As `tenk discover` must call it. */
  readonly name: string;
  /** As `tenk discover` must print it: `redis://127.0.0.1:6379`. */
  readonly target: string;
  /** A file without which it cannot run. */
  readonly program: string;
  /** Where it comes from, for people: a Debian package, or a folder of `test/probe/real/`. */
  readonly from: string;
  /** Ports that it has beside that of the service: its own protocol for clusters, an older one. */
  readonly otherPorts?: readonly number[];
  /** Whom it runs as. @default root */
  readonly user?: string;
  /** Fills its folder, which is also its working folder, before it starts for the first time. */
  prepare?(place: Place): void;
  /** The command, without a shell. */
  readonly words: (folder: string) => readonly string[];
  /** Ends it, where a signal to its group does not. */
  readonly stop?: (folder: string) => readonly string[];
  readonly env?: (folder: string) => Readonly<Record<string, string>>;
  /** Where it logs, below its folder. @default {its output} */
  readonly logs?: readonly string[];
  /** Why it is up and yet says no more, as the page shows it; undefined where it is simply up. */
  readonly reason?: RegExp;
}

/** A server's folder, and means to fill it. */
export interface Place {
  readonly folder: string;
  write(name: string, text: string): void;
  /** Runs a program to its end, as the user that the server has. */
  run(...words: readonly string[]): void;
}
