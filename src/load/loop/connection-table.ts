import type { LoadConnection, LoopProtocol } from "./protocol.ts";
import { Rotation } from "./rotation.ts";

/**
 * The connections of one event loop by slot. A slot keeps its number when its connection is reopened.
 * The state of connections lies in columns, not in an object each: about 70 bytes a connection, answers included.
 */
export class ConnectionTable {
  readonly count: number;
  readonly connections: (LoadConnection | undefined)[];
  /** Unique over all connections of the run, reopened ones too: `\{connection.uid}`. */
  readonly uids: Float64Array;
  /** When the connect began, later when it was open, in milliseconds of the run. */
  readonly sinceMs: Float64Array;
  /** 1 once the slot's connection has had its first byte. */
  readonly hasReceived: Uint8Array;
  /** 1 once the slot's first connect has ended, well or not. */
  readonly settled: Uint8Array;
  /** State of the reply finder. */
  readonly replyState: Int32Array;
  /** State of the stop finder. */
  readonly stopState: Int32Array;
  /** Slots that get messages: open and past their delay, or lost with messages still planned for them. */
  readonly rotation: Rotation;

  constructor(count: number, protocol: LoopProtocol) {
    this.count = count;
    this.connections = new Array<LoadConnection | undefined>(count).fill(undefined);
    this.uids = new Float64Array(count);
    this.sinceMs = new Float64Array(count);
    this.hasReceived = new Uint8Array(count);
    this.settled = new Uint8Array(count);
    this.replyState = new Int32Array(count * (protocol.replies?.intsPerConnection ?? 0));
    this.stopState = new Int32Array(count * (protocol.stop?.intsPerConnection ?? 0));
    this.rotation = new Rotation(count);
  }

  /** Returns a copy of the reply finder's state for a slot whose connection leaves. */
  replyStateOf(slot: number): Int32Array {
    const ints = this.replyState.length / this.count;
    return this.replyState.slice(slot * ints, (slot + 1) * ints);
  }

  /** Puts a new connection into the slot. */
  occupy(slot: number, connection: LoadConnection): void {
    this.connections[slot] = connection;
    this.hasReceived[slot] = 0;
    clearRow(this.replyState, slot, this.count);
    clearRow(this.stopState, slot, this.count);
  }
}

function clearRow(state: Int32Array, slot: number, slots: number): void {
  const ints = state.length / slots;
  if (ints > 0) state.fill(0, slot * ints, (slot + 1) * ints);
}
