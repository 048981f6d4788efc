import { setTimeout as pause } from "node:timers/promises";
import type { Identifier } from "../identifiers.ts";
import { runCommand } from "./command.ts";
import { type Proof, proofDigest, type Solver, type Withdraw } from "./proof.ts";

/** A user's command that sets and removes TXT records at a DNS provider. */
export interface DnsCommandOptions {
  /** Program and arguments, run without a shell. */
  command: readonly [string, ...string[]];
  /** The command is ended after this time. @default {120000} */
  commandMs?: number;
  /** Wait after the records are set, for the provider's name servers to have them. @default {10000} */
  waitMs?: number;
}

export const DNS_COMMAND_DEFAULTS = { commandMs: 120_000, waitMs: 10_000 } as const;

/**
 * DNS-01 (RFC 8555 §8.4). The command runs once for each record with `ACME_ACTION` `present`, and once with `cleanup`. The record's
 * name and value are in `ACME_NAME` (`_acme-challenge.git.example.org`) and `ACME_VALUE`, the domain in `ACME_DOMAIN`; the other
 * variables are those of tenk. A domain and its wildcard have two values at one name: both must be there at once.
 */
export class DnsSolver implements Solver {
  readonly kind = "dns-01";
  readonly #options: Required<DnsCommandOptions>;

  constructor(options: DnsCommandOptions) {
    this.#options = { ...DNS_COMMAND_DEFAULTS, ...options };
  }

  canProve({ type }: Identifier): boolean {
    return type === "dns";
  }

  async present(proof: Proof, signal: AbortSignal): Promise<Withdraw> {
    const domain = proof.identifier.value;
    const env = {
      ACME_NAME: `_acme-challenge.${domain}`,
      ACME_VALUE: proofDigest(proof).toString("base64url"),
      ACME_DOMAIN: domain,
    };
    const { command, commandMs } = this.#options;
    // An aborted order is cleaned up after as well.
    const withdraw = () => runCommand(command, { ...env, ACME_ACTION: "cleanup" }, commandMs, undefined);
    try {
      await runCommand(command, { ...env, ACME_ACTION: "present" }, commandMs, signal);
    } catch (error) {
      // It may have set the record before it failed.
      await withdraw().catch(() => undefined); // the first error says more
      throw error;
    }
    return withdraw;
  }

  async settle(signal: AbortSignal): Promise<void> {
    await pause(this.#options.waitMs, undefined, { signal });
  }
}
