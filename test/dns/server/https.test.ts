/** DNS over HTTPS through a whole instance, asked by programs that people use, and by hand where those are too polite. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:http2";
import { get } from "node:https";
import { connect as connectTcp } from "node:net";
import { testWith } from "../../certificates/support.ts";
import { queryBytes } from "../queries.ts";
import { told } from "../resolver/house.ts";
import { NAME, openSite, runBeside, type Site, siteText } from "./site-support.ts";

const APP = `services: { app: { respond: "app {http.request.uri}", plainHttp: serve } }\n`;
const RULE_OF_ONE = 'tls: off, rules: ["||ads.example^$client=192.168.7.7"], limits: { attempts: 1 }';
const QUERY = queryBytes("app.home.arpa", "A", { id: 0 });
const PATH = `/dns-query?dns=${Buffer.from(QUERY).toString("base64url")}`;

interface Got {
  readonly status: number;
  readonly text: string;
  readonly cache: string | undefined;
}

function gotOf(status: number, type: string | undefined, cache: string | undefined, body: Buffer): Got {
  return {
    status,
    cache,
    text: type === "application/dns-message" ? told(new Uint8Array(body)).text : body.toString(),
  };
}

/** Asks over TLS by GET, as the host that is named, whoever that is. */
function asked(site: Site, host = NAME, path = PATH, headers: Record<string, string> = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port: site.port("https"), servername: NAME, rejectUnauthorized: false };
    get({ ...options, agent: false, path, headers: { host, ...headers } }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () => {
        const { "content-type": type, "cache-control": cache } = answer.headers;
        resolve(gotOf(answer.statusCode ?? 0, type, cache, Buffer.concat(parts)));
      });
    }).on("error", reject);
  });
}

/** Asks by POST over HTTP/2, all queries at once on one connection. */
async function askedByHttp2(site: Site, queries: readonly Uint8Array[]): Promise<Got[]> {
  const session = connect(`https://127.0.0.1:${site.port("https")}`, { servername: NAME, ca: site.root });
  const one = (query: Uint8Array) =>
    new Promise<Got>((resolve, reject) => {
      const head = { ":method": "POST", ":path": "/dns-query", ":authority": NAME };
      const stream = session.request({ ...head, "content-type": "application/dns-message" });
      const parts: Buffer[] = [];
      let got: Record<string, unknown> = {};
      stream.on("response", (given) => (got = given));
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("error", reject);
      stream.on("end", () =>
        resolve(
          gotOf(
            Number(got[":status"]),
            got["content-type"] as string,
            got["cache-control"] as string,
            Buffer.concat(parts),
          ),
        ),
      );
      stream.end(query);
    });
  const all = await Promise.all(queries.map(one));
  session.destroy();
  return all;
}

/** The latest query of the log: client, transport, name and verdict. */
async function latestOf({ instance }: Site): Promise<string> {
  const answer = await fetch(new URL("api/dns/log?limit=1", instance.statusUrl));
  const { entries } = (await answer.json()) as { entries: Record<string, string>[] };
  const { client, transport, name, verdict } = entries[0]!;
  return `${client} ${transport} ${name} ${verdict}`;
}

let site: Site;
beforeAll(async () => {
  site = await openSite(siteText({ rest: APP, proxy: "accessLog: { file: ./access.log, flush: 10ms }" }));
});
afterAll(() => site[Symbol.asyncDispose]());

