import type { LoadConnection, LoopProtocol } from "./protocol.ts";
import { Rotation } from "./rotation.ts";

/**
 * The places for connections: slot 3 is the third connection of this event loop, and stays it when that is reopened.
 * What is known of each lies in columns, not in an object each: about 70 bytes a connection, answers included.
 */
export class ConnectionTable {
  readonly count: number;
  readonly connections: (LoadConnection | undefined)[];
  /** Unique over all connections of the run, reopened ones too: `\{connection.uid}`. */
  readonly uids: Float64Array;
  /** When the connect began, later when it was open, in milliseconds of the run. */
  readonly sinceMs: Float64Array;
  /** 1 once the slot's connection has had its first byte. */
  readonly heard: Uint8Array;
  /** 1 once the slot's first connect has ended, well or not. */
  readonly settled: Uint8Array;
  /** What the reply finder remembers. */
  readonly replyState: Int32Array;
  /** What the stop finder remembers. */
  readonly stopState: Int32Array;
  /** The slots that have their turns: open and past their delay, or gone with messages planned for them. */
  readonly rotation: Rotation;

  constructor(count: number, protocol: LoopProtocol) {
    this.count = count;
    this.connections = new Array<LoadConnection | undefined>(count).fill(undefined);
    this.uids = new Float64Array(count);
    this.sinceMs = new Float64Array(count);
    this.heard = new Uint8Array(count);
    this.settled = new Uint8Array(count);
    this.replyState = new Int32Array(count * (protocol.replies?.intsPerConnection ?? 0));
    this.stopState = new Int32Array(count * (protocol.stop?.intsPerConnection ?? 0));
    this.rotation = new Rotation(count);
  }

  /** A copy of what the reply finder remembers of a slot: its connection leaves. */
  replyStateOf(slot: number): Int32Array {
    const ints = this.replyState.length / this.count;
    return this.replyState.slice(slot * ints, (slot + 1) * ints);
  }

  /** A fresh connection takes the slot. */
  occupy(slot: number, connection: LoadConnection): void {
    this.connections[slot] = connection;
    this.heard[slot] = 0;
    clearRow(this.replyState, slot, this.count);
    clearRow(this.stopState, slot, this.count);
  }
}

function clearRow(state: Int32Array, slot: number, slots: number): void {
  const ints = state.length / slots;
  if (ints > 0) state.fill(0, slot * ints, (slot + 1) * ints);
}
