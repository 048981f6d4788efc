import { type Connection, type Handler, lines } from "tenk";

/** A key-value store over lines: `SET key value`, `GET key`, `DEL key`. Longer lines than 1 KiB end the connection. */
const values = new Map<string, string>();
const MAX_KEYS = 100_000;

const store: Handler = {
  framing: lines({ maxBytes: 1024 }),
  frame: (connection, line) => answer(connection, new TextDecoder().decode(line)),
};

function answer(connection: Connection, line: string): void {
  const [, verb, key = "", value] = /^(\S+) (\S+)(?: (.*))?$/s.exec(line) ?? [];
  if (verb === "GET") connection.write(values.has(key) ? `VALUE ${values.get(key)}\n` : "NONE\n");
  else if (verb === "DEL") connection.write(values.delete(key) ? "OK\n" : "NONE\n");
  else if (verb !== "SET" || value === undefined)
    connection.write("ERROR expected GET key, SET key value or DEL key\n");
  else if (values.size >= MAX_KEYS && !values.has(key)) connection.write(`ERROR there are ${MAX_KEYS} keys already\n`);
  else connection.write(values.set(key, value) && "OK\n");
}

export default store;
