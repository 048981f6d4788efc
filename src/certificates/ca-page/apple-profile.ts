import { X509Certificate } from "node:crypto";
import { appleProfile } from "../../wire/mod.ts";
import type { CaCertificates } from "../local/mod.ts";

/** Writes a profile with root and intermediate. The person compares the fingerprint. */
export function caProfile({ root, intermediate, commonName, fingerprint, domains }: CaCertificates): string {
  const payloads = [
    { type: "com.apple.security.root", name: commonName, pem: root, suffix: "root" },
    {
      type: "com.apple.security.pkcs1",
      name: `${commonName}: intermediate`,
      pem: intermediate,
      suffix: "intermediate",
    },
  ];
  return appleProfile({
    identifier: `tenk.ca.${fingerprint.replaceAll(":", "").slice(0, 16).toLowerCase()}`,
    identity: fingerprint + intermediate,
    name: commonName,
    description: `Trusts the certificates of this box, for names below ${domains.join(", ")} and private addresses only.`,
    payloads: payloads.map(({ type, name, pem, suffix }) => {
      const { fingerprint256: identity, raw } = new X509Certificate(pem);
      const content = { PayloadCertificateFileName: `${suffix}.cer`, PayloadContent: new Uint8Array(raw) };
      return { type, suffix, name, identity, content };
    }),
  });
}
