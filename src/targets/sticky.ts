import { createHmac } from "node:crypto";

/** Half of SHA-256: nobody finds another address with the same value, nor the secret. */
const VALUE_BYTES = 16;

/**
 * Ties clients to targets by a cookie. Its value is the HMAC of the target's address (as Caddy's `lb_policy cookie`): a client
 * cannot read the address from it, nor name a target that it was not given. The same secret gives the same values on
 * every event loop and after a restart.
 */
export class Stickiness<Target extends { readonly address: string }> {
  readonly #values = new Map<Target, string>();
  readonly #targets = new Map<string, Target>();

  constructor(secret: string, targets: readonly Target[]) {
    for (const target of targets) {
      const value = stickyValue(secret, target.address);
      this.#values.set(target, value);
      this.#targets.set(value, target);
    }
  }

  /** Returns the cookie's value for a target. */
  valueOf(target: Target): string | undefined {
    return this.#values.get(target);
  }

  /** Returns the target of a client's cookie; undefined for anything that is not a current value. */
  targetOf(value: string): Target | undefined {
    return this.#targets.get(value);
  }
}

function stickyValue(secret: string, address: string): string {
  return createHmac("sha256", secret).update(address).digest().subarray(0, VALUE_BYTES).toString("base64url");
}
