import type { HeaderField, OwnDashboard } from "../../part/mod.ts";
import { isSame, newSecret } from "./secrets.ts";

const HEADER = "x-tenk-service";

/** Leads services of this instance to the dashboard, and recognizes their requests there: by a secret in a header. */
export class DashboardLink implements OwnDashboard {
  readonly #secret = newSecret();
  readonly #listeners = new Set<() => void>();
  #target: string | undefined;

  get target(): string | undefined {
    return this.#target;
  }

  header(service: string): HeaderField {
    return [HEADER, `${this.#secret} ${service}`];
  }

  onMove(moved: () => void): () => void {
    this.#listeners.add(moved);
    return () => this.#listeners.delete(moved);
  }

  /** @param target as `OwnDashboard.target` */
  moveTo(target: string): void {
    if (target === this.#target) return;
    this.#target = target;
    for (const moved of this.#listeners) moved();
  }

  /** Returns the service that a request came through; undefined when it did not come through one of ours. */
  serviceOf(headers: Headers): string | undefined {
    const [secret = "", service] = headers.get(HEADER)?.split(" ") ?? [];
    return service !== undefined && isSame(secret, this.#secret) ? service : undefined;
  }
}
