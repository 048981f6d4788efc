import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { freePort, until } from "../net/support.ts";
import { startTenk, withFolder } from "./tenk.ts";

interface Sections {
  handler: string;
  dashboard: string;
  level: string;
  data: string;
}

function configText(tcpPort: number, { handler, dashboard, level, data }: Sections): string {
  return `tcp: { a: { listen: "127.0.0.1:${tcpPort}", handler: ./${handler}.ts } }
dashboard: ${dashboard}
log: { level: ${level} }
data: ${data}
`;
}

function greeting(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1").on("error", reject);
    socket.once("data", (bytes) => {
      resolve(bytes.toString());
      socket.destroy();
    });
  });
}

/** Which of these ports a dashboard answers at. */
async function served(ports: readonly number[]): Promise<number[]> {
  const answers = ports.map((port) =>
    fetch(`http://127.0.0.1:${port}/healthz`).then(
      ({ status }) => status === 200,
      () => false,
    ),
  );
  const isServed = await Promise.all(answers);
  return ports.filter((_, index) => isServed[index]);
}

test("a reload changes all sections together, or, where any of them is wrong, none", async () => {
  const [tcp, one, two] = [await freePort(), await freePort(), await freePort()];
  await withFolder(async (folder) => {
    for (const name of ["old", "new"]) {
      const text = `export default { open: (connection) => connection.write("${name}") };\n`;
      writeFileSync(join(folder, `${name}.ts`), text);
    }
    mkdirSync(join(folder, "kept"));
    const file = join(folder, "tenk.yaml");
    const first = {
      handler: "old",
      dashboard: `{ listen: "127.0.0.1:${one}" }`,
      level: "info",
      data: "{ folder: ./kept }",
    };
    const second = {
      handler: "new",
      dashboard: `{ listen: "127.0.0.1:${two}" }`,
      level: "warn",
      data: "{ folder: ./other }",
    };
    writeFileSync(file, configText(tcp, first));
    const program = startTenk(["up", "--config", file, "--json"], { cwd: folder });
    let logged = "";
    program.child.stderr!.on("data", (part: string) => {
      logged += part;
    });
    const reload = async (sections: Sections, pattern: RegExp) => {
      logged = "";
      writeFileSync(file, configText(tcp, sections));
      program.child.kill("SIGHUP");
      await until(() => pattern.test(logged), 20_000);
    };
    const state = async () => [await greeting(tcp), ...(await served([one, two]))];
    try {
      await program.sees("stdout", /^\{.*\n/);
      expect(await state()).toEqual(["old", one]);
      await reload(second, / reloaded file=/);
      expect(await state()).toEqual(["new", two]);
      expect(logged).toContain("data settings changed");

      const wrong: [Partial<Sections>, RegExp][] = [
        [{ handler: "missing" }, /missing\.ts/],
        [{ dashboard: `{ listen: "127.0.0.1:${one}", password: "$bad" }` }, /dashboard\.password/],
        [{ level: "loud" }, /log\.level/],
        [{ data: "{ folder: ./kept, history: perhaps }" }, /data\.history/],
      ];
      for (const [section, why] of wrong) {
        await reload({ ...first, ...section }, /ERROR.* reload failed,.*\n/);
        expect(logged).toMatch(why);
        expect(logged).not.toContain("INFO");
        expect(await state()).toEqual(["new", two]);
      }

      // At level warn nothing says that it is done; when it is, the level is info.
      await reload(first, /^/);
      while ((await state()).join() !== `old,${one}`);
      await reload(first, / reloaded file=/);
      expect(logged).not.toContain("data settings changed");
    } finally {
      program.child.kill("SIGTERM");
      await program.ended;
    }
  });
});
