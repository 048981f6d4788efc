import { readFileSync } from "node:fs";
import { fileProblemOf, type Log, TenkError } from "../base/mod.ts";
import { pemOption } from "../listener/mod.ts";
import type { ClientTlsOptions } from "../net/mod.ts";
import { readSecret } from "../part/mod.ts";
import type { ChannelConfig } from "./channel-config.ts";
import {
  appriseFormat,
  basicAuth,
  type Channel,
  type ChannelEnv,
  discordFormat,
  EmailChannel,
  gotifyFormat,
  HttpChannel,
  type HttpChannelOptions,
  ntfyFormat,
  slackFormat,
  telegramFormat,
  templateFormat,
} from "./channels/mod.ts";

interface Place extends ChannelEnv {
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly log?: Log;
}

type Kind = Exclude<keyof ChannelConfig, "severity" | "after" | "repeat" | "quiet">;
type Section<Name extends Kind> = NonNullable<ChannelConfig[Name]>;
type Make<Name extends Kind> = (section: Section<Name>, secrets: Secrets) => Omit<HttpChannelOptions, "tls" | "type">;

/** Reads the secrets of one section. */
class Secrets {
  readonly #section: Readonly<Record<string, unknown>>;
  readonly #setting: string;
  readonly #place: Place;

  constructor(section: Readonly<Record<string, unknown>>, setting: string, place: Place) {
    this.#section = section;
    this.#setting = setting;
    this.#place = place;
  }

  optional(name: "token" | "password" | "url"): string | undefined {
    const { folder, environment, log } = this.#place;
    const at = (key: string) => this.#section[key] as string | undefined;
    const source = { value: at(name), file: at(`${name}File`), variable: at(`${name}Env`) };
    return readSecret(source, { setting: `${this.#setting}.${name}`, folder, environment, log });
  }

  required(name: "token" | "password" | "url"): string {
    const found = this.optional(name);
    if (found !== undefined) return found;
    const setting = `${this.#setting}.${name}`;
    throw new TenkError("config", `${setting}: expected it, or ${name}File or ${name}Env, found nothing`);
  }

  url(): string {
    const url = this.required("url");
    if (/^https?:\/\/[^\s/]/.test(url) && URL.canParse(url)) return url;
    throw new TenkError(
      "config",
      `${this.#setting}.url: expected an address that begins with http:// or https://, found another text`,
    );
  }
}

const HTTP: { readonly [Name in Exclude<Kind, "email">]: Make<Name> } = {
  ntfy({ server, topic, user }, secrets) {
    const token = secrets.optional("token");
    const password = secrets.optional("password") ?? "";
    const authorization = token !== undefined ? `Bearer ${token}` : user && basicAuth(user, password);
    return {
      url: withSlash(server),
      ...(authorization && { fields: { authorization } }),
      secrets: [topic, token ?? "", password, authorization ?? ""],
      format: (message, options) => ntfyFormat(message, options, topic),
    };
  },
  webhook({ method, headers, contentType, body, maxText }, secrets) {
    const template = { body, contentType, maxBytes: maxText };
    const hidden = Object.values(headers).flatMap((value) => [value, value.replace(/^\S+ /, "")]);
    return {
      url: secrets.url(),
      method,
      fields: lowerCased(headers),
      secrets: hidden,
      format: (message, options) => templateFormat(message, options, template),
    };
  },
  discord: (_, secrets) => ({ url: secrets.url(), secrets: [], format: discordFormat }),
  slack: (_, secrets) => ({ url: secrets.url(), secrets: [], format: slackFormat }),
  telegram({ server, chat }, secrets) {
    const token = secrets.required("token");
    if (!/^[A-Za-z0-9:_-]+$/.test(token))
      throw new TenkError("config", "A token of Telegram has letters, digits, :, - and _ only, as in 123456:ABC-DEF");
    const url = `${withSlash(server)}bot${token}/sendMessage`;
    return { url, secrets: [token], format: (message, options) => telegramFormat(message, options, chat) };
  },
  gotify({ server }, secrets) {
    const token = secrets.required("token");
    return {
      url: `${withSlash(server)}message`,
      fields: { "x-gotify-key": token },
      secrets: [token],
      format: gotifyFormat,
    };
  },
  apprise: (_, secrets) => ({ url: secrets.url(), secrets: [], format: appriseFormat }),
};

/**
 * Makes the channels of a configuration, with their secrets.
 *
 * @throws {TenkError} `config` for a secret or certificate that cannot be read
 */
export function makeChannels(channels: Readonly<Record<string, ChannelConfig>>, place: Place): Channel[] {
  return Object.entries(channels).map(([name, config]) => {
    const kind = (Object.keys(HTTP) as (keyof typeof HTTP)[]).find((each) => config[each] !== undefined) ?? "email";
    const setting = `alerts.channels.${name}.${kind}`;
    const section = config[kind]!;
    const secrets = new Secrets(section, setting, place);
    const tls = tlsOf(section, `${setting}.ca`, place.folder);
    if (kind === "email") return email(name, config.email!, { secrets, tls, place });
    const make = HTTP[kind] as Make<Kind & keyof typeof HTTP>;
    return new HttpChannel(name, { type: kind, tls, ...make(section as never, secrets) }, place);
  });
}

function email(
  name: string,
  { server, user, from, to, verify }: Section<"email">,
  { secrets, tls, place }: { secrets: Secrets; tls: ClientTlsOptions | undefined; place: Place },
): Channel {
  const { protocol, hostname, port } = new URL(server.replace(/^smtp/, "http"));
  const isImplicitTls = protocol === "https:";
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const number = Number(/:(\d+)\/?$/.exec(server)?.[1] ?? port) || (isImplicitTls ? 465 : 587);
  const password = user === undefined ? undefined : secrets.required("password");
  const ca = tls?.ca === undefined ? undefined : String(tls.ca);
  return new EmailChannel(name, { host, port: number, isImplicitTls, user, password, from, to, ca, verify }, place);
}

function tlsOf(
  { ca, verify }: { ca?: string | undefined; verify: boolean },
  setting: string,
  folder: string,
): ClientTlsOptions | undefined {
  if (ca === undefined && verify) return undefined;
  return { verify, ...(ca !== undefined && { ca: pemText(pemOption(ca, folder), setting) }) };
}

function pemText(given: string, setting: string): string {
  if (given.includes("-----BEGIN ")) return given;
  try {
    return readFileSync(given, "utf8");
  } catch (error) {
    throw new TenkError("config", `${setting}: cannot read ${given}: ${fileProblemOf(error)}`, { cause: error });
  }
}

function withSlash(url: string): string {
  return url.endsWith("/") ? url : `${url}/`;
}

function lowerCased(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]));
}
