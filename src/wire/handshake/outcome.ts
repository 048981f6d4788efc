/**
 * How a service is, as its own protocol tells it. `restricted` is up, but we may not look: it wants a password or refuses our
 * address.
 */
export type HandshakeState = "up" | "restricted" | "starting" | "degraded" | "down";

/** Why a service is in a state other than up. A closed set, each reason with its state. */
export const HANDSHAKE_REASONS = {
  "password-required": "restricted",
  "password-wrong": "restricted",
  "not-authorised": "restricted", // logged in or anonymous, but not allowed to ask
  "no-such-user": "restricted",
  "no-such-database": "restricted",
  "no-such-ups": "restricted",
  "address-refused": "restricted",
  "address-blocked": "restricted", // after too many failed connects
  "tls-required": "restricted",
  "tls-unavailable": "restricted", // it has none, and without it we say nothing
  "password-not-sent": "restricted", // it wants the password in a form that others could read
  starting: "starting",
  "replica-syncing": "starting",
  "replica-without-master": "degraded",
  "member-not-ready": "degraded", // of a replica set: neither primary nor secondary
  full: "degraded", // it takes no more clients
  busy: "degraded",
  "storage-failing": "degraded",
  "ups-on-battery": "degraded",
  "ups-attention": "degraded",
  "ups-no-data": "degraded",
  unavailable: "down", // it says so itself
  closed: "down", // closed the connection without a word
  incomplete: "down", // closed in the middle of an answer
  "wrong-protocol": "down",
  "too-long": "down",
} as const satisfies Record<string, HandshakeState>;

export type HandshakeReason = keyof typeof HANDSHAKE_REASONS;

/** What a service tells about itself. All text is one printable line of at most 100 characters. */
export interface HandshakeFacts {
  version?: string;
  /** The program's name where the protocol tells it: `MariaDB`, `RabbitMQ`. */
  product?: string;
  /** In its group: `master`, `replica`, `primary`, `secondary`, `sentinel` … */
  role?: string;
  /** Replicas that are connected to it. */
  replicas?: number;
  /** The newest version of the protocol that it speaks. */
  protocol?: string;
  /** How it wants clients to log in. */
  authentication?: string;
  /** A status of its own, such as `OL CHRG` of a UPS. */
  status?: string;
}

export interface HandshakeOutcome {
  readonly state: HandshakeState;
  /** Undefined exactly where the state is `up`. */
  readonly reason: HandshakeReason | undefined;
  readonly facts: HandshakeFacts;
  /** The service's own message, safe to print. */
  readonly detail?: string;
}
