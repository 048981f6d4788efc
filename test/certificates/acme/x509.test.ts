import { describe, expect, test } from "bun:test";
import { createHash, X509Certificate } from "node:crypto";
import type { AddressInfo } from "node:net";
import { connect as connectTls, createServer } from "node:tls";
import { serverNameOf } from "../../../src/certificates/acme/identifiers.ts";
import { certificateRequest, challengeCertificate, renewalIdOf } from "../../../src/certificates/acme/x509.ts";

/** RFC 9773, appendix A. */
const EXAMPLE = `-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
-----END CERTIFICATE-----
`;

test("the identifier of RFC 9773's example certificate is the RFC's", () => {
  expect(renewalIdOf(EXAMPLE)).toBe("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
});

test("a certificate with any byte changed is named or not, and nothing else", () => {
  const der = Buffer.from(EXAMPLE.replace(/-----[^-]+-----|\n/g, ""), "base64");
  for (let at = 0; at < der.length; at++) {
    for (const byte of [0x00, 0x7f, 0x80, 0xff]) {
      const changed = Buffer.from(der);
      changed[at] = byte;
      const pem = `-----BEGIN CERTIFICATE-----\n${changed.toString("base64")}\n-----END CERTIFICATE-----\n`;
      expect(renewalIdOf(pem) ?? "a.b").toMatch(/^[\w-]*\.[\w-]+$/);
    }
  }
});

test("a certificate without an authority key identifier has no renewal identifier", async () => {
  const { cert } = await challengeCertificate({ type: "dns", value: "a.example.org" }, new Uint8Array(32));
  expect(renewalIdOf(cert)).toBeUndefined();
  expect(renewalIdOf("no certificate")).toBeUndefined();
});

test.each([
  [{ type: "dns", value: "git.example.org" }, "git.example.org", "DNS:git.example.org"],
  [{ type: "ip", value: "192.0.2.1" }, "1.2.0.192.in-addr.arpa", "IP Address:192.0.2.1"],
  [
    { type: "ip", value: "2001:db8::1" },
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
    "IP Address:2001:DB8:0:0:0:0:0:1",
  ],
] as const)(
  "the challenge's certificate of %p is served for %s, and BoringSSL accepts it",
  async (identifier, name, altName) => {
    const digest = createHash("sha256").update("token.thumbprint").digest();
    const pair = await challengeCertificate(identifier, digest);
    expect(serverNameOf(identifier)).toBe(name);
    const certificate = new X509Certificate(pair.cert);
    expect(certificate.subjectAltName).toBe(altName);
    expect(certificate.verify(certificate.publicKey)).toBeTrue();
    // The critical extension: its identifier, TRUE, and the digest as an OCTET STRING in an OCTET STRING.
    const extension = Buffer.concat([Buffer.from("06082b0601050507011f0101ff04220420", "hex"), digest]);
    expect(certificate.raw.includes(extension)).toBeTrue();
    expect(await protocolOf(pair)).toBe("acme-tls/1");
  },
);

/** What a handshake with `acme-tls/1` agrees on. */
function protocolOf(pair: { cert: string; key: string }): Promise<string | false | null> {
  return new Promise((resolve, reject) => {
    const server = createServer({ ...pair, ALPNProtocols: ["acme-tls/1"] }, (socket) => socket.end());
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      const client = connectTls({ port, host: "127.0.0.1", ALPNProtocols: ["acme-tls/1"], rejectUnauthorized: false });
      client.once("error", reject);
      client.once("secureConnect", () => {
        resolve(client.alpnProtocol);
        client.destroy();
        server.close();
      });
    });
  });
}

describe("a request for a certificate", () => {
  test("has many names in lengths of two bytes", async () => {
    const names = Array.from({ length: 100 }, (_, index) => `host-${index}.a-rather-long-domain.example.org`);
    const { csr, key } = await certificateRequest(names.map((value) => ({ type: "dns", value })));
    const der = Buffer.from(csr, "base64url");
    expect(key).toStartWith("-----BEGIN PRIVATE KEY-----\n");
    expect([der[0], der[1], der.readUInt16BE(2) + 4]).toEqual([0x30, 0x82, der.length]);
    for (const name of names) expect(der.includes(name)).toBeTrue();
  });
});
