import { createHash } from "node:crypto";
import tls from "node:tls";
import { messageOf, TenkError } from "../../base/mod.ts";
import type { Certificate } from "./options.ts";
import { readPemOf, sourceOf } from "./pem.ts";

/** A certificate and its key as PEM text, as the runtime takes them. */
export interface Pems {
  readonly cert: string;
  readonly key: string;
  readonly passphrase?: string;
}

/**
 * The runtime's contexts of certificates: one for each distinct certificate, however many names have it. Making one takes
 * 0.1 ms, with an RSA key more: a change of one name among thousands must not make thousands.
 */
export class Contexts {
  readonly #shared: object;
  readonly #digest: string;
  /** By digest: those in use. */
  readonly made = new Map<string, object>();
  readonly #former: ReadonlyMap<string, object>;
  /** By path or text, so that a file is read once for all names. */
  readonly #texts = new Map<string, string>();

  /**
   * @param shared the options beside the certificate
   * @param former contexts that are in force, used again where nothing differs
   */
  constructor(shared: object, former: ReadonlyMap<string, object>) {
    this.#shared = shared;
    this.#digest = digestOf(JSON.stringify(shared));
    this.#former = former;
  }

  /**
   * Reads a certificate and checks that its key fits, here and not in the first handshake: the old one is still in force.
   *
   * @param where the option's name in front of `cert` and `key`, for errors
   * @throws {TenkError} `invalid-option`, `file-unreadable`
   */
  of(where: string, certificate: Certificate): { readonly pems: Pems; readonly context: object } {
    const pems = this.#read(where, certificate);
    const key = digestOf(JSON.stringify([this.#digest, pems.cert, pems.key, pems.passphrase]));
    const context = this.made.get(key) ?? this.#former.get(key) ?? this.#make(where, certificate, pems);
    this.made.set(key, context);
    return { pems, context };
  }

  #read(where: string, { cert, key, passphrase }: Certificate): Pems {
    const pems = {
      cert: this.#text("certificate", `${where}cert`, cert),
      key: this.#text("private key", `${where}key`, key),
    };
    return passphrase === undefined ? pems : { ...pems, passphrase };
  }

  #text(kind: "certificate" | "private key", what: string, given: string): string {
    const known = this.#texts.get(`${kind} ${given}`);
    if (known !== undefined) return known;
    const text = readPemOf(kind, what, given);
    this.#texts.set(`${kind} ${given}`, text);
    return text;
  }

  /** Returns the part of node's context that the runtime itself works with. */
  #make(where: string, certificate: Certificate, pems: Pems): object {
    try {
      const { minVersion: _, ...rest } = this.#shared as { minVersion: number };
      return (tls.createSecureContext({ ...rest, ...pems }) as unknown as { context: object }).context;
    } catch (error) {
      const sources = `${where}cert${sourceOf(certificate.cert)}, ${where}key${sourceOf(certificate.key)}`;
      const files = sources.includes(" of ") ? ` (${sources})` : "";
      throw new TenkError(
        "invalid-option",
        `Cannot use ${where}cert, ${where}key and the other options${files}: ${explained(messageOf(error))}`,
        {
          hint: "the certificate's chain has its own first, then its issuers'; the key must be its own",
        },
      );
    }
  }
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}

function explained(message: string): string {
  return message.includes("KEY_VALUES_MISMATCH") ? `the key is not that of the certificate, ${message}` : message;
}
