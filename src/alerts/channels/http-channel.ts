import type { ClientTlsOptions } from "../../net/mod.ts";
import type { Message } from "../incidents/mod.ts";
import type { Channel, ChannelEnv, Delivery } from "./channel.ts";
import type { Format, FormatOptions } from "./formats.ts";
import { post } from "./http-post.ts";

export interface HttpChannelOptions {
  readonly type: string;
  readonly url: string;
  readonly method?: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly tls: ClientTlsOptions | undefined;
  /** Never shown. */
  readonly secrets: readonly string[];
  format(message: Message, options: FormatOptions): Format;
}

/** One request a message. */
export class HttpChannel implements Channel {
  readonly name: string;
  readonly type: string;
  readonly #options: HttpChannelOptions;
  readonly #env: ChannelEnv;

  constructor(name: string, options: HttpChannelOptions, env: ChannelEnv) {
    this.name = name;
    this.type = options.type;
    this.#options = options;
    this.#env = env;
  }

  async send(message: Message, isBrief: boolean, signal: AbortSignal): Promise<Delivery> {
    const { url, method, fields, tls, secrets, format } = this.#options;
    const { pageUrl, timeoutMs } = this.#env;
    const { body, fields: own } = format(message, { isBrief, pageUrl });
    return post({
      url,
      ...(method !== undefined && { method }),
      fields: { ...own, ...fields },
      body,
      tls,
      timeoutMs,
      signal,
      secrets,
    });
  }
}
