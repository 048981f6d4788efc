/** What an entry costs beside its content: names, prepared fields, the map's own. */
const ENTRY_BYTES = 2048;

interface Entry<Value> {
  readonly value: Value;
  bytes: number;
  readonly checkedMs: number;
  /** It was asked for since it was last passed over. */
  isUsed: boolean;
}

/**
 * Values by path in a bounded number of bytes. What was not asked for lately leaves first: entries are in the order of their age,
 * and one that was used goes to the end instead of leaving (a clock, which costs a hit one store).
 */
export class FileCache<Value> {
  readonly #maxBytes: number;
  readonly #entries = new Map<string, Entry<Value>>();
  bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Returns what was kept not more than `maxAgeMs` ago. */
  get(path: string, nowMs: number, maxAgeMs: number): Value | undefined {
    const entry = this.#entries.get(path);
    if (entry === undefined || nowMs - entry.checkedMs > maxAgeMs) return undefined;
    entry.isUsed = true;
    return entry.value;
  }

  /** Returns what was kept, however long ago. */
  peek(path: string): Value | undefined {
    return this.#entries.get(path)?.value;
  }

  /** @param contentBytes of `value` that are in memory */
  put(path: string, value: Value, contentBytes: number, nowMs: number): void {
    this.remove(path);
    const bytes = contentBytes + ENTRY_BYTES;
    if (bytes > this.#maxBytes) return;
    this.#entries.set(path, { value, bytes, checkedMs: nowMs, isUsed: false });
    this.bytes += bytes;
    this.#shrink(path);
  }

  /** A value that may be kept takes more memory than before. */
  grow(path: string, value: Value, moreBytes: number): void {
    const entry = this.#entries.get(path);
    if (entry?.value !== value) return;
    entry.bytes += moreBytes;
    this.bytes += moreBytes;
    this.#shrink(path);
  }

  remove(path: string): void {
    const entry = this.#entries.get(path);
    if (entry === undefined) return;
    this.#entries.delete(path);
    this.bytes -= entry.bytes;
  }

  /** @param newest leaves where all others have left */
  #shrink(newest: string): void {
    for (const [oldest, entry] of this.#entries) {
      if (this.bytes <= this.#maxBytes) break;
      this.#entries.delete(oldest);
      if (entry.isUsed && oldest !== newest) {
        entry.isUsed = false;
        this.#entries.set(oldest, entry);
      } else this.bytes -= entry.bytes;
    }
  }
}
