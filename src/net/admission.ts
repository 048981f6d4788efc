import { AddressSketch, SKETCH_BYTES } from "./address-sketch.ts";
import { Count, type CountRows, placeOfRefusal } from "./counts.ts";
import { highestUsableDescriptor } from "./descriptor-guard.ts";
import type { RefusalReason } from "./reasons.ts";
import type { LimitSettings } from "./settings.ts";

/** What the workers of one listener share: counts and addresses. Passed to a worker as its two buffers. */
export interface SharedState {
  rows: CountRows;
  addresses: ArrayBuffer | SharedArrayBuffer;
  salt: number;
}

export function privateState(rows: CountRows, salt: number): SharedState {
  return { rows, addresses: new ArrayBuffer(SKETCH_BYTES * rows.rows), salt };
}

/** Decides, for one event loop, whether a just-accepted connection may stay. Costs a few additions; allocates nothing. */
export class Admission {
  readonly #rows: CountRows;
  readonly #row: Float64Array;
  readonly #addresses: AddressSketch;
  readonly #limits: LimitSettings;
  readonly #highestDescriptor = highestUsableDescriptor();

  constructor(state: SharedState, worker: number, limits: LimitSettings) {
    this.#rows = state.rows;
    this.#row = state.rows.row(worker);
    this.#addresses = new AddressSketch(state.addresses, worker, state.salt);
    this.#limits = limits;
  }

  /**
   * Counts the connection in, or counts and names the refusal.
   *
   * @param address undefined where a PROXY header will say it, see `identify`
   * @param maxArriving how many may be in their handshake on this event loop, 0 = any number
   */
  admit(
    descriptor: number,
    address: string | undefined,
    nowMs: number,
    maxArriving: number,
  ): RefusalReason | undefined {
    const row = this.#row;
    const isRush = maxArriving > 0 && row[Count.arriving]! >= maxArriving;
    const refusal = isRush ? "handshakes" : this.#refusal(descriptor, address, Math.floor(nowMs / 1000));
    if (refusal !== undefined) {
      row[placeOfRefusal(refusal)]! += 1;
      return refusal;
    }
    row[Count.accepted]! += 1;
    row[Count.active]! += 1;
    row[Count.acceptedInWindow]! += 1;
    const active = this.#rows.sum(Count.active);
    if (active > row[Count.peak]!) row[Count.peak] = active;
    if (address !== undefined) this.#addresses.add(address, 1);
    return undefined;
  }

  /** The address of one who was let in without: false where too many are open from there. */
  identify(address: string): boolean {
    const { maxPerAddress } = this.#limits;
    if (maxPerAddress > 0 && this.#addresses.count(address) >= maxPerAddress) return false;
    this.#addresses.add(address, 1);
    return true;
  }

  /** @param address undefined for one who was never identified */
  leave(address: string | undefined): void {
    this.#row[Count.active]! -= 1;
    if (address !== undefined) this.#addresses.add(address, -1);
  }

  #refusal(descriptor: number, address: string | undefined, second: number): RefusalReason | undefined {
    const limits = this.#limits;
    if (this.#row[Count.windowSecond] !== second) {
      this.#row[Count.acceptedInWindow] = 0;
      this.#row[Count.windowSecond] = second;
    }
    if (descriptor >= this.#highestDescriptor) return "descriptors";
    if (limits.maxConnections > 0 && this.#rows.sum(Count.active) >= limits.maxConnections) return "connections";
    if (limits.acceptsPerSecond > 0 && this.#rows.acceptedIn(second) >= limits.acceptsPerSecond) return "rate";
    if (address === undefined) return undefined;
    if (limits.maxPerAddress > 0 && this.#addresses.count(address) >= limits.maxPerAddress) return "address";
    return undefined;
  }
}
