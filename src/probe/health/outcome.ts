/** What one probe found out. A closed set of results; the words are for people. */
export type Outcome =
  /** It answers as it should. A reason is what is worth knowing all the same. */
  | { readonly result: "up"; readonly facts: Facts; readonly reason?: string }
  /** It answers, but lets us see no more: it wants a password, or refuses our address. */
  | { readonly result: "restricted"; readonly facts: Facts; readonly reason: string }
  /** It answers, but something is amiss: slow, a replica without its master, a certificate that is soon over. */
  | { readonly result: "degraded"; readonly facts: Facts; readonly reason: string }
  /** It says that it is not ready yet. */
  | { readonly result: "starting"; readonly facts: Facts; readonly reason: string }
  | { readonly result: "down"; readonly facts: Facts; readonly reason: string }
  /** This machine cannot look, which says nothing about the service: the kernel permits no ping, no systemd runs. */
  | { readonly result: "unknown"; readonly facts: Facts; readonly reason: string };

/** What a service says of itself. */
export interface Facts {
  /** Milliseconds until the answer that decided. */
  readonly latencyMs?: number;
  readonly version?: string;
  readonly role?: string;
  /** What a service without a declared kind was recognised as: `ssh`. */
  readonly kind?: string;
  /** When its certificate is over, in milliseconds since 1970. */
  readonly certificateUntilMs?: number;
}
