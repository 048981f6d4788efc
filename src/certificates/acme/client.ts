import { setTimeout as pause } from "node:timers/promises";
import { messageOf } from "../../base/mod.ts";
import { abortable } from "./abortable.ts";
import { loadAccountKey } from "./account-key.ts";
import { AcmeError, type AcmeStep } from "./error.ts";
import { failureOf } from "./failure.ts";
import { externalBinding, type Signer } from "./jws.ts";
import { type Directory, MessageReader, UnexpectedAnswer } from "./messages.ts";
import { Nonces } from "./nonces.ts";
import { ACME_DEFAULTS, type AcmeAccountOptions, type AcmeLimits, directoryUrlOf } from "./options.ts";
import { type CaAnswer, type CaRequest, readCa, Transport } from "./transport.ts";

/** How a request is sent. */
export interface SendOptions {
  signal: AbortSignal | undefined;
  accept?: string;
  /** Names what the request is about in an error. @default its URL */
  subject?: string;
  /** Tries while the CA is not reached or busy: 1 for a request that must not be sent twice unseen. @default `maxTries` */
  maxTries?: number;
}

/**
 * One account at one CA: reads the directory, registers, signs requests, and keeps the rules of nonces and of Retry-After. Nothing is
 * read, written or sent before the first request.
 */
export class AcmeClient {
  readonly limits: AcmeLimits;
  readonly directoryUrl: string;
  readonly reader: MessageReader;
  /** Answers of badNonce so far. */
  badNonces = 0;
  readonly #options: AcmeAccountOptions;
  readonly #transport: Transport;
  readonly #nonces = new Nonces();
  #signer: Promise<Signer> | undefined;
  #directory: Promise<Directory> | undefined;
  #directoryReadMs = 0;
  #account: Promise<string> | undefined;

  /** @throws {AcmeError} {TenkError} for a directory or root that cannot be used */
  constructor(options: AcmeAccountOptions) {
    this.#options = options;
    this.limits = { ...ACME_DEFAULTS, ...options.limits };
    this.directoryUrl = directoryUrlOf(options.directory ?? "letsencrypt");
    this.reader = new MessageReader(this.directoryUrl);
    this.#transport = new Transport(this.limits, options.ca === undefined ? undefined : readCa(options.ca));
  }

  /** Requests sent so far. */
  get requests(): number {
    return this.#transport.requests;
  }

