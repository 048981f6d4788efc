import { type ErrorCode, messageOf, systemCodeOf, TenkError } from "../base/mod.ts";

const CAUSES: Readonly<Record<string, { code: ErrorCode; says: string; hint?: string }>> = {
  ECONNREFUSED: { code: "connect-refused", says: "nobody listens there", hint: "is the server running, on this port?" },
  ETIMEDOUT: { code: "connect-timeout", says: "no answer in time" },
  ECANCELED: { code: "connect-aborted", says: "it was cancelled" },
  ETLS: { code: "tls-failed", says: "the TLS handshake failed" },
  ENOTFOUND: { code: "name-not-found", says: "the name has no address" },
  ENOENT: { code: "connect-refused", says: "there is no such socket file" },
  EAGAIN: { code: "connect-refused", says: "its backlog is full", hint: "the server does not accept fast enough" },
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
  },
  EADDRNOTAVAIL: {
    code: "address-unavailable",
    says: "no local port or address is left for it",
    hint: "widen net.ipv4.ip_local_port_range or use more source addresses",
  },
};

/**
 * Why a connect failed, truthfully: the runtime alone reports a full descriptor table as "refused", and a balancer that
 * believes it throws out healthy targets.
 */
export function connectError(at: string, cause: unknown): TenkError {
  const system = systemCodeOf(cause) ?? "";
  const known = CAUSES[system] ?? { code: "connect-failed" as const, says: system || String(cause) };
  const detail = known.code === "tls-failed" ? `${known.says} (${messageOf(cause)})` : known.says;
  const hint = known.hint === undefined ? {} : { hint: known.hint };
  return new TenkError(known.code, `Cannot connect to ${at}: ${detail}`, { cause, ...hint });
}

/** A failure that no system call named, in the system's words so that it is counted as the others are. */
export function causeOf(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
