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

  /** Where a challenge fails, the next kind is tried: one of the two ports may be closed. @throws {AcmeError} */
  async issue({ names, previous, signal }: IssueRequest): Promise<IssuedCertificate> {
    const { profile, preferredChain } = this.#options;
    const { renewalInfo } = await this.client.directory(signal);
    // Only a CA with renewal information knows the field (RFC 9773 §5).
    const replaces = renewalInfo === undefined || previous === undefined ? undefined : renewalIdOf(previous.cert);
    let solvers = this.#solvers;
    for (const failures: AcmeError[] = []; ; ) {
      try {
        const issued = await runOrder(this.client, { names, profile, replaces, preferredChain, solvers, signal });
        this.#solvers = solvers;
        return issued;
      } catch (error) {
        if (!(error instanceof AcmeError)) throw stopped(names, error);
        const others = solvers.filter(({ kind }) => kind !== error.challenge);
        failures.push(error);
        if (signal.aborted || others.length === solvers.length || failures.length >= this.#solvers.length)
          throw last(failures);
        log.info("trying another challenge", {
          names: names.join(" "),
          failed: error.challenge,
          reason: error.message,
        });
        solvers = [...others, ...solvers.filter(({ kind }) => kind === error.challenge)];
      }
    }
  }

  /** @throws {AcmeError} step `renewal-info` */
  renewalWindow({ cert }: IssuedCertificate, signal: AbortSignal): Promise<RenewalWindow | undefined> {
    return this.#renewalInfo.windowOf(cert, signal);
  }
}

/** The last failure; what came before is its cause. */
function last(failures: AcmeError[]): AcmeError {
  const [final] = failures.slice(-1);
  for (const earlier of failures.slice(0, -1)) {
    log.warn("a challenge failed", { challenge: earlier.challenge, reason: earlier.message, fix: earlier.fix });
  }
  return final!;
}

function stopped(names: readonly string[], error: unknown): AcmeError {
  return new AcmeError("order", names.join(", "), messageOf(error), { cause: error });
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
