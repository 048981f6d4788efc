import type { CertificateDeclaration } from "../part/mod.ts";
import type { Difference } from "./change.ts";
import type { DesiredListener, RunningListener } from "./listener.ts";

/** What a part knows of its listeners beyond their options. */
export interface ListenerKind<Desired extends DesiredListener> {
  /**
   * Returns a listener with what is known only now; called again whenever that changes, also with what it returned.
   *
   * @default {nothing is}
   */
  completed?(desired: Desired, now: Circumstances): Desired;
  /** Compares two listeners of one name and address. */
  differenceOf(before: Desired, after: Desired): Difference;
  /** Returns a stopped listener ready to start again as it was: its handler may have released what it needs. */
  rebuilt(before: RunningListener<Desired>): RunningListener<Desired>;
  /**
   * A change of a running listener took effect.
   *
   * @param open connections from before
   * @returns the listener as it is from now on
   */
  changed(before: RunningListener<Desired>, desired: Desired, difference: Difference, open: number): Desired;
  /** Fields for the log line of a listener that started. */
  logFields(running: RunningListener<Desired>): Record<string, string | number>;
}

/** What a listener may depend on that is in no configuration. */
export interface Circumstances {
  /** Of the store, where it needs them. */
  readonly certificates: CertificateDeclaration["tls"] | undefined;
  /** Ports of the listeners before it, or at a refresh of all, by name; 0 of a Unix socket. */
  readonly ports: ReadonlyMap<string, number>;
}
