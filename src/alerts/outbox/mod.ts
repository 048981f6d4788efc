/** What each channel does not know yet, sent when there is a way out, and kept over restarts. */
export { type KeptSender, Sender, type SenderOptions } from "./sender.ts";
export { StateFile } from "./state-file.ts";
