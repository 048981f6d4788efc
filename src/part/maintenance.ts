/** Work on services that lasts: they are probed, and nobody is alerted. */
export interface MaintenanceWindow {
  /** Names of services, or `all`. */
  readonly services: readonly string[];
  /** Milliseconds since 1970. */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly reason: string | undefined;
  /** By the configuration; else a person began it. */
  readonly isScheduled: boolean;
}

/** What is under maintenance, as parts ask for it. The part that knows sets how it is found. */
export class Maintenance {
  #find: (service: string) => MaintenanceWindow | undefined = () => undefined;

  /** Returns the window that covers a service now, or all there is (`all`). Read often, from plain fields. */
  of(service: string): MaintenanceWindow | undefined {
    return this.#find(service);
  }

  /** @param find undefined: nothing is */
  setFind(find: ((service: string) => MaintenanceWindow | undefined) | undefined): void {
    this.#find = find ?? (() => undefined);
  }
}