describe("DNS over HTTPS", () => {
  testWith("curl", "resolves the names of the house for curl", async () => {
    const port = site.port("https");
    const words = ["-sS", "--cacert", site.rootFile, "--resolve", `${NAME}:${port}:127.0.0.1`];
    const doh = ["--doh-url", `https://${NAME}:${port}/dns-query`];
    expect(await runBeside("curl", [...words, ...doh, `http://app.home.arpa:${site.port("http")}/x`])).toBe("app /x");
  });

  testWith("kdig", "answers kdig by POST and by GET", async () => {
    const words = ["@127.0.0.1", "-p", String(site.port("https")), `+tls-ca=${site.rootFile}`, `+tls-hostname=${NAME}`];
    for (const how of [["+https"], ["+https=/dns-query", "+https-get"]]) {
      const said = await runBeside("kdig", [...words, ...how, "app.home.arpa"]);
      expect(said).toContain("status: NOERROR");
      expect(said).toMatch(/^app\.home\.arpa\.\s+60\s+IN\s+A\s+127\.0\.0\.1$/m);
    }
  });

  testWith("python3", "answers Python over HTTP/1.1", async () => {
    const program = `import http.client, ssl, sys
name, port, root, query = sys.argv[1:]
context = ssl.create_default_context(cafile=root)
connection = http.client.HTTPSConnection(name, int(port), context=context)
connection.sock = context.wrap_socket(__import__("socket").create_connection(("127.0.0.1", int(port))), server_hostname=name)
for _ in range(2):
    connection.request("POST", "/dns-query", bytes.fromhex(query), {"Content-Type": "application/dns-message"})
    answer = connection.getresponse()
    print(answer.status, answer.headers["Content-Type"], answer.read()[-4:].hex())`;
    const words = ["-c", program, NAME, String(site.port("https")), site.rootFile, Buffer.from(QUERY).toString("hex")];
    expect(await runBeside("python3", words)).toBe("200 application/dns-message 7f000001\n".repeat(2));
  });

  test("works over HTTP/1.1 and HTTP/2, at every name and address of the machine, and only there", async () => {
    const right = { status: 200, text: "NOERROR A 127.0.0.1", cache: "private, max-age=60" };
    for (const host of [NAME, "localhost", "127.0.0.1", `${NAME}:1234`, "192.0.2.1", "[::1]"])
      expect(await asked(site, host)).toEqual(right);
    const queries = ["app.home.arpa", "app.local", "other.home.arpa", "x.invalid"].map((name) => queryBytes(name));
    const texts = (await askedByHttp2(site, queries)).map(({ text }) => text);
    expect(texts).toEqual(["NOERROR A 127.0.0.1", "NOERROR A 127.0.0.1", "NXDOMAIN", "NXDOMAIN"]);
    expect((await asked(site, "evil.example")).status).toBe(421);
    expect((await asked(site, "app.home.arpa")).text).toBe(`app ${PATH}`);
    expect((await asked(site, NAME, "/")).text).toContain("GET /");
    expect((await asked(site, NAME, "/dns-query/x")).status).toBe(404);
    expect((await asked(site, NAME, "/dns-query")).status).toBe(400);
  });

  const forwarded = { "x-forwarded-for": "192.168.7.6, 192.168.7.7", authorization: "Bearer guess" };

  test("believes no client about its address", async () => {
    expect((await asked(site, NAME, PATH, forwarded)).text).toBe("NOERROR A 127.0.0.1");
    expect(await latestOf(site)).toBe("127.0.0.1 https app.home.arpa local");
  });

  test("believes trusted proxies about the client's address", async () => {
    await using other = await openSite(siteText({ rest: APP, proxy: "trustedProxies: [127.0.0.1]", dns: RULE_OF_ONE }));
    // An address of this machine that this client reaches, whichever that is.
    expect((await asked(other, NAME, PATH, forwarded)).text).toStartWith("NOERROR A ");
    expect(await latestOf(other)).toBe("192.168.7.7 https app.home.arpa local");
    // A stranger is no client of this house, and a rule may be for one client alone.
    expect((await asked(other, NAME, PATH, { "x-forwarded-for": "8.8.8.8" })).text).toBe("REFUSED");
    const ads = `/dns-query?dns=${Buffer.from(queryBytes("ads.example")).toString("base64url")}`;
    const textFor = async (client: string) => (await asked(other, NAME, ads, { "x-forwarded-for": client })).text;
    expect(await textFor("192.168.7.7")).toBe("NOERROR A 0.0.0.0");
    expect(await textFor("192.168.7.8")).toBe("SERVFAIL");
  });

  test("is explained at /dns, in the clear too, with a profile of its own address", async () => {
    const files = ["/dns", "/dns/", "/dns/qr.svg", "/dns/tenk-dns.mobileconfig"];
    for (const path of files) {
      const answer = await fetch(`http://127.0.0.1:${site.port("http")}${path}`, { headers: { host: NAME } });
      expect([path, answer.status]).toEqual([path, 200]);
      const text = await answer.text();
      if (!path.endsWith("svg")) expect(text).toContain(`https://${NAME}:${site.port("https")}/dns-query`);
      expect(text).not.toContain("Bearer");
    }
    expect((await asked(site, NAME, "/dns")).text).toContain(`DNS over TLS: <code>`);
    expect((await asked(site, "app.home.arpa", "/dns")).text).toBe("app /dns");
    const origin = `http://${NAME}:${site.port("http")}`;
    const own = (await asked(site, NAME, "/")).text;
    expect(own).toContain(`trust this box: ${origin}/ca\nuse it for DNS: ${origin}/dns\n`);
  });

  test("is counted by its transport", async () => {
    await asked(site);
    const page = await (await fetch(`${site.instance.statusUrl}metrics`)).text();
    expect(page).toMatch(/^tenk_dns_queries_total\{transport="https"\} [1-9]/m);
  });

  test("leaves no line in the access log, since the query log has it", async () => {
    await asked(site);
    await asked(site, NAME, "/logged");
    const file = `${site.folder}/access.log`;
    const lines = () => (existsSync(file) ? readFileSync(file, "utf8").split("\n") : []);
    while (!lines().some((line) => line.includes("/logged"))) await Bun.sleep(10);
    expect(lines().filter((line) => line.includes("dns-query?") && line.includes(NAME))).toEqual([]);
  });

  test("in the clear is redirected, and answered where HTTPS is another program's", async () => {
    await using other = await openSite();
    const asked = () =>
      new Promise<string>((resolve) => {
        let came = "";
        const socket = connectTcp(other.port("http"), "127.0.0.1", () =>
          socket.write(`GET ${PATH} HTTP/1.1\r\nHost: ${NAME}\r\nConnection: close\r\n\r\n`),
        );
        socket.on("data", (part) => (came += part.toString("latin1")));
        socket.on("close", () => resolve(came.split("\r\n")[0]!));
      });
    expect(await asked()).toStartWith("HTTP/1.1 308");
    expect(await other.reload(siteText().replace("https: 127.0.0.1:0", "https: off"))).toBe("reloaded");
    expect(await asked()).toBe("HTTP/1.1 200 OK");
  });

  test("gives way to a service with its host and path, and goes and comes with a reload", async () => {
    const service = (path: string) => `services: { web: { respond: "web", hosts: [${NAME}], path: [${path}] } }\n`;
    await using other = await openSite(siteText({ rest: service("/app") }));
    /** The last part to change tells the others. */
    async function becomes(text: string, first: string, host = NAME): Promise<void> {
      expect(await other.reload(text)).toBe("reloaded");
      while (!(await asked(other, host)).text.startsWith(first)) await Bun.sleep(5);
    }
    expect((await asked(other)).text).toBe("NXDOMAIN");
    await becomes(siteText({ rest: service("/") }), "web");
    expect((await asked(other, "localhost")).text).toBe("NXDOMAIN");
    await becomes(siteText({ dns: "https: off" }), "20");
    await becomes(siteText(), "NXDOMAIN");
    await becomes(siteText().replace(/^dns: .*$/m, "dns: off"), "20");
    await becomes(siteText(), "NXDOMAIN");
    expect(other.log.lines.filter(([level]) => level === "error")).toEqual([]);
  });
});
