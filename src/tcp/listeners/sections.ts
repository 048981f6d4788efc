import { z } from "zod";
import { parseCount } from "../../base/mod.ts";
import {
  address,
  count,
  duration,
  formatAddress,
  inRange,
  oneOf,
  onOff,
  pem,
  quantity,
  section,
  sectionOrTrue,
  text,
  words,
} from "../../part/mod.ts";
import { BALANCES } from "../relay/mod.ts";

const tlsVersion = oneOf("TLSv1.2", "TLSv1.3").default("TLSv1.2");

const certificate = { cert: pem, key: pem, passphrase: text("the passphrase of the key").optional() };

export const serverTls = section({
  ...certificate,
  names: z
    .record(text("a name such as git.home.arpa"), section(certificate), { error: "expected certificates by name" })
    .optional(),
  alpn: words("protocols such as h2").optional(),
  alpnMismatch: oneOf("alert", "continue").default("alert"),
  clientCertificates: oneOf("none", "ask", "require").default("none"),
  clientCa: pem.optional(),
  clientRevocations: pem.optional(),
  minVersion: tlsVersion,
  ciphers: text("ciphers such as ECDHE-ECDSA-AES128-GCM-SHA256").optional(),
  groups: words("groups such as X25519MLKEM768").optional(),
  handshake: duration.default(10_000),
  maxHandshakes: count.default(1000),
}).superRefine((tls, context) => {
  if (tls.clientCertificates === "none" || tls.clientCa !== undefined) return;
  const message = `expected who signs clients' certificates, as clientCertificates is ${tls.clientCertificates}`;
  context.addIssue({ code: "custom", path: ["clientCa"], message });
});

const clientTls = section({
  serverName: text("a name such as db.home.arpa").optional(),
  verify: onOff.default(true),
  ca: pem.optional(),
  cert: pem.optional(),
  key: pem.optional(),
  alpn: words("protocols such as h2").optional(),
  minVersion: tlsVersion,
});

const target = z.preprocess(
  (value) => (typeof value === "object" && value !== null ? value : { address: value }),
  section({
    address: address("127.0.0.1").transform(formatAddress),
    weight: quantity("a weight from 1 to 1000", (text) => inRange(parseCount(text), 1, 1000)).default(1),
    draining: onOff.default(false),
  }),
);

export const relay = section({
  targets: z.array(target, { error: "expected a list of addresses" }).min(1, "expected a list of addresses"),
  balance: oneOf(...BALANCES).default("round-robin"),
  connectTimeout: duration.default(3000),
  attempts: quantity("a number from 1", (text) => inRange(parseCount(text), 1, 1000)).default(3),
  health: section({
    failures: count.default(3),
    backOff: duration.default(10_000),
    maxBackOff: duration.default(300_000),
    check: duration.default(0),
    checkTimeout: duration.default(2000),
  }).prefault({}),
  proxyHeader: oneOf("none", "v1", "v2").default("none"),
  tls: sectionOrTrue(clientTls),
  maxPairs: count.default(0),
  stall: duration.default(60_000),
  finish: duration.default(60_000),
});
