/** D-Bus: calls and their replies. */
export { type DbusCall, type DbusMessage, dbusGreeting, readDbusMessage, writeCall } from "./message.ts";
export type { DbusValue } from "./value-reader.ts";
