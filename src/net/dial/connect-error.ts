import { type ErrorCode, messageOf, TenkError } from "../../base/mod.ts";

interface Known {
  readonly code: ErrorCode;
  readonly says: string;
  readonly hint?: string;
  /** The same connect may succeed a little later without anybody mending anything. */
  readonly passes?: boolean;
}

const CAUSES: Readonly<Record<string, Known>> = {
  ECONNREFUSED: {
    code: "connect-refused",
    says: "nobody listens there",
    hint: "is the server running, at this address?",
    passes: true,
  },
  ETIMEDOUT: { code: "connect-timeout", says: "the connect timed out, no answer in time", passes: true },
  ECANCELED: { code: "connect-aborted", says: "it was cancelled" },
  ETLS: { code: "tls-failed", says: "the TLS handshake failed" },
  // Closed before the handshake was over: no word about certificates, a limit or a restart may be why.
  ETLSCLOSED: { code: "tls-failed", says: "the TLS handshake failed", passes: true },
  ENOTFOUND: { code: "name-not-found", says: "the name has no address" },
  // getaddrinfo's word for name servers that fail or do not answer.
  EAI_AGAIN: { code: "name-not-found", says: "the name servers did not answer", passes: true },
  EACCES: { code: "permission-denied", says: "not permitted" },
  EPROTOTYPE: { code: "connect-failed", says: "it is a socket for datagrams, not for streams" },
  ENOENT: { code: "connect-refused", says: "there is no such socket file", passes: true },
  EAGAIN: {
    code: "connect-refused",
    says: "its backlog is full",
    hint: "the server does not accept fast enough",
    passes: true,
  },
  EMFILE: { code: "descriptors-exhausted", says: "this process has no file descriptor left", hint: "raise ulimit -n" },
  ENFILE: {
    code: "descriptors-exhausted",
    says: "this machine has no file descriptor left",
    hint: "raise fs.file-max",
  },
  ECONNRESET: {
    code: "connect-failed",
    says: "the other side reset it at once",
    hint: "a limit of the server may be reached",
    passes: true,
  },
  EHOSTUNREACH: { code: "connect-failed", says: "the host cannot be reached", passes: true },
  ENETUNREACH: { code: "connect-failed", says: "no route leads there", passes: true },
  EADDRNOTAVAIL: {
    code: "address-unavailable",
    says: "no local port or address is left for it",
    hint: "widen net.ipv4.ip_local_port_range or use more source addresses",
  },
  EPROXY: { code: "proxy-refused", says: "the proxy refused" },
};

/** Causes whose own words say more than ours. */
const DETAILED: ReadonlySet<ErrorCode> = new Set(["tls-failed", "proxy-refused"]);

/** What a proxy says of a target that may be back soon (RFC 1928 §6; RFC 9110 §15.6). */
const PASSING_REASONS: ReadonlySet<unknown> = new Set([
  "closed",
  "general-failure",
  "network-unreachable",
  "host-unreachable",
  "connection-refused",
  "ttl-expired",
]);

/** The system's name for a cause, or "". */
export function codeOf(cause: unknown): string {
  const code = (cause as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : "";
}

/**
 * Why a connect failed, truthfully: the runtime alone reports a full descriptor table as "refused", and a balancer that
 * believes it throws out healthy targets.
 */
export function connectError(at: string, cause: unknown): TenkError {
  const system = codeOf(cause);
  const known: Known = CAUSES[system] ?? { code: "connect-failed", says: system || String(cause) };
  if (hasOwnMessage(cause))
    return new TenkError(known.code, `Cannot connect to ${at}: ${cause.explanation}`, { cause });
  const detail = DETAILED.has(known.code) ? `${known.says} (${messageOf(cause)})` : known.says;
  const hint = known.hint === undefined ? {} : { hint: known.hint };
  return new TenkError(known.code, `Cannot connect to ${at}: ${detail}`, { cause, ...hint });
}

/**
 * Whether the same connect may succeed if it is tried again: refused, no answer, reset, unreachable, name servers silent, a
 * proxy's target down. Not: a certificate or a name that is wrong, a name that does not exist, a cancelled one; nor
 * descriptors or ports that this side ran out of, since waiting with more at once is what used them up.
 */
export function mayPass(error: unknown): boolean {
  const cause = (error as { cause?: unknown }).cause as { reason?: unknown; detail?: string } | undefined;
  if (codeOf(cause) !== "EPROXY") return CAUSES[codeOf(cause)]?.passes === true;
  return PASSING_REASONS.has(cause?.reason) || (cause?.reason === "status" && /^50[234] /.test(cause.detail ?? ""));
}

/** The parts of a connect that may take too long, each with what is said of it then. */
const TIMEOUTS = {
  name: "the name lookup timed out, the name servers did not answer",
  connect: CAUSES.ETIMEDOUT!.says,
  proxy: "the proxy did not answer in time",
  tls: "TLS handshake timed out: the port may speak plain TCP",
} as const;

export type ConnectPhase = keyof typeof TIMEOUTS;

/** The cause of a connect whose time was over in this phase. */
export function timeoutCause(phase: ConnectPhase): Error {
  return causeWithMessage("ETIMEDOUT", TIMEOUTS[phase], { phase });
}

/** A failure of which more is known than the system's code says. */
export function causeWithMessage(
  code: string,
  explanation: string,
  more: { readonly phase?: ConnectPhase } = {},
): Error {
  return Object.assign(causeOf(code, explanation), { explanation }, more);
}

function hasOwnMessage(cause: unknown): cause is { explanation: string } {
  return typeof (cause as { explanation?: unknown } | undefined)?.explanation === "string";
}

/** A failure that no system call named, in the system's words so that it is counted as the others are. */
export function causeOf(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
