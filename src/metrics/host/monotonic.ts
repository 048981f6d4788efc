import { CPU_FIELDS, type CpuTimes, type KernelStat, withoutStepsBack } from "./stat.ts";

/** Names that are remembered, including those of devices that are gone. */
const MAX_NAMES = 1000;

/**
 * Sums a counter over devices that come and go, without ever falling. A plain sum falls when a network card is removed, which
 * looks like a restart, and jumps when it is back. This one adds only the growth between two reads of the same device.
 */
export class MonotonicCounter {
  readonly #last = new Map<string, number>();
  #sum: number | undefined;

  /** @returns the sum so far, which begins with the devices' own counts; undefined where there is no device now */
  add(counts: Iterable<readonly [device: string, count: number]>): number | undefined {
    const isFirst = this.#sum === undefined;
    let grown = 0;
    let isAny = false;
    for (const [device, count] of counts) {
      const last = this.#last.get(device);
      // A device that appears later may have counted its value long ago.
      if (last === undefined) grown += isFirst ? count : 0;
      else grown += count < last ? count : count - last;
      if (this.#last.size >= MAX_NAMES && last === undefined) this.#last.clear();
      this.#last.set(device, count);
      isAny = true;
    }
    if (!isAny) return undefined;
    this.#sum = (this.#sum ?? 0) + grown;
    return this.#sum;
  }
}

/** Processor time that never falls, although processors may be switched off and on. */
export class ProcessorTime {
  /** Of all processors together. */
  total: CpuTimes | undefined;
  /** Of the mean processor: all modes together grow by one second per second. */
  mean: CpuTimes | undefined;
  #last: ReadonlyMap<string, CpuTimes> = new Map();

  add({ total, cpus }: Pick<KernelStat, "total" | "cpus">): void {
    if (total === undefined) return;
    // A single processor may have no line of its own.
    const now = cpus.size > 0 ? cpus : new Map([["", total]]);
    const shown = new Map([...now].map(([cpu, times]) => [cpu, withoutStepsBack(this.#last.get(cpu), times)]));
    const grown = (field: keyof CpuTimes) => {
      let sum = 0;
      for (const [cpu, times] of shown) sum += Math.max(0, times[field] - (this.#last.get(cpu) ?? times)[field]);
      return sum;
    };
    const isFirst = this.total === undefined;
    const added = isFirst ? total : timesOf(grown);
    const before = { total: this.total, mean: this.mean };
    this.total = timesOf((field) => (before.total?.[field] ?? 0) + added[field]);
    this.mean = timesOf((field) => (before.mean?.[field] ?? 0) + added[field] / now.size);
    this.#last = shown;
  }
}

function timesOf(value: (field: keyof CpuTimes) => number): CpuTimes {
  return Object.fromEntries(CPU_FIELDS.map((field) => [field, value(field)])) as unknown as CpuTimes;
}
