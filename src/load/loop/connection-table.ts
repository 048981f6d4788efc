import type { Connection } from "../../net/mod.ts";
import type { Protocol } from "./protocol.ts";
import { Rotation } from "./rotation.ts";

/** A connection whose `data` is the number of its lane; -1 once it left it. */
export type LaneConnection = Connection<number>;

/**
 * The places for connections: lane 3 is the third connection of this event loop, and stays it when that is reopened.
 * What is known of each lies in columns, not in an object each: about 70 bytes a connection, answers included.
 */
export class Lanes {
  readonly count: number;
  readonly connections: (LaneConnection | undefined)[];
  /** Unique over all connections of the run, reopened ones too: `\{connection.uid}`. */
  readonly uids: Float64Array;
  /** When the connect began, later when it was open, in milliseconds of the run. */
  readonly sinceMs: Float64Array;
  /** 1 once the lane's connection has had its first byte. */
  readonly heard: Uint8Array;
  /** 1 once the lane's first connect has ended, well or not. */
  readonly settled: Uint8Array;
  /** What the reply finder remembers. */
  readonly replyState: Int32Array;
  /** What the stop finder remembers. */
  readonly stopState: Int32Array;
  /** The lanes that have their turns: open and past their delay, or gone with messages planned for them. */
  readonly rotation: Rotation;

  constructor(count: number, protocol: Protocol) {
    this.count = count;
    this.connections = new Array<LaneConnection | undefined>(count).fill(undefined);
    this.uids = new Float64Array(count);
    this.sinceMs = new Float64Array(count);
    this.heard = new Uint8Array(count);
    this.settled = new Uint8Array(count);
    this.replyState = new Int32Array(count * (protocol.replies?.slotsPerConnection ?? 0));
    this.stopState = new Int32Array(count * (protocol.stop?.slotsPerConnection ?? 0));
    this.rotation = new Rotation(count);
  }

  /** A copy of what the reply finder remembers of a lane: its connection leaves. */
  replyStateOf(lane: number): Int32Array {
    const slots = this.replyState.length / this.count;
    return this.replyState.slice(lane * slots, (lane + 1) * slots);
  }

  /** A fresh connection takes the lane. */
  occupy(lane: number, connection: LaneConnection): void {
    this.connections[lane] = connection;
    this.heard[lane] = 0;
    clearRow(this.replyState, lane, this.count);
    clearRow(this.stopState, lane, this.count);
  }
}

function clearRow(state: Int32Array, lane: number, lanes: number): void {
  const slots = state.length / lanes;
  if (slots > 0) state.fill(0, lane * slots, (lane + 1) * slots);
}
