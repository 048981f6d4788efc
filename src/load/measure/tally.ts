import type { AddressOutcomes } from "../../net/mod.ts";

/** Why a message was not sent. */
export const DROP_CAUSES = [
  "old", // due for longer than dropAfterMs, or until the end: the generator was too slow
  "full", // its connection's write queue was full, or a byte of it waited there at the end: the peer does not read
  "outstanding", // too many messages of its connection had no answer yet
  "noReply", // it waited for the answer to an earlier message, which did not come in dropAfterMs or until the end
  "bandwidth", // its connection had used up its upstream bandwidth
  "closed", // its connection was closed when its turn came, could not be opened, or no connection was open
  "cut", // its connection ended while a byte of it still waited to be sent
] as const;

/** Causes of lost connections that are told apart: some contain what the target chose, such as an error code. */
const MAX_CAUSES = 100;
const OTHERS = "other causes";

export type DropCause = (typeof DROP_CAUSES)[number];

/**
 * What one event loop counts: plain fields that hot code adds to, and that `add` sums over workers.
 * All of it can be posted to another thread as it is.
 */
export class Tally {
  wanted = 0;
  open = 0;
  peak = 0;
  opened = 0;
  /** Opened after another in their slot was lost, retired or could not be opened: part of `opened`. */
  reopened = 0;
  /** Open when the sending was over. */
  held = 0;
  failed = 0;
  lost = 0;
  /** Closed by us before the end: their lifetime was over. */
  retired = 0;
  bytesSent = 0;
  bytesReceived = 0;
  /** Sent at the opening of a connection; part of `bytesSent`, not of `sent`. */
  firstBytesSent = 0;
  planned = 0;
  sent = 0;
  /** Between the end of the ramp-up and that of the plan: part of `sent`, known once the sending is over. */
  sentWhileSending = 0;
  late = 0;
  /** Late because answers were awaited: part of `late`, and not the generator's fault. */
  lateForReply = 0;
  received = 0;
  /** Answers by the time the sending was over: part of `received`, known from then on. */
  answeredWhileSending = 0;
  unanswered = 0;
  /** Answers to no message: part of `received`. */
  unexpected = 0;
  readonly dropped = Object.fromEntries(DROP_CAUSES.map((cause) => [cause, 0])) as Record<DropCause, number>;
  /** `connect ECONNREFUSED` → how many. */
  readonly byCause: Record<string, number> = {};

  /** What the protocol counts beside this, by its own names: `status 200` → how many. */
  byProtocol: Readonly<Record<string, number>> = {};

  /** How connects ended at each address of a target that is a name. */
  byAddress: AddressOutcomes = {};

  get droppedInAll(): number {
    return DROP_CAUSES.reduce((sum, cause) => sum + this.dropped[cause], 0);
  }

  /** @param cause the phase and what went wrong in it: `connect ECONNREFUSED` */
  countFailure(cause: string): void {
    this.failed += 1;
    this.#countCause(cause);
  }

  countLoss(cause: string): void {
    this.lost += 1;
    this.#countCause(`established ${cause}`);
  }

  #countCause(cause: string): void {
    const name = Object.hasOwn(this.byCause, cause) || Object.keys(this.byCause).length < MAX_CAUSES ? cause : OTHERS;
    this.byCause[name] = (this.byCause[name] ?? 0) + 1;
  }

  /** Adds another's counts; `other` may have come from another thread. */
  add(other: TallyFields): void {
    for (const field of FIELDS) this[field] += other[field];
    for (const cause of DROP_CAUSES) this.dropped[cause] += other.dropped[cause];
    for (const [cause, count] of Object.entries(other.byCause)) {
      this.byCause[cause] = (this.byCause[cause] ?? 0) + count;
    }
    const byProtocol: Record<string, number> = { ...this.byProtocol };
    for (const [name, count] of Object.entries(other.byProtocol)) byProtocol[name] = (byProtocol[name] ?? 0) + count;
    this.byProtocol = byProtocol;
    for (const [address, outcomes] of Object.entries(other.byAddress)) {
      const sums = { ...this.byAddress[address] };
      for (const [outcome, count] of Object.entries(outcomes)) sums[outcome] = (sums[outcome] ?? 0) + count;
      this.byAddress = { ...this.byAddress, [address]: sums };
    }
  }
}

const FIELDS = [
  "wanted",
  "open",
  "peak",
  "opened",
  "reopened",
  "held",
  "failed",
  "lost",
  "retired",
  "bytesSent",
  "bytesReceived",
  "firstBytesSent",
  "planned",
  "sent",
  "sentWhileSending",
  "late",
  "lateForReply",
  "received",
  "answeredWhileSending",
  "unanswered",
  "unexpected",
] as const;

/** A tally's fields without its methods: what arrives from another thread. */
export type TallyFields = Pick<Tally, (typeof FIELDS)[number] | "dropped" | "byCause" | "byProtocol" | "byAddress">;
