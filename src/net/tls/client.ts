import { TenkError } from "../../base/mod.ts";
import type { ClientTlsOptions } from "./options.ts";
import { readPem } from "./pem.ts";
import { alpnWire, VERSION_NUMBERS } from "./words.ts";

/** The connecting side in the words of the runtime's `upgradeTLS`. */
export interface ClientTls {
  readonly rejectUnauthorized: boolean;
  readonly serverName?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly ALPNProtocols?: Buffer;
  readonly minVersion: number;
}

/**
 * Reads the files and checks the words, once for all connects of a dialer.
 *
 * @param host whom the certificate must be for, where the options name nobody; empty for a Unix socket
 * @throws {TenkError} `invalid-option`, `file-unreadable`
 * @example
 * clientTls({ verify: false }, "home.arpa").serverName; // "home.arpa"
 */
export function clientTls(options: ClientTlsOptions, host: string): ClientTls {
  const { verify = true, serverName = host, ca, cert, key, alpn, minVersion = "TLSv1.2" } = options;
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
  return {
    rejectUnauthorized: verify,
    minVersion: version,
    ...(serverName === "" ? {} : { serverName }),
    ...(ca === undefined ? {} : { ca: readPem("tls.ca", ca) }),
    ...(cert === undefined || key === undefined
      ? {}
      : { cert: readPem("tls.cert", cert), key: readPem("tls.key", key) }),
    ...(alpn === undefined || alpn.length === 0 ? {} : { ALPNProtocols: alpnWire(alpn) }),
  };
}
