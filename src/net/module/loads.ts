/** A user's file while it is loaded: what it registers meanwhile is its own, until another version of it does not. */
export interface ModuleLoad {
  readonly file: string;
  /** What it is given, as JSON: two listeners may have one file, each with options of its own. */
  readonly options: string;
  /** It was loaded before: its modules are run anew, and not taken from what the runtime keeps. */
  readonly isAgain: boolean;
}

/** Called when a load is over, with whether its handler may serve. */
type LoadListener = (load: ModuleLoad, isKept: boolean) => void;

let loaded: LoadListener = () => undefined;
/** Those under way on this event loop. */
const underWay = new Set<ModuleLoad>();

/**
 * The load under way on this event loop, for what is registered by side effect. Of several the one that began last: a box loads
 * one after the other, so that those before hang in an await of their own, maybe for ever.
 */
export function currentLoad(): ModuleLoad | undefined {
  return [...underWay].at(-1);
}

/** Sets the one function that is called after each load; it replaces the one before. */
export function onLoaded(listener: LoadListener): void {
  loaded = listener;
}

/** Runs the work of a load as the one under way. @throws what it throws */
export async function asLoad<Result>(load: ModuleLoad, work: () => Promise<Result>): Promise<Result> {
  let isKept = false;
  underWay.add(load);
  try {
    const result = await work();
    isKept = true;
    return result;
  } finally {
    underWay.delete(load);
    loaded(load, isKept);
  }
}
