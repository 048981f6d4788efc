import { amqpHandshake } from "./amqp.ts";
import type { Handshake } from "./dialogue.ts";
import { ftpHandshake, imapHandshake, memcachedHandshake, smtpHandshake, sshHandshake } from "./greeting.ts";
import { ldapHandshake } from "./ldap.ts";
import { mongodbHandshake } from "./mongodb.ts";
import { mqttHandshake } from "./mqtt.ts";
import { mysqlHandshake } from "./mysql.ts";
import { natsHandshake } from "./nats.ts";
import { nutHandshake } from "./nut.ts";
import type { HandshakeOptions } from "./options.ts";
import { postgresHandshake } from "./postgres.ts";
import { redisHandshake } from "./redis.ts";
import { smbHandshake } from "./smb.ts";

/** Every kind of service that is asked in a protocol of its own, over TCP and without HTTP. */
const HANDSHAKES = {
  redis: redisHandshake,
  postgres: postgresHandshake,
  mysql: mysqlHandshake,
  mongodb: mongodbHandshake,
  mqtt: mqttHandshake,
  nats: natsHandshake,
  amqp: amqpHandshake,
  memcached: memcachedHandshake,
  ssh: sshHandshake,
  smtp: smtpHandshake,
  imap: imapHandshake,
  ftp: ftpHandshake,
  ldap: ldapHandshake,
  smb: smbHandshake,
  nut: nutHandshake,
} as const satisfies Record<string, (options: HandshakeOptions) => Handshake>;

export type HandshakeKind = keyof typeof HANDSHAKES;

export const HANDSHAKE_KINDS = Object.keys(HANDSHAKES) as readonly HandshakeKind[];

/** Kinds whose TLS begins after a request for it in the clear. That of others is there from the first byte. */
export const STARTS_TLS: ReadonlySet<HandshakeKind> = new Set(["postgres", "mysql", "nats"]);

/** Schemes of a kind with TLS from the first byte, and their ports where they have some of their own. */
export const TLS_SCHEMES: Readonly<Record<string, number>> = {
  rediss: 6379,
  mqtts: 8883,
  amqps: 5671,
  ldaps: 636,
  smtps: 465,
  imaps: 993,
  ftps: 990,
};

/** Where the service listens unless its target says otherwise. */
export const HANDSHAKE_PORTS: Readonly<Record<HandshakeKind, number>> = {
  redis: 6379,
  postgres: 5432,
  mysql: 3306,
  mongodb: 27_017,
  mqtt: 1883,
  nats: 4222,
  amqp: 5672,
  memcached: 11_211,
  ssh: 22,
  smtp: 25,
  imap: 143,
  ftp: 21,
  ldap: 389,
  smb: 445,
  nut: 3493,
};

/**
 * Begins a handshake with a service of this kind.
 *
 * @example
 * const handshake = beginHandshake("memcached");
 * new TextDecoder().decode(handshake.hello); // "version\r\n"
 * const step = handshake.receive(new TextEncoder().encode("VERSION 1.6.18\r\n"));
 * step.state === "done" && step.outcome.facts; // { version: "1.6.18" }
 */
export function beginHandshake(kind: HandshakeKind, options: HandshakeOptions = {}): Handshake {
  return HANDSHAKES[kind](options);
}
