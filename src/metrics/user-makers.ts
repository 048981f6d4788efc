/** A file while it is loaded, as `net` tells it. */
export interface Load {
  readonly file: string;
  readonly options: string;
  readonly isAgain: boolean;
}

let current: () => Load | undefined = () => undefined;

/** Says which file's load is under way, whose the metrics are that are made meanwhile. */
export function followLoads(underWay: () => Load | undefined): void {
  current = underWay;
}

/** Whose load is under way, or undefined: a program of its own, or a handler at work. */
export function loadUnderWay(): Load | undefined {
  return current();
}

/** Which files make one metric, each by its load of last. */
export class Makers {
  readonly #last = new Map<string, Load>();

  add(load: Load): void {
    this.#last.set(keyOf(load), load);
  }

  /** Whether another version of a file may make it otherwise: nobody else has made it, nor has this very version. */
  yieldTo(load: Load | undefined): boolean {
    const makers = [...this.#last.values()];
    return (
      load?.isAgain === true && makers.length > 0 && makers.every((each) => each !== load && each.file === load.file)
    );
  }

  /** Whether it was this file's alone, whose load that is over has not made it. */
  isLeftBy(load: Load): boolean {
    const last = this.#last.get(keyOf(load));
    if (last === undefined || last === load) return false;
    this.#last.delete(keyOf(load));
    return this.#last.size === 0;
  }

  othersThan(load: Load | undefined): string[] {
    return [...new Set([...this.#last.values()].map(({ file }) => file))].filter((file) => file !== load?.file);
  }
}

function keyOf({ file, options }: Load): string {
  return `${file}\0${options}`;
}