  /** What the CA offers; read again once a day. @throws {AcmeError} step `directory` */
  directory(signal?: AbortSignal): Promise<Directory> {
    if (this.#directory === undefined || performance.now() - this.#directoryReadMs > this.limits.directoryMs) {
      this.#directoryReadMs = performance.now();
      const directory = this.#readDirectory();
      this.#directory = directory;
      directory.catch(() => this.#forget(directory));
    }
    return abortable(this.#directory, signal);
  }

  async #readDirectory(): Promise<Directory> {
    const answer = await this.get("directory", this.directoryUrl);
    return this.read("directory", this.directoryUrl, answer, (value) => this.reader.directory(value));
  }

  /** The account's key. @throws {AcmeError} step `account` */
  signer(): Promise<Signer> {
    if (this.#signer === undefined) {
      const signer = loadAccountKey(this.#options.folder, this.directoryUrl);
      this.#signer = signer;
      signer.catch(() => this.#forget(signer));
    }
    return this.#signer;
  }

  /** The account's URL. Registers first: a CA that has it already says which it is (RFC 8555 §7.3.1). @throws {AcmeError} */
  account(signal?: AbortSignal): Promise<string> {
    if (this.#account === undefined) {
      const account = this.#register();
      this.#account = account;
      account.catch(() => this.#forget(account));
    }
    return abortable(this.#account, signal);
  }

  /** What failed, or is no longer true, is done anew by the next who needs it. */
  #forget(promise: Promise<unknown>): void {
    if (this.#directory === promise) this.#directory = undefined;
    if (this.#signer === promise) this.#signer = undefined;
    if (this.#account === promise) this.#account = undefined;
  }

  async #register(): Promise<string> {
    const { email, externalAccount } = this.#options;
    const { newAccount: url, externalAccountRequired } = await this.directory();
    if (externalAccountRequired && externalAccount === undefined) {
      const fix = "set externalAccount with the keyId and macKey that the CA's pages show";
      throw new AcmeError("account", this.directoryUrl, "this CA wants accounts that are bound to one of its own", {
        fix,
      });
    }
    const { publicKey: jwk } = await this.signer();
    const contact = email === undefined ? {} : { contact: [`mailto:${email}`] };
    const binding = externalAccount && {
      externalAccountBinding: externalBinding(jwk, externalAccount.keyId, externalAccount.macKey, url),
    };
    const payload = { termsOfServiceAgreed: true, ...contact, ...binding };
    const answer = await this.#persist("account", url, {}, () => this.#signed("account", url, payload, { jwk }));
    return this.location("account", url, answer);
  }

  /** Reads without a signature: the directory, and renewal information. @throws {AcmeError} */
  get(step: AcmeStep, url: string, signal?: AbortSignal): Promise<CaAnswer> {
    return this.#persist(step, url, { signal }, async () => {
      const answer = await this.#send(step, url, { method: "GET", accept: "application/json" }, signal);
      if (answer.status !== 200) throw failureOf(step, url, answer);
      return answer;
    });
  }

  /**
   * Sends `payload` as the account; undefined reads (POST-as-GET, RFC 8555 §6.3). An account that the CA has lost is registered
   * again, once.
   *
   * @throws {AcmeError} when the CA does not answer with success
   */
  async post(step: AcmeStep, url: string, payload: unknown, options: SendOptions): Promise<CaAnswer> {
    const { signal } = options;
    const account = this.#account;
    const send = async () => {
      const kid = await this.account(signal);
      return this.#persist(step, url, options, () => this.#signed(step, url, payload, { kid }, options));
    };
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof AcmeError) || error.problem?.type !== "accountDoesNotExist") throw error;
      // Where another order was first, it has registered already.
      if (account !== undefined) this.#forget(account);
      return send();
    }
  }

  /** Reads JSON of an answer by `parse`. @throws {AcmeError} naming what is wrong with it */
  read<T>(step: AcmeStep, url: string, answer: CaAnswer, parse: (value: unknown) => T): T {
    const type = answer.headers.get("content-type") ?? "";
    const fix = "check that the directory's URL is that of a CA, and that no proxy changes its answers";
    if (!/^application\/([a-z.+-]+\+)?json\b/i.test(type)) {
      throw new AcmeError(step, url, `its answer is not JSON, but ${JSON.stringify(type.slice(0, 60))}`, { fix });
    }
    try {
      return parse(JSON.parse(answer.text));
    } catch (error) {
      const what = error instanceof UnexpectedAnswer ? error.message : "its answer cannot be read as JSON";
      throw new AcmeError(step, url, what, { fix, cause: error });
    }
  }

  /** The URL of what was made. @throws {AcmeError} */
  location(step: AcmeStep, url: string, answer: CaAnswer): string {
    try {
      return this.reader.url(answer.headers.get("location"), "Location");
    } catch (error) {
      throw new AcmeError(step, url, messageOf(error), { cause: error });
    }
  }

  /** Each try has a nonce of its own. A CA that answers badNonce sends a fresh one with it (RFC 8555 §6.5). */
  async #signed(
    step: AcmeStep,
    url: string,
    payload: unknown,
    identity: object,
    options?: SendOptions,
  ): Promise<CaAnswer> {
    const { signal, accept = "application/json", subject = url } = options ?? {};
    const signer = await this.signer();
    for (let tries = 1; ; tries++) {
      const nonce = this.#nonces.take() ?? (await this.#freshNonce(step, signal));
      const body = JSON.stringify(await signer.sign({ nonce, url, ...identity }, payload));
      const answer = await this.#send(step, url, { method: "POST", body, accept }, signal);
      if (answer.status >= 200 && answer.status < 300) return answer;
      const failure = failureOf(step, subject, answer);
      if (failure.problem?.type !== "badNonce") throw failure;
      this.badNonces += 1;
      if (tries >= this.limits.maxNonceTries) throw failure;
    }
  }

  async #freshNonce(step: AcmeStep, signal: AbortSignal | undefined): Promise<string> {
    const { newNonce } = await this.directory(signal);
    const answer = await this.#send(step, newNonce, { method: "HEAD" }, signal);
    const nonce = this.#nonces.take();
    if (nonce !== undefined) return nonce;
    if (answer.status >= 400) throw failureOf(step, newNonce, answer);
    throw new AcmeError(step, newNonce, "its answer has no Replay-Nonce");
  }

  async #send(step: AcmeStep, url: string, request: CaRequest, signal: AbortSignal | undefined): Promise<CaAnswer> {
    const answer = await this.#transport.request(step, url, request, signal);
    this.#nonces.add(answer.headers.get("replay-nonce"));
    return answer;
  }

  /** Tries again while the CA is not reached, has a failure of its own, or asks for a short pause. */
  async #persist(
    step: AcmeStep,
    url: string,
    options: Partial<SendOptions>,
    send: () => Promise<CaAnswer>,
  ): Promise<CaAnswer> {
    const { maxRetryAfterMs, retryMs } = this.limits;
    const { maxTries = this.limits.maxTries, signal } = options;
    for (let tries = 1; ; tries++) {
      try {
        return await send();
      } catch (error) {
        if (!(error instanceof AcmeError) || !error.isTransient || signal?.aborted) throw error;
        const askedMs = error.retryAfterMs ?? 0;
        if (tries >= maxTries || askedMs > maxRetryAfterMs) throw error;
        await this.wait(step, url, Math.max(askedMs, retryMs * 2 ** (tries - 1) * (0.5 + Math.random())), signal);
      }
    }
  }

  /** @throws {AcmeError} when `signal` aborts first */
  async wait(step: AcmeStep, subject: string, ms: number, signal: AbortSignal | undefined): Promise<void> {
    await pause(ms, undefined, signal === undefined ? {} : { signal }).catch((error) => {
      throw new AcmeError(step, subject, messageOf(signal?.reason ?? error), { cause: error });
    });
  }
}
