import { type Message, textOf } from "../incidents/mod.ts";

/** A request's body and fields for one message. */
export interface Format {
  readonly body: string;
  readonly fields: Readonly<Record<string, string>>;
}

export interface FormatOptions {
  /** The title alone. */
  readonly isBrief: boolean;
  /** Page that it leads to. */
  readonly pageUrl: string | undefined;
}

const JSON_FIELDS = { "content-type": "application/json" };
const json = (value: unknown): Format => ({ body: JSON.stringify(value), fields: JSON_FIELDS });

/** Text below a title; a brief message has none, which not all accept. */
function shortened(
  message: Message,
  { isBrief }: FormatOptions,
  maxBytes: number,
  escaped?: (text: string) => string,
): string {
  return isBrief ? "" : textOf(message, maxBytes, escaped);
}

/** ntfy makes attachments of messages from 4096 bytes. The same `sequence_id` replaces a message that is sent again. */
export function ntfyFormat(message: Message, options: FormatOptions, topic: string): Format {
  const priorities = { critical: 5, warning: 3, good: 3 };
  const tags = { critical: "rotating_light", warning: "warning", good: "white_check_mark" };
  return json({
    topic,
    title: cut(message.title, 200),
    message: shortened(message, options, 3800) || cut(message.title, 200),
    priority: priorities[message.tone],
    tags: [tags[message.tone]],
    sequence_id: message.id,
    ...(options.pageUrl !== undefined && { click: options.pageUrl }),
  });
}

/** Discord reads Markdown in embeds, of which a description may have 4096 characters and a title 256. Nobody is mentioned. */
export function discordFormat(message: Message, options: FormatOptions): Format {
  const colours = { critical: 0xd32f2f, warning: 0xf9a825, good: 0x388e3c };
  const embed = {
    title: cut(escapeMarkdown(message.title), 250),
    description: shortened(message, options, 3800, escapeMarkdown),
    color: colours[message.tone],
    ...(options.pageUrl !== undefined && { url: options.pageUrl }),
  };
  return json({ embeds: [embed], allowed_mentions: { parse: [] } });
}

/** A section's plain text may have 3000 characters, and is shown as it is; `text` is for notifications. */
export function slackFormat(message: Message, options: FormatOptions): Format {
  const text = [cut(message.title, 250), shortened(message, options, 2700)].filter((part) => part !== "").join("\n");
  const fallback = message.title.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return json({
    text: cut(fallback, 300),
    blocks: [{ type: "section", text: { type: "plain_text", text, emoji: false } }],
  });
}

/** Without `parse_mode` nothing in a text has a meaning, so that nothing must be escaped; it may have 4096 characters. */
export function telegramFormat(message: Message, options: FormatOptions, chat: string): Format {
  const text = [cut(message.title, 300), shortened(message, options, 3600)].filter((part) => part !== "").join("\n\n");
  return json({
    chat_id: chat,
    text,
    link_preview_options: { is_disabled: true },
    disable_notification: message.tone !== "critical",
  });
}

export function gotifyFormat(message: Message, options: FormatOptions): Format {
  const priorities = { critical: 8, warning: 5, good: 4 };
  return json({
    title: cut(message.title, 200),
    message: shortened(message, options, 8000) || cut(message.title, 200),
    priority: priorities[message.tone],
    extras: {
      "client::display": { contentType: "text/plain" },
      ...(options.pageUrl !== undefined && { "client::notification": { click: { url: options.pageUrl } } }),
    },
  });
}

export function appriseFormat(message: Message, options: FormatOptions): Format {
  const types = { critical: "failure", warning: "warning", good: "success" };
  const body = shortened(message, options, 8000) || message.title;
  return json({ title: cut(message.title, 200), body, type: types[message.tone], format: "text" });
}

/** Values of placeholders. */
const PLACEHOLDERS = ["title", "text", "severity", "url", "id", "time"] as const;

export interface Template {
  readonly body: string;
  readonly contentType: string;
  readonly maxBytes: number;
}

/** Returns the names in `{{name}}` that mean nothing. */
export function unknownPlaceholders(body: string): string[] {
  const known: readonly string[] = PLACEHOLDERS;
  return [...body.matchAll(/\{\{\s*(.*?)\s*\}\}/g)].flatMap(([, name = ""]) => (known.includes(name) ? [] : [name]));
}

/**
 * Fills a user's own template. In a JSON body values are escaped for JSON text, `"{{text}}"`; in a form (`x-www-form-urlencoded`) for that. What
 * a value has of `{{…}}` is text.
 */
export function templateFormat(
  message: Message,
  options: FormatOptions,
  { body, contentType, maxBytes }: Template,
): Format {
  const values: Record<string, string> = {
    title: message.title,
    text: shortened(message, options, maxBytes),
    severity: message.tone,
    url: options.pageUrl ?? "",
    id: message.id,
    time: new Date(message.happenedMs).toISOString(),
  };
  const escaped = escapeFor(contentType);
  const filled = body.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name: string) => escaped(values[name] ?? ""));
  return { body: filled, fields: { "content-type": contentType } };
}

function escapeFor(contentType: string): (text: string) => string {
  if (/json/i.test(contentType)) return (text) => JSON.stringify(text).slice(1, -1);
  if (/x-www-form-urlencoded/i.test(contentType)) return encodeURIComponent;
  return (text) => text;
}

function escapeMarkdown(text: string): string {
  return text.replace(/([\\`*_~|[\]()<>#@:-])/g, "\\$1");
}

/** Cuts a text to so many characters. */
function cut(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
