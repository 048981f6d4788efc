import { messageOf } from "../../base/mod.ts";
import { isLoopback } from "../../part/mod.ts";
import { type Message, textOf } from "../incidents/mod.ts";
import { type Channel, type ChannelEnv, type Delivery, masked, shortLine } from "./channel.ts";

export interface EmailOptions {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte, else STARTTLS: required, but for a server of this machine. */
  readonly isImplicitTls: boolean;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly from: string;
  readonly to: readonly string[];
  /** PEM of the CA of the server's certificate. @default {the usual ones} */
  readonly ca?: string | undefined;
  readonly verify: boolean;
}

const MAX_TEXT_BYTES = 64 * 1024;
const MAX_SUBJECT = 200;

/** E-mail by SMTP. What ends a problem answers the message that told of it, and each message has the date of what it tells. */
export class EmailChannel implements Channel {
  readonly name: string;
  readonly type = "email";
  readonly #options: EmailOptions;
  readonly #env: ChannelEnv;

  constructor(name: string, options: EmailOptions, env: ChannelEnv) {
    this.name = name;
    this.#options = options;
    this.#env = env;
  }

  async send(message: Message, isBrief: boolean, signal: AbortSignal): Promise<Delivery> {
    const { from, to, password, user } = this.#options;
    // Loaded when it is needed: a box without e-mail saves its memory.
    const { createTransport } = await import("nodemailer");
    const transport = createTransport(this.#transport());
    const ended = AbortSignal.any([signal, AbortSignal.timeout(this.#env.timeoutMs)]);
    try {
      const idOf = (id: string) => `<tenk.${id}@${domainOf(from)}>`;
      await transport.sendMail({
        from,
        to: [...to],
        subject: message.title.slice(0, MAX_SUBJECT),
        text: this.#text(message, isBrief),
        date: new Date(message.happenedMs),
        messageId: idOf(message.id),
        ...(message.answers.length > 0 && {
          inReplyTo: idOf(message.answers[0]!),
          references: message.answers.map(idOf),
        }),
        priority: message.tone === "critical" ? "high" : "normal",
        // No autoresponder answers (RFC 3834).
        headers: { "Auto-Submitted": "auto-generated" },
        disableFileAccess: true,
        disableUrlAccess: true,
        signal: ended,
      });
      return { result: "sent" };
    } catch (error) {
      return deliveryOf(
        error,
        [password ?? "", base64(password), base64(`\0${user}\0${password}`)],
        this.#env.timeoutMs,
      );
    } finally {
      transport.close();
    }
  }

  #text(message: Message, isBrief: boolean): string {
    const { pageUrl } = this.#env;
    const text = isBrief ? message.title : textOf(message, MAX_TEXT_BYTES);
    return pageUrl === undefined ? `${text}\n` : `${text}\n\n${pageUrl}\n`;
  }

  #transport() {
    const { host, port, isImplicitTls, user, password, ca, verify } = this.#options;
    const { timeoutMs } = this.#env;
    const isHere = isLoopback(host);
    return {
      host,
      port,
      secure: isImplicitTls,
      // Neither a password nor a message goes over a network in the clear.
      requireTLS: !isImplicitTls && (!isHere || user !== undefined),
      opportunisticTLS: isHere,
      ...(user !== undefined && { auth: { user, pass: password ?? "" } }),
      tls: {
        rejectUnauthorized: verify && (!isHere || isImplicitTls || user !== undefined),
        ...(ca !== undefined && { ca }),
      },
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      socketCloseTimeout: 1000,
      logger: false,
    };
  }
}

function domainOf(address: string): string {
  return /@([A-Za-z0-9.-]+)>?\s*$/.exec(address)?.[1] ?? "tenk.invalid";
}

function base64(text: string | undefined): string {
  return text === undefined ? "" : Buffer.from(text).toString("base64");
}

/** A server's answer from 500 is for good (RFC 5321 §4.2.1); so are a wrong login and TLS that cannot be had. */
function deliveryOf(error: unknown, secrets: readonly string[], timeoutMs: number): Delivery {
  const { responseCode, code } = error as { readonly responseCode?: unknown; readonly code?: unknown };
  const hidden = secrets.filter((each) => each.length > 3);
  const said = shortLine(masked(messageOf(error), hidden));
  const why = code === "EABORT" ? `no whole answer in ${timeoutMs} ms` : said;
  if (responseCode === 552 || responseCode === 554) return { result: "unwanted", why };
  const isForGood = (typeof responseCode === "number" && responseCode >= 500) || code === "ENOAUTH";
  return { result: isForGood ? "refused" : "failed", why };
}
