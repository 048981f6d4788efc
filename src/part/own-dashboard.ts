import type { HeaderField } from "./services.ts";

/** The dashboard of this instance, as parts lead requests to it. */
export interface OwnDashboard {
  /** Where it listens, without a path: `http://127.0.0.1:9190`; undefined until it does. */
  readonly target: string | undefined;
  /**
   * Returns the header by which the dashboard knows that a request came through a service of ours, and thus which client it is from
   * and which path was added. Its value is a secret of this process.
   */
  header(service: string): HeaderField;
  /** Calls `moved` whenever it listens elsewhere, also the first time. @returns what ends that */
  onMove(moved: () => void): () => void;
}
