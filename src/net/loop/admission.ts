import { Count, type CountRows, placeOfRejection } from "../counts.ts";
import type { RejectionReason } from "../reasons.ts";
import type { LimitSettings } from "../settings.ts";
import { AddressSketch, SKETCH_BYTES } from "./address-sketch.ts";
import { highestUsableDescriptor } from "./descriptor-guard.ts";

/** Counts and addresses that the workers of one listener share; a worker gets their buffers. */
export interface SharedState {
  rows: CountRows;
  addresses: ArrayBuffer | SharedArrayBuffer;
  salt: number;
}

/** The part of `acceptsPerSecond` that may be borrowed from the next second; at least one accept. */
const BORROWED_PART = 0.1;

/** Decides, for one event loop, whether a just-accepted connection may stay. Costs a few additions; allocates nothing. */
export class Admission {
  readonly #rows: CountRows;
  readonly #row: Float64Array;
  readonly #addresses: AddressSketch;
  readonly #limits: LimitSettings;
  readonly #salt: number;
  /** Accepts of this second by address; set only where accepts are limited. */
  #lately: AddressSketch | undefined;
  readonly #highestDescriptor = highestUsableDescriptor();

  constructor(state: SharedState, worker: number, limits: LimitSettings) {
    this.#rows = state.rows;
    this.#row = state.rows.row(worker);
    this.#addresses = new AddressSketch(state.addresses, worker, state.salt);
    this.#limits = limits;
    this.#salt = state.salt;
  }

  /**
   * Counts the connection as open, or counts its rejection and returns the reason.
   *
   * @param address undefined where a PROXY header will name it, see `identify`
   * @param maxPending how many connections may be pending on this event loop, 0 = any number
   */
  admit(
    descriptor: number,
    address: string | undefined,
    nowMs: number,
    maxPending: number,
  ): RejectionReason | undefined {
    const row = this.#row;
    const isRush = maxPending > 0 && row[Count.pending]! >= maxPending;
    const refusal = isRush ? "handshakes" : this.#refusal(descriptor, address, Math.floor(nowMs / 1000));
    if (refusal !== undefined) {
      row[placeOfRejection(refusal)]! += 1;
      return refusal;
    }
    row[Count.accepted]! += 1;
    row[Count.active]! += 1;
    row[Count.acceptedInWindow]! += 1;
    if (address !== undefined) this.#lately?.add(address, 1);
    const active = this.#rows.sum(Count.active);
    if (active > row[Count.peak]!) row[Count.peak] = active;
    if (address !== undefined) this.#addresses.add(address, 1);
    return undefined;
  }

  /** Counts an address that was not known at `admit`. @returns false where too many connections are open from it */
  identify(address: string): boolean {
    const { maxPerAddress } = this.#limits;
    if (maxPerAddress > 0 && this.#addresses.count(address) >= maxPerAddress) return false;
    this.#addresses.add(address, 1);
    return true;
  }

  /** @param address undefined where it was never identified */
  leave(address: string | undefined): void {
    this.#row[Count.active]! -= 1;
    if (address !== undefined) this.#addresses.add(address, -1);
  }

  #refusal(descriptor: number, address: string | undefined, second: number): RejectionReason | undefined {
    const limits = this.#limits;
    if (this.#row[Count.windowSecond] !== second) this.#beginSecond(second);
    if (descriptor >= this.#highestDescriptor) return "descriptors";
    if (limits.maxConnections > 0 && this.#rows.sum(Count.active) >= limits.maxConnections) return "connections";
    const isFull = limits.acceptsPerSecond > 0 && this.#acceptedIn(second) >= limits.acceptsPerSecond;
    if (isFull && !this.#mayBorrow(address, second)) return "rate";
    if (address === undefined) return undefined;
    if (limits.maxPerAddress > 0 && this.#addresses.count(address) >= limits.maxPerAddress) return "address";
    if (isFull) this.#row[Count.borrowedInWindow]! += 1;
    return undefined;
  }

  #acceptedIn(second: number): number {
    return this.#rows.sumIn(second, Count.acceptedInWindow);
  }

  #beginSecond(second: number): void {
    const row = this.#row;
    row[Count.acceptedInWindow] = row[Count.windowSecond] === second - 1 ? row[Count.borrowedInWindow]! : 0;
    row[Count.borrowedInWindow] = 0;
    row[Count.windowSecond] = second;
    if (this.#limits.acceptsPerSecond > 0)
      this.#lately = new AddressSketch(new ArrayBuffer(SKETCH_BYTES), 0, this.#salt);
    else this.#lately = undefined;
  }

  /** Lets an address that had no accept in this second have one: a client that never stops connecting would use them all. */
  #mayBorrow(address: string | undefined, second: number): boolean {
    if (address === undefined || this.#lately === undefined || this.#lately.count(address) > 0) return false;
    const most = Math.max(1, this.#limits.acceptsPerSecond * BORROWED_PART);
    return this.#rows.sumIn(second, Count.borrowedInWindow) + 1 <= most;
  }
}
