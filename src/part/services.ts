/** Something that runs on this machine or in the house, declared once under `services:`. */
export interface Service {
  readonly name: string;
  /** As it was written: `http://127.0.0.1:3000`, `redis://127.0.0.1:6379`. */
  readonly target: string;
  /** What it speaks: by its own setting, else the target's scheme. */
  readonly kind: string;
  /** Names under which it is to be reached. */
  readonly hosts: readonly string[];
}
