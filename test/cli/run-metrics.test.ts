import { expect, test } from "bun:test";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "./client.ts";
import { startTenk, withFolder } from "./tenk.ts";

/** Counts, by a handler that takes its options apart: without any it is given `{}`. */
function counting(make: string, count: string): string {
  return `import { counter } from "tenk";
const made = ${make};
export default ({ name = "-" }) => ({
  chunk(connection, bytes) {
    ${count};
    connection.write(name + bytes);
  },
});
`;
}

const PLAIN = counting('counter("lines_total", "Lines.")', "made.inc()");
const LABELLED = counting('counter("lines_total", "Lines.", ["room"])', 'made.with({ room: "hall" }).inc()');
const WRONG = counting('counter("lines_total", "Lines.", "room")', "made.inc()");

test.each([["1"], ["2"]])("a file's metrics follow it as it is saved, in %s event loop(s)", async (workers) => {
  await withFolder(async (folder) => {
    const file = join(folder, "count.ts");
    writeFileSync(file, PLAIN);
    const words = ["--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0", "--json", "--workers", workers];
    const { child, sees, ended } = startTenk(["run", "count.ts", ...words], { cwd: folder });
    try {
      const [line] = await sees("stdout", /^\{.*\n/);
      const { listeners, statusUrl } = JSON.parse(line);
      const told = async () => (await (await fetch(`${statusUrl}metrics`)).text()).match(/^lines_total.*$/gm);
      const save = (text: string) => {
        writeFileSync(`${file}.part`, text);
        renameSync(`${file}.part`, file);
      };
      const before = await Client.to(listeners[0].port);
      expect(await before.ask("a")).toBe("-a");
      expect(await told()).toEqual(["lines_total 1"]);

      save(WRONG);
      await sees("stderr", /not reloaded[^\n]*\n.*labels: expected a list of names, found "room"\ncount\.ts:2:\d+/);
      expect(await before.ask("b")).toBe("-b");
      expect(await told()).toEqual(["lines_total 2"]);

      save(LABELLED);
      await sees("stderr", /handler reloaded /);
      expect(await (await Client.to(listeners[0].port)).ask("c")).toBe("-c");
      expect(await told()).toEqual(['lines_total{room="hall"} 1']);
    } finally {
      child.kill("SIGTERM");
      await ended;
    }
  });
});
