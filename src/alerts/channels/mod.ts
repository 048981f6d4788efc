/** Where messages are sent to: ntfy, webhooks, e-mail. */
export { type Channel, type ChannelEnv, type Delivery, masked } from "./channel.ts";
export { EmailChannel } from "./email.ts";
export {
  appriseFormat,
  discordFormat,
  gotifyFormat,
  ntfyFormat,
  slackFormat,
  telegramFormat,
  templateFormat,
  unknownPlaceholders,
} from "./formats.ts";
export { HttpChannel, type HttpChannelOptions } from "./http-channel.ts";
export { basicAuth } from "./http-post.ts";
