import { createHash, X509Certificate } from "node:crypto";
import type { CaCertificates } from "../local/mod.ts";
import { escapeMarkup } from "./escape.ts";

/**
 * Writes a configuration profile with root and intermediate for iPhones, iPads and Macs (Apple, "Profile-Specific Payload Keys"). It
 * is not signed: the system says so, and the person compares the fingerprint.
 */
export function appleProfile({ root, intermediate, commonName, fingerprint, domains }: CaCertificates): string {
  const payloads = [
    { type: "com.apple.security.root", name: commonName, pem: root, suffix: "root" },
    {
      type: "com.apple.security.pkcs1",
      name: `${commonName}: intermediate`,
      pem: intermediate,
      suffix: "intermediate",
    },
  ];
  const identifier = `tenk.ca.${fingerprint.replaceAll(":", "").slice(0, 16).toLowerCase()}`;
  const dicts = payloads.map(({ type, name, pem, suffix }) => {
    const certificate = new X509Certificate(pem);
    return dict([
      ["PayloadType", string(type)],
      ["PayloadVersion", "<integer>1</integer>"],
      ["PayloadIdentifier", string(`${identifier}.${suffix}`)],
      ["PayloadUUID", string(uuidOf(certificate.fingerprint256))],
      ["PayloadDisplayName", string(name)],
      ["PayloadCertificateFileName", string(`${suffix}.cer`)],
      ["PayloadContent", `<data>${certificate.raw.toString("base64")}</data>`],
    ]);
  });
  const description = `Trusts the certificates of this box, for names below ${domains.join(", ")} and private addresses only.`;
  const profile = dict([
    ["PayloadType", string("Configuration")],
    ["PayloadVersion", "<integer>1</integer>"],
    ["PayloadIdentifier", string(identifier)],
    ["PayloadUUID", string(uuidOf(fingerprint + intermediate))],
    ["PayloadDisplayName", string(commonName)],
    ["PayloadDescription", string(description)],
    ["PayloadRemovalDisallowed", "<false/>"],
    ["PayloadContent", `<array>\n${dicts.join("\n")}\n</array>`],
  ]);
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
${profile}
</plist>
`;
}

function dict(entries: readonly (readonly [key: string, value: string])[]): string {
  return `<dict>\n${entries.map(([key, value]) => `<key>${key}</key>\n${value}`).join("\n")}\n</dict>`;
}

function string(text: string): string {
  return `<string>${escapeMarkup(text)}</string>`;
}

/** The same for the same certificate, so that a second installation replaces the first (RFC 9562 §5.8, a UUID of our own making). */
function uuidOf(text: string): string {
  const bytes = createHash("sha256").update(text).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString("hex").toUpperCase();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
