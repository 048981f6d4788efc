/** A user's file while it is being loaded. What it registers meanwhile belongs to it, until a newer version no longer registers it. */
export interface ModuleLoad {
  readonly file: string;
  /** Its options as JSON: two listeners may use one file with different options. */
  readonly options: string;
  /** The file was loaded before, so that its modules are run again instead of being taken from the runtime's cache. */
  readonly isAgain: boolean;
}

/** Called when a load has ended, with whether its handler can serve. */
type LoadListener = (load: ModuleLoad, isKept: boolean) => void;

let loaded: LoadListener = () => undefined;
/** Loads in progress on this event loop. */
const underWay = new Set<ModuleLoad>();

/**
 * Returns the load in progress on this event loop, to which registrations during it belong. Of several it is the one that began
 * last: an instance loads files one after the other, so that earlier ones are waiting for something, perhaps for ever.
 */
export function currentLoad(): ModuleLoad | undefined {
  return [...underWay].at(-1);
}

/** Sets the function that is called after each load. It replaces the previous one. */
export function onLoaded(listener: LoadListener): void {
  loaded = listener;
}

/** Runs `work` as the load in progress. @throws what it throws */
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
