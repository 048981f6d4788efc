import type { Certificate, ServerTlsOptions } from "./options.ts";
import { readPem, readPemOf } from "./pem.ts";

/**
 * The same options with texts in place of files: what every event loop gets is then one and the same, also for a worker
 * that starts after the files were written again.
 *
 * @throws {TenkError} `file-unreadable`
 */
export function withTexts(options: ServerTlsOptions): ServerTlsOptions {
  const { names, clientCa, clientRevocations, clientCertificates = "none" } = options;
  const read = (where: string, certificate: Certificate) => ({
    cert: readPemOf("certificate", `${where}cert`, certificate.cert),
    key: readPemOf("private key", `${where}key`, certificate.key),
  });
  return {
    ...options,
    ...(clientRevocations === undefined ? {} : { clientRevocations: readPem("clientRevocations", clientRevocations) }),
    ...(clientCa === undefined || clientCertificates === "none" ? {} : { clientCa: readPem("clientCa", clientCa) }),
    ...(names === undefined
      ? {}
      : { names: mapped(names, (name, each) => ({ ...each, ...read(`names["${name}"].`, each) })) }),
    ...read("", options),
  };
}

function mapped<Value>(
  record: Readonly<Record<string, Value>>,
  change: (name: string, value: Value) => Value,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(name, value)]));
}
