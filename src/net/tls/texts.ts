import type { Certificate, ServerTlsOptions } from "./options.ts";
import { readPem, readPemOf } from "./pem.ts";

/**
 * The same options with texts in place of files: what every event loop gets is then one and the same, also for a worker
 * that starts after the files were written again.
 *
 * @throws {TenkError} `file-unreadable`
 */
export function withTexts(options: ServerTlsOptions): ServerTlsOptions {
  const { names, challenges, clientCa, clientRevocations, clientCertificates = "none" } = options;
  // A certificate of many names is read once.
  const texts = new Map<string, string>();
  const text = (kind: "certificate" | "private key", what: string, given: string) => {
    const known = texts.get(kind + given) ?? readPemOf(kind, what, given);
    texts.set(kind + given, known);
    return known;
  };
  const read = (where: string, certificate: Certificate) => ({
    cert: text("certificate", `${where}cert`, certificate.cert),
    key: text("private key", `${where}key`, certificate.key),
  });
  const readAll = (option: string, certificates: Readonly<Record<string, Certificate>> = {}) =>
    mapped(certificates, (name, each) => ({ ...each, ...read(`${option}["${name}"].`, each) }));
  return {
    ...options,
    ...(clientRevocations === undefined ? {} : { clientRevocations: readPem("clientRevocations", clientRevocations) }),
    ...(clientCa === undefined || clientCertificates === "none" ? {} : { clientCa: readPem("clientCa", clientCa) }),
    ...(names === undefined ? {} : { names: readAll("names", names) }),
    ...(challenges === undefined ? {} : { challenges: readAll("challenges", challenges) }),
    ...read("", options),
  };
}

function mapped<Value>(
  record: Readonly<Record<string, Value>>,
  change: (name: string, value: Value) => Value,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(name, value)]));
}
