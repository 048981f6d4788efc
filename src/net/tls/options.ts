/** A certificate chain and its private key: each a file's path or the PEM text itself. */
export interface Certificate {
  cert: string;
  key: string;
  /** Of an encrypted key. */
  passphrase?: string;
}

export type TlsVersion = "TLSv1.2" | "TLSv1.3";

/** How a listener (or `startTls` on its side) does TLS. */
export interface ServerTlsOptions extends Certificate {
  /** Other certificates by the name the client asks for (SNI, RFC 6066 §3): `git.home.arpa` or `*.home.arpa` (one label). */
  names?: Readonly<Record<string, Certificate>>;
  /**
   * Certificates that prove control of a name to an ACME server (tls-alpn-01, RFC 8737), by that name. One is shown to a client
   * that offers the protocol `acme-tls/1` and nothing else; its connection reaches no handler and closes as `acme-challenge`.
   * Of a listener only: STARTTLS has none.
   */
  challenges?: Readonly<Record<string, Certificate>>;
  /** Application protocols, the preferred one first (RFC 7301). A client that offers none at all is served as ever. */
  alpn?: readonly string[];
  /**
   * What becomes of a client that offers protocols of which none is ours: `alert` ends the handshake with
   * no_application_protocol, as RFC 7301 §3.2 demands; `continue` serves it without a protocol. @default {"alert"}
   */
  alpnMismatch?: "alert" | "continue";
  /** Ask clients for a certificate, or accept only those with one that `clientCa` signed. @default {"none"} */
  clientCertificates?: "none" | "ask" | "require";
  /** Who signs clients' certificates: a file or PEM text. Needed where they are asked for. */
  clientCa?: string;
  /** Clients' certificates that were revoked: a file or PEM text of who signed them. */
  clientRevocations?: string;
  /** @default {"TLSv1.2"} */
  minVersion?: TlsVersion;
  /** Ciphers of TLS 1.2 in OpenSSL's words (`ECDHE-ECDSA-AES128-GCM-SHA256:…`); those of 1.3 are fixed. @default the runtime's */
  ciphers?: string;
  /** Groups for the key exchange, the preferred one first, also post-quantum ones: `X25519MLKEM768`. @default the runtime's */
  groups?: readonly string[];
  /** Close with `tls-failed` when a handshake takes longer. @default {10000} */
  handshakeMs?: number;
  /** Handshakes under way on one event loop; more are refused as `handshakes`. 0 = no bound. @default {1000} */
  maxHandshakes?: number;
}

/** How the connecting side does TLS. */
export interface ClientTlsOptions {
  /** Sent as SNI and compared with the certificate. @default the host that is connected to */
  serverName?: string;
  /** Refuse a certificate that is not trusted or not for `serverName`. @default {true} */
  verify?: boolean;
  /** Whom to trust instead of the system's list: a file or PEM text. */
  ca?: string;
  /** Our own certificate, where the server asks for one: file or PEM text. */
  cert?: string;
  key?: string;
  alpn?: readonly string[];
  /** @default {"TLSv1.2"} */
  minVersion?: TlsVersion;
  /** Resume the sessions of earlier connections of the same dialer or pool, where the server permits it (RFC 8446 §2.2). @default {false} */
  resume?: boolean;
}

/** What a handshake agreed on. */
export interface NegotiatedTls {
  /** `TLSv1.3` */
  version: string;
  cipher: string;
  /** Asked for by the client. */
  serverName: string | undefined;
  alpn: string | undefined;
  /** An earlier session was resumed: no certificate was sent, and the earlier one's holds. */
  resumed: boolean;
}

/** The same with the peer's certificate, which takes 0.1 ms to read. */
export interface TlsInfo extends NegotiatedTls {
  /** The peer sent a certificate that was verified. */
  authorized: boolean;
  peer: PeerCertificate | undefined;
}

export interface PeerCertificate {
  /** `CN=phone, O=home` */
  subject: string;
  issuer: string;
  /** As in the certificate: `DNS:phone.home.arpa, IP Address:127.0.0.1`. */
  names: string;
  /** SHA-256 of it, `AB:CD:…`. */
  fingerprint: string;
  validFrom: Date;
  validTo: Date;
}
