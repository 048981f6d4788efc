/** What a handshake may use to log in. Without it the service is only asked what it tells everybody. */
export interface HandshakeOptions {
  user?: string;
  password?: string;
  /** Of PostgreSQL; where MongoDB knows the user; the virtual host of AMQP. @default "/" for AMQP, the user's name, as PostgreSQL takes it; MongoDB's `admin` */
  database?: string;
  /** Name of the UPS on a NUT server. @default the first one of its list */
  ups?: string;
  /** Of MQTT: 4 is 3.1.1. @default {4} */
  mqttVersion?: 4 | 5;
  /** Names the client where the protocol has a name for it: MQTT, where a second one with the same name ends the first. @default {"tenk"} */
  clientName?: string;
  /** Ask for TLS within the protocol, where it begins in the clear: kinds of `STARTS_TLS`. @default {false} */
  tls?: boolean;
  /** The way to the service cannot be tampered with (this machine): a password may then be sent in the clear, or by a key that the server gives. @default {false} */
  isTrustedPath?: boolean;
  /** Longest answer in all, in bytes. @default {65536} */
  maxReplyBytes?: number;
}
