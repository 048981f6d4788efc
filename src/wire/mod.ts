/** Floor 1: bytes ⇄ values, one file a format. Pure: nothing here opens anything, waits or asks for the time. */
export * from "./framing/mod.ts";
