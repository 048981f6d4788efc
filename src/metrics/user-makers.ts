/** One load of a user's file, as reported by `net`. */
export interface Load {
  readonly file: string;
  readonly options: string;
  readonly isAgain: boolean;
}

let current: () => Load | undefined = () => undefined;

/** Sets the function that returns the load in progress: metrics made meanwhile belong to its file. */
export function followLoads(inProgress: () => Load | undefined): void {
  current = inProgress;
}

/** Returns the load in progress; undefined in a program that uses the library, or while a handler runs. */
export function loadInProgress(): Load | undefined {
  return current();
}

/** The files that make one metric, each with its latest load. */
export class Makers {
  readonly #last = new Map<string, Load>();

  add(load: Load): void {
    this.#last.set(keyOf(load), load);
  }

  /** Whether this load may change the definition: no other file has made the metric, and neither has this load. */
  mayRedefine(load: Load | undefined): boolean {
    const makers = [...this.#last.values()];
    return (
      load?.isAgain === true && makers.length > 0 && makers.every((each) => each !== load && each.file === load.file)
    );
  }

  /** Whether the metric belonged to this file alone and its finished load did not make it again. */
  isDroppedBy(load: Load): boolean {
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
