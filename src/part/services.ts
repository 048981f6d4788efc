/** A service of this machine or network, declared once under `services:`. */
export interface Service {
  readonly name: string;
  /** As it was written: `http://127.0.0.1:3000`, `redis://127.0.0.1:6379`. */
  readonly target: string;
  /** Its protocol, from `kind`, else from the scheme of its target. */
  readonly kind: string;
  /** Host names under which it is to be reached. */
  readonly hosts: readonly string[];
}
