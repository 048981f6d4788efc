import { z } from "zod";
import { parseCount } from "../../base/mod.ts";
import { SERVER_TLS_DEFAULTS } from "../../net/mod.ts";
import {
  address,
  count,
  duration,
  formatAddress,
  inRange,
  list,
  oneOf,
  onOff,
  pem,
  quantity,
  section,
  sectionOrTrue,
  text,
} from "../../part/mod.ts";
import { HEALTH_DEFAULTS } from "../../targets/mod.ts";
import { RELAY_BALANCES, RELAY_DEFAULTS } from "../relay/mod.ts";

const tlsVersion = oneOf("TLSv1.2", "TLSv1.3").default(SERVER_TLS_DEFAULTS.minVersion);

const certificate = { cert: pem, key: pem, passphrase: text("the passphrase of the key").optional() };

export const serverTls = section({
  ...certificate,
  names: z
    .record(text("a name such as git.home.arpa"), section(certificate), { error: "expected certificates by name" })
    .optional(),
  alpn: list("protocols such as h2").optional(),
  alpnMismatch: oneOf("alert", "continue").default("alert"),
  clientCertificates: oneOf("none", "ask", "require").default(SERVER_TLS_DEFAULTS.clientCertificates),
  clientCa: pem.optional(),
  clientRevocations: pem.optional(),
  minVersion: tlsVersion,
  ciphers: text("ciphers such as ECDHE-ECDSA-AES128-GCM-SHA256").optional(),
  groups: list("groups such as X25519MLKEM768").optional(),
  handshake: duration.default(SERVER_TLS_DEFAULTS.handshakeMs),
  maxHandshakes: count.default(SERVER_TLS_DEFAULTS.maxHandshakes),
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
  alpn: list("protocols such as h2").optional(),
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
  balance: oneOf(...RELAY_BALANCES).default(RELAY_DEFAULTS.balance),
  connectTimeout: duration.default(RELAY_DEFAULTS.connectTimeoutMs),
  attempts: quantity("a number from 1", (text) => inRange(parseCount(text), 1, 1000)).default(RELAY_DEFAULTS.attempts),
  health: section({
    failures: count.default(HEALTH_DEFAULTS.failures),
    within: duration.default(HEALTH_DEFAULTS.withinMs),
    backOff: duration.default(HEALTH_DEFAULTS.backOffMs),
    maxBackOff: duration.default(HEALTH_DEFAULTS.maxBackOffMs),
    check: duration.default(HEALTH_DEFAULTS.checkMs),
    checkTimeout: duration.default(HEALTH_DEFAULTS.checkTimeoutMs),
  }).prefault({}),
  proxyHeader: oneOf("none", "v1", "v2").default(RELAY_DEFAULTS.proxyHeader),
  tls: sectionOrTrue(clientTls),
  maxPairs: count.default(RELAY_DEFAULTS.maxPairs),
  stall: duration.default(RELAY_DEFAULTS.stallMs),
  finish: duration.default(RELAY_DEFAULTS.finishMs),
});
