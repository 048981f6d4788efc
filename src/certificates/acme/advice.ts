import type { AcmeStep } from "./error.ts";

/** What to do about a problem type of RFC 8555 §6.7, RFC 9773 §7 and the profiles draft. `docs/certificates.md` lists the same. */
export const PROBLEM_ADVICE: Readonly<Record<string, string>> = {
  accountDoesNotExist: "the CA does not know this account: move the account key file away, and a new account is made",
  alreadyReplaced: "the certificate was renewed already: order without replaces",
  badCSR: "the CA refuses the request or its key: this is tenk's mistake, please report it with this line",
  badNonce: "a proxy in between may answer twice or cache: let requests to the CA pass it unchanged",
  badPublicKey: "the CA refuses the account's key: move the account key file away, and a new one is made",
  badSignatureAlgorithm: "the CA does not accept ES256: choose another CA",
  caa: 'a CAA record of the domain forbids this CA: add it (for Let\'s Encrypt: 0 issue "letsencrypt.org")',
  compound: "each name's own reason is in brackets",
  connection:
    "the CA could not connect: forward port 80 (http-01) or 443 (tls-alpn-01) to this box, and check its firewall",
  dns: "the CA could not look the name up: check its A, AAAA and NS records, and DNSSEC",
  externalAccountRequired:
    "this CA wants an account of its own: set externalAccount with the keyId and macKey that it shows",
  incorrectResponse:
    "another server answered: check that the name's A and AAAA records lead to this box, on the right port",
  invalidContact: "the CA refuses the e-mail address: correct email, or leave it out",
  invalidProfile: "the CA has no such profile: leave profile out, or use one of those that its directory lists",
  malformed:
    "the CA could not read the request: this is tenk's mistake unless the name is wrong; please report it with this line",
  orderNotReady: "the order was not validated yet: tenk tries again",
  rateLimited: "the CA has issued or refused too much lately: wait, or test with acme: letsencrypt-staging",
  rejectedIdentifier:
    "the CA issues no certificate for this name: only public names and addresses can have one; use the local CA for others",
  serverInternal: "the CA has a failure of its own: tenk tries again; its status page may say more",
  tls: "the CA's TLS handshake with this box failed: port 443 must reach tenk itself, not a proxy that ends TLS",
  unauthorized:
    "the answer that the CA got was not tenk's: check that the name's A and AAAA records and port forwarding lead to this box",
  unsupportedContact: "the CA refuses the e-mail address: correct email, or leave it out",
  unsupportedIdentifier:
    "this CA issues no certificates for this kind of name (addresses need a CA and a profile that allow them)",
  userActionRequired: "the CA wants you to do something, such as accept new terms: open the address that it names",
};

/** The same type means another thing in another step, or of another challenge. */
const SPECIAL_ADVICE: Readonly<Record<string, string>> = {
  "account unauthorized": "check externalAccount; or move the account key file away, and a new account is made",
  "account malformed": "check externalAccount: keyId and macKey as the CA's pages show them",
  "order unauthorized": "the CA has closed this account, or it may not order this name: its pages say more",
  "dns-01 unauthorized": "the TXT record was missing or another: check the command, and raise dns.wait if the DNS provider is slow",
  "dns-01 dns": "the CA could not read the TXT record: check the name's NS records, and raise dns.wait if the DNS provider is slow",
  "dns-01 incorrectResponse": "the TXT record was another: remove old _acme-challenge records, and raise dns.wait if the DNS provider is slow",
  "http-01 connection": "the CA could not connect to port 80: forward it to this box, and check the firewall",
  "http-01 unauthorized": "another server answered on port 80: check the A and AAAA records (also an old AAAA) and the port forwarding",
  "tls-alpn-01 connection": "the CA could not connect to port 443: forward it to this box, and check the firewall",
  "tls-alpn-01 unauthorized": "another server answered on port 443, perhaps a proxy that ends TLS: use http-01 or dns-01 behind one",
}; // biome-ignore format: one line each

/** Returns what to do; undefined where only the CA's own words help. */
export function adviceFor(step: AcmeStep, type = "", challenge = "", status = 0): string | undefined {
  const special = SPECIAL_ADVICE[`${challenge} ${type}`] ?? SPECIAL_ADVICE[`${step} ${type}`];
  if (special !== undefined) return special;
  if (Object.hasOwn(PROBLEM_ADVICE, type)) return PROBLEM_ADVICE[type];
  if (status === 404 && step === "directory") return "check the directory's URL";
  if (status === 429) return PROBLEM_ADVICE.rateLimited;
  return status >= 500 ? PROBLEM_ADVICE.serverInternal : undefined;
}
