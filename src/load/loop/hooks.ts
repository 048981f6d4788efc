import type { TenkError } from "../../base/mod.ts";
import type { Report } from "../report.ts";

export type EndedBy = Report["endedBy"];

/** What goes over the wire, for `--dump-one` and its like. Bytes are borrowed. */
export interface Tap {
  out?(uid: number, bytes: Uint8Array): void;
  in?(uid: number, bytes: Uint8Array): void;
}

export interface LoopHooks {
  /** Every connection is open or has failed. The caller answers with `startSending`, once that is so in all workers. */
  rampedUp(): void;
  /** Nothing more is planned; what is under way is awaited. */
  sendingOver(): void;
  /** The run cannot go on. The caller closes the loop, though not within the call, which may come from the middle of sending. */
  failed(error: TenkError): void;
  /** All is closed. */
  done(endedBy: EndedBy): void;
  readonly tap?: Tap | undefined;
}
