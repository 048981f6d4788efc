import { webcrypto } from "node:crypto";

/** The library's interface. */
export type X509 = typeof import("@peculiar/x509");

let loading: Promise<X509> | undefined;

/**
 * Loads the library that writes certificates, once. It costs 24 MB of memory and a tenth of a second, so only what must sign
 * something calls this: a start with valid certificates on disk does not.
 */
export function loadX509(): Promise<X509> {
  loading ??= load();
  return loading;
}

async function load(): Promise<X509> {
  // The library's own dependency tsyringe needs it to be there first.
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  x509.cryptoProvider.set(webcrypto as Crypto);
  return x509;
}
