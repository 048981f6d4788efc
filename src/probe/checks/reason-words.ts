import type { HandshakeKind, HandshakeReason } from "../../wire/mod.ts";

interface Words {
  /** Continues the service's name: `cache wants a password`. */
  readonly says: string;
  readonly fix: string;
  /** Fixes of kinds that have one of their own. */
  readonly fixes?: Readonly<Partial<Record<HandshakeKind, string>>>;
}

const GIVE_LOGIN = "give the probe a user and a password (probe.user, probe.passwordFile)";

/** Every reason in words for people, with what to do about it: one table, so that no reason is without. */
const WORDS: Readonly<Record<HandshakeReason, Words>> = {
  "password-required": {
    says: "is up and wants a password",
    fix: GIVE_LOGIN,
    fixes: { mysql: "give the probe a user with no rights: CREATE USER tenk IDENTIFIED BY '…'" },
  },
  "password-wrong": { says: "is up and does not accept the probe's login", fix: "check the probe's user and password" },
  "not-authorised": {
    says: "is up, but the probe's user may not ask it",
    fix: "allow this user to log in and to ask PING",
    // A broker of version 3.1.1 does not tell a wrong password from a lack of rights.
    fixes: {
      mqtt: "check the probe's user and password",
      amqp: "create the virtual host, or give this user rights in it",
      mongodb: "give this user SCRAM-SHA-256",
    },
  },
  "no-such-user": {
    says: "is up and does not know the probe's user",
    fix: "create the user, or give the probe another",
  },
  "no-such-database": { says: "is up and has no such database", fix: "give the probe a database that exists" },
  "no-such-ups": { says: "is up and has no UPS of this name", fix: "see `upsc -l` for the names" },
  "address-refused": {
    says: "is up and refuses this machine's address",
    fix: "allow this address in its configuration",
    fixes: {
      postgres: "add a line for this address to pg_hba.conf, then reload",
      redis: "set `bind` and a password: Redis is in protected mode",
      mysql: "create the user for this host: CREATE USER tenk@'ADDRESS'",
      nut: "add a LISTEN line to upsd.conf",
    },
  },
  "address-blocked": {
    says: "has blocked this machine's address after failed connects",
    fix: "wait until the block ends, and find out which program fails to log in",
    fixes: { mysql: "run `FLUSH HOSTS`, and give the probe a user" },
  },
  "tls-unavailable": { says: "is up and offers no TLS", fix: "give it a certificate, or ask it without tls" },
  "tls-required": { says: "is up and wants TLS", fix: "let the probe use it: probe: { tls: true }" },
  "password-not-sent": {
    says: "is up and wants the password in a form that others could read",
    fix: "let the probe use TLS: probe: { tls: true }",
    fixes: { postgres: "use scram-sha-256 in pg_hba.conf instead of password" },
  },
  starting: { says: "is starting", fix: "wait: it loads its data" },
  "replica-syncing": { says: "is a replica that copies its master's data", fix: "wait until it has all of it" },
  "replica-without-master": {
    says: "is a replica without its master",
    fix: "see whether the master runs and can be reached",
  },
  "member-not-ready": { says: "is neither primary nor secondary of its replica set", fix: "see rs.status()" },
  full: {
    says: "takes no more clients",
    fix: "raise its limit of connections, or find who holds them",
    fixes: {
      postgres: "raise max_connections, or see pg_stat_activity for who holds them",
      mysql: "raise max_connections, or see SHOW PROCESSLIST for who holds them",
      redis: "raise maxclients, or see CLIENT LIST for who holds them",
    },
  },
  busy: { says: "is busy", fix: "see what it works on", fixes: { redis: "a script runs: SCRIPT KILL ends it" } },
  "storage-failing": {
    says: "cannot save its data and refuses writes",
    fix: "see whether its disk is full or failing",
  },
  "ups-on-battery": { says: "runs on battery", fix: "see whether the mains are back" },
  "ups-attention": { says: "needs attention", fix: "look at its status" },
  "ups-no-data": { says: "has no data from the UPS", fix: "see whether its driver runs and the cable is plugged in" },
  unavailable: { says: "says that it cannot serve", fix: "see its log" },
  closed: {
    says: "accepted the connection and closed it without a word",
    fix: "see whether anything runs behind this port: Docker's proxy accepts for dead containers",
  },
  incomplete: { says: "broke off in the middle of its answer", fix: "see its log" },
  "wrong-protocol": { says: "answers in another protocol", fix: "check port and kind of this service" },
  "too-long": { says: "answered with more than the probe reads", fix: "check port and kind of this service" },
};

/**
 * Returns why a service is not up, and what to do about it.
 *
 * @example
 * reasonWords("mysql", "address-blocked").fix; // "run `FLUSH HOSTS`, and give the probe a user"
 */
export function reasonWords(
  kind: HandshakeKind | undefined,
  reason: HandshakeReason,
): { readonly says: string; readonly fix: string } {
  const { says, fix, fixes } = WORDS[reason];
  return { says, fix: (kind && fixes?.[kind]) ?? fix };
}
