import { logOf, messageOf } from "../../base/mod.ts";
import type { ChallengeResponses, IssuedCertificate, IssueRequest, Issuer, RenewalWindow } from "../issuer.ts";
import {
  CHALLENGE_KINDS,
  type ChallengeKind,
  type DnsCommandOptions,
  DnsSolver,
  HttpSolver,
  type Solver,
  TlsAlpnSolver,
} from "./challenges/mod.ts";
import { AcmeClient } from "./client.ts";
import { AcmeError } from "./error.ts";
import { identifierOf } from "./identifiers.ts";
import type { AcmeAccountOptions } from "./options.ts";
import { runOrder } from "./order.ts";
import { RenewalInfo } from "./renewal-info.ts";
import { renewalIdOf } from "./x509.ts";

const log = logOf("certificates");

/** How a public CA is asked for certificates. */
export interface AcmeOptions extends AcmeAccountOptions {
  /** Ways to prove a name, the preferred one first. @default dns-01 where it has a command, then http-01, then tls-alpn-01 */
  challenges?: readonly ChallengeKind[];
  /** Proves names by TXT records, also wildcards and names of boxes that the internet does not reach. */
  dns?: DnsCommandOptions;
  /** Which certificates, where the CA has several kinds: Let's Encrypt's `shortlived` lasts six days. @default the CA's choice */
  profile?: string;
  /** Common name of the root that chains should lead to, where the CA offers several. @default the CA's choice */
  preferredChain?: string;
}

/** Issues certificates by ACME (RFC 8555). The store decides for which names and when. */
export class AcmeIssuer implements Issuer {
  readonly name = "acme";
  readonly usesOurClock = false;
  /** A CA counts failed validations: Let's Encrypt allows five of a name in an hour. */
  readonly retryMs = 300_000;
  readonly client: AcmeClient;
  readonly #options: AcmeOptions;
  readonly #renewalInfo: RenewalInfo;
  /** The kind that worked last comes first. */
  #solvers: readonly Solver[];

  /** @throws {AcmeError} {TenkError} for options that cannot work */
  constructor(options: AcmeOptions, responses: ChallengeResponses) {
    this.#options = options;
    this.client = new AcmeClient(options);
    this.#renewalInfo = new RenewalInfo(this.client);
    this.#solvers = solversOf(options, responses);
  }

  /** @throws {AcmeError} */
  async issue({ names, previous, signal }: IssueRequest): Promise<IssuedCertificate> {
    const { profile, preferredChain } = this.#options;
    try {
      const { renewalInfo } = await this.client.directory(signal);
      // Only a CA with renewal information knows the field (RFC 9773 §5).
      const replaces = renewalInfo === undefined || previous === undefined ? undefined : renewalIdOf(previous.cert);
      return await this.#tryChallenges(names, (solvers) =>
        runOrder(this.client, { names, profile, replaces, preferredChain, solvers, signal }),
      );
    } catch (error) {
      if (error instanceof AcmeError) throw error;
      throw new AcmeError("order", names.join(", "), messageOf(error), { cause: error });
    }
  }

  /** Where a challenge fails, orders anew with the next kind first: one of the two ports may be closed. */
  async #tryChallenges(
    names: readonly string[],
    order: (solvers: readonly Solver[]) => Promise<IssuedCertificate>,
  ): Promise<IssuedCertificate> {
    const failures: AcmeError[] = [];
    for (let solvers = this.#solvers; ; ) {
      try {
        const issued = await order(solvers);
        this.#solvers = solvers;
        return issued;
      } catch (error) {
        const failed = error instanceof AcmeError ? error.challenge : undefined;
        if (failed === undefined) throw error;
        failures.push(error as AcmeError);
        // A wildcard that dns-01 could not prove is not ordered again: no other kind can.
        const others = solvers.filter(
          (solver) => solver.kind !== failed && names.some((name) => canProve(solver, name)),
        );
        if (others.length === 0 || failures.length >= solvers.length) throw together(failures);
        log.info("trying another challenge", { failed, reason: messageOf(error) });
        solvers = [...others, ...solvers.filter((solver) => !others.includes(solver))];
      }
    }
  }

  /** @throws {AcmeError} step `renewal-info` */
  renewalWindow({ cert }: IssuedCertificate, signal: AbortSignal): Promise<RenewalWindow | undefined> {
    return this.#renewalInfo.windowOf(cert, signal);
  }
}

function canProve(solver: Solver, name: string): boolean {
  const isWildcard = name.startsWith("*.");
  return solver.canProve(identifierOf(isWildcard ? name.slice(2) : name), isWildcard);
}

/** One error of those of all challenges: a person wants to know why each failed. */
function together(failures: readonly AcmeError[]): AcmeError {
  const [first] = failures;
  if (first === undefined || failures.length === 1) return first!;
  const fixes = failures.map(({ fix }) => fix).filter((fix) => fix !== undefined);
  return new AcmeError("validation", "", failures.map(({ reason }) => reason).join("; "), {
    fix: [...new Set(fixes)].join("; or: "),
    retryAfterMs: Math.max(...failures.map(({ retryAfterMs = 0 }) => retryAfterMs)),
    cause: first,
  });
}

function solversOf({ challenges, dns }: AcmeOptions, responses: ChallengeResponses): Solver[] {
  const kinds = challenges ?? CHALLENGE_KINDS.filter((kind) => kind !== "dns-01" || dns !== undefined);
  const solvers = kinds.map((kind) => {
    if (kind === "http-01") return new HttpSolver(responses);
    if (kind === "tls-alpn-01") return new TlsAlpnSolver(responses);
    if (kind === "dns-01" && dns !== undefined) return new DnsSolver(dns);
    const fix = kind === "dns-01" ? "set dns.command" : `expected some of ${CHALLENGE_KINDS.join(", ")}`;
    throw new AcmeError("challenge", kind, "it cannot be used", { fix });
  });
  if (solvers.length > 0) return solvers;
  throw new AcmeError("challenge", "", "no kind of challenge is left", {
    fix: `expected some of ${CHALLENGE_KINDS.join(", ")}`,
  });
}
