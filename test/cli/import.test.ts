import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zip } from "../wire/archive/make.ts";
import { tenk, withFolder } from "./tenk.ts";

const CADDYFILE = `a.example.org {
	import sites/*.conf
	bind 10.0.0.1
}
`;

test("tenk import caddy prints services that tenk check accepts, and names on standard error what it leaves out", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "Caddyfile");
    mkdirSync(join(folder, "sites"));
    writeFileSync(join(folder, "sites/b.conf"), "reverse_proxy 127.0.0.1:3000\n");
    writeFileSync(join(folder, "sites/a.conf"), "encode gzip\nlog\n");
    writeFileSync(file, CADDYFILE);
    const { code, stdout, stderr } = await tenk(["import", "caddy", file]);
    expect(code).toBe(0);
    expect(stdout).toBe(
      "services:\n  a:\n    target: http://127.0.0.1:3000\n    hosts:\n      - a.example.org\n    compress: true\n",
    );
    expect(stderr).toBe(
      `${file}:3: bind: not carried over: all services are served on proxy.https and proxy.http\n` +
        `${join(folder, "sites/a.conf")}:2: log: not carried over: the access log is one for all services\n`,
    );
    const written = join(folder, "tenk.yaml");
    writeFileSync(written, stdout);
    expect((await tenk(["check", "--config", written])).code).toBe(0);
    expect((await tenk(["import", "caddy", "--strict", file])).code).toBe(1);
    const json = JSON.parse((await tenk(["import", "caddy", "--json", file])).stdout);
    expect(json.services.a.target).toBe("http://127.0.0.1:3000");
    expect(json.problems.map(({ line }: { line: number }) => line)).toEqual([3, 2]);
  });
});

test("a Caddyfile that carries over as a whole passes --strict, and a file that is missing is an error", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "Caddyfile");
    writeFileSync(file, "a.b {\n\trespond hi\n}\n");
    expect(await tenk(["import", "caddy", "--strict", file])).toMatchObject({ code: 0, stderr: "" });
    const { code, stderr } = await tenk(["import", "caddy", join(folder, "nothing")]);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toContain("there is no such file");
  });
});

test("tenk import pihole and tenk import adguard print dns:, and name what they leave out; a terminal obeys none of it", async () => {
  await withFolder(async (folder) => {
    const archive = join(folder, "pihole.zip");
    writeFileSync(archive, zip([{ name: "custom.list", content: "192.168.1.5 nas.lan\n1.2.3.4 \u009b31m\n" }]));
    const pihole = await tenk(["import", "pihole", archive]);
    expect(pihole).toMatchObject({ code: 0, stdout: "dns:\n  blocklists: []\n  hosts:\n    nas.lan: 192.168.1.5\n" });
    expect(pihole.stderr).toBe('custom.list:2: not carried over: "\\u{9b}31m" is no name\n');
    const file = join(folder, "AdGuardHome.yaml");
    writeFileSync(file, "dns:\n  upstream_dns: [9.9.9.9]\n  aaaa_disabled: true\n");
    const adguard = await tenk(["import", "adguard", "--json", "--strict", file]);
    expect(adguard.code).toBe(1);
    expect(JSON.parse(adguard.stdout)).toEqual({
      dns: { upstreams: ["9.9.9.9"], blocklists: [] },
      problems: [{ where: `${file}:3`, text: "dns.aaaa_disabled: not carried over: write the rule ||*^$dnstype=AAAA" }],
    });
    const written = join(folder, "tenk.yaml");
    writeFileSync(written, pihole.stdout);
    expect(await tenk(["check", "--config", written])).toMatchObject({ code: 0, stderr: "" });
    const { code, stderr } = await tenk(["import", "pihole", file]);
    expect(code).toBe(2);
    expect(stderr).toContain("it is neither a zip nor a tar file");
  });
});
