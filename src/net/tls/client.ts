import { isIP } from "node:net";
import { checkServerIdentity } from "node:tls";
import { TenkError } from "../../base/mod.ts";
import type { RawSocket } from "../socket-events.ts";
import type { ClientTlsOptions } from "./options.ts";
import { readPem, readPemOf } from "./pem.ts";
import { TlsSessions } from "./sessions.ts";
import { alpnWire, VERSION_NUMBERS } from "./words.ts";

/** The connecting side of TLS. */
export interface ClientTls {
  /** In the words of the runtime's `upgradeTLS`. */
  readonly request: {
    readonly rejectUnauthorized: boolean;
    readonly serverName?: string;
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly ALPNProtocols?: Buffer;
    readonly minVersion: number;
  };
  /** Undefined where each handshake is a full one. */
  readonly sessions: TlsSessions | undefined;
  /** What is wrong with the server, when the handshake is over; undefined = nothing. */
  verify(this: void, socket: RawSocket, authorized: boolean, error: Error | null): Error | undefined;
}

/**
 * Reads the files and checks the words, once for all connects of a dialer.
 *
 * @param host whom the certificate must be for, where the options name nobody; empty for a Unix socket
 * @throws {TenkError} `invalid-option`, `file-unreadable`
 * @example
 * clientTls({}, "home.arpa").request.serverName; // "home.arpa"
 * clientTls({}, "192.0.2.1").request.serverName; // undefined
 */
export function clientTls(options: ClientTlsOptions, host: string): ClientTls {
  const { verify = true, serverName = host, ca, cert, key, alpn, minVersion = "TLSv1.2", resume = false } = options;
  const version = VERSION_NUMBERS[minVersion];
  if (version === undefined) {
    throw new TenkError(
      "invalid-option",
      `Cannot use tls.minVersion as it must be TLSv1.2 or TLSv1.3: current value is ${JSON.stringify(minVersion)}`,
    );
  }
  if ((cert === undefined) !== (key === undefined)) {
    const [given, lacking] = cert === undefined ? ["key", "cert"] : ["cert", "key"];
    throw new TenkError("invalid-option", `Cannot use tls.${given} without tls.${lacking}: they go together`);
  }
  if (verify && serverName === "") {
    throw new TenkError("invalid-option", "Cannot verify a certificate without a name: set tls.serverName", {
      hint: "over a Unix socket there is no host to compare it with",
    });
  }
  // An address is never sent as SNI (RFC 6066 §3). The runtime compares the certificate only with what it sends, so that
  // an address is compared here; `rejectUnauthorized` would close what is right here, after the handshake.
  const address = isIP(serverName) > 0 ? serverName.replace(/%.*/, "") : undefined;
  const request = {
    rejectUnauthorized: verify && address === undefined,
    minVersion: version,
    ...(serverName === "" || address !== undefined ? {} : { serverName }),
    ...(ca === undefined ? {} : { ca: readPem("tls.ca", ca) }),
    ...(cert === undefined || key === undefined
      ? {}
      : { cert: readPemOf("certificate", "tls.cert", cert), key: readPemOf("private key", "tls.key", key) }),
    ...(alpn === undefined || alpn.length === 0 ? {} : { ALPNProtocols: alpnWire(alpn) }),
  };
  const sessions = resume ? new TlsSessions() : undefined;
  return { request, sessions, verify: verify ? verifierOf(address) : verifyNothing };
}

/**
 * The runtime's codes for what is wrong with a certificate, which are OpenSSL's (x509_vfy.h). `UNSPECIFIED` is whatever has no code of its
 * own, such as a constraint of addresses.
 */
const OF_A_CERTIFICATE =
  /^(UNSPECIFIED|INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|ERR_TLS_CERT_ALTNAME_INVALID|(UNABLE_TO|CERT|CRL|DEPTH_ZERO|SELF_SIGNED|ERROR_IN)_\w+)$/;

/**
 * The chain is trusted, the name is another. Where no name is sent the runtime compares with "localhost", on a descriptor that it was
 * given; the chain comes first, so that this code says it is trusted.
 */
const OTHER_NAME = "ERR_TLS_CERT_ALTNAME_INVALID";

/**
 * `authorized` means here that the handshake is complete. On a descriptor that it was given the runtime denies that where the name is another
 * as well, and names what is wrong with the chain.
 */
function verifyNothing(_: RawSocket, authorized: boolean, error: Error | null): Error | undefined {
  if (authorized || OF_A_CERTIFICATE.test(String((error as { code?: unknown } | null)?.code))) return undefined;
  return error ?? new Error("the handshake failed");
}

function verifierOf(address: string | undefined): ClientTls["verify"] {
  return (socket, authorized, error) => {
    const isOnlyTheName = address !== undefined && (error as { code?: unknown } | null)?.code === OTHER_NAME;
    const isTrusted = authorized && !error;
    if (!isTrusted && !isOnlyTheName) return error ?? new Error("certificate not trusted");
    if (address === undefined) return undefined;
    const certificate = (socket as unknown as { getPeerCertificate(): object | undefined }).getPeerCertificate();
    if (certificate === undefined) return new Error("the server sent no certificate");
    return checkServerIdentity(address, certificate as never);
  };
}
