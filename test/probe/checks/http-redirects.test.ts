import { describe, expect, test } from "bun:test";
import { requestFields } from "../../../src/probe/checks/http-request.ts";
import { checkHandshake, checkTcp } from "../../../src/probe/checks/mod.ts";
import { probe, reasonOf, Servers } from "./http-support.ts";

const secret = { authorization: "Bearer hidden", fields: { "X-Api-Key": "hidden" } };
const OK = ["200"];

/** A server that notes what it is asked, with the credentials that came, and answers as told. */
async function noting(servers: Servers, answer: (url: string) => string | undefined) {
  const asked: string[] = [];
  const port = await servers.http(({ url = "", headers }, response) => {
    asked.push(`${url} ${headers.authorization} ${headers["x-api-key"]}`);
    const location = answer(url);
    response.writeHead(location === undefined ? 200 : 302, location === undefined ? {} : { location }).end();
  });
  return { port, asked };
}

describe("a redirect", () => {
  test("is an answer, and is not followed by default", async () => {
    using servers = new Servers();
    const { port, asked } = await noting(servers, () => "/next");
    expect(await probe(port)).toMatchObject({ result: "up" });
    expect(reasonOf(await probe(port, { status: OK }))).toBe(
      "it answers with status 302 and redirects to /next, but 200 was expected",
    );
    expect(asked).toHaveLength(2);
  });

  test("on the same host is followed where that is allowed, with the credentials, as often as the bound says", async () => {
    using servers = new Servers();
    const { port, asked } = await noting(servers, (url) => (url === "/3" ? undefined : `/${Number(url.slice(1)) + 1}`));
    const more = { status: OK, maxRedirects: 3, ...secret };
    expect(await probe(port, more)).toMatchObject({ result: "up" });
    expect(asked).toEqual(["/", "/1", "/2", "/3"].map((path) => `${path} Bearer hidden hidden`));
    expect(await probe(port, { ...more, maxRedirects: 2 })).toMatchObject({ result: "down" });
  });

  test("that leads to itself is down, as it is in a browser", async () => {
    using servers = new Servers();
    const { port, asked } = await noting(servers, () => "/login");
    expect(reasonOf(await probe(port, { maxRedirects: 3 }))).toBe(
      "it redirects again and again, 4 times, at last to /login",
    );
    expect(asked).toHaveLength(4);
  });

  test.each([
    ["another host", (port: number) => `http://127.0.0.2:${port}/`],
    ["another port", (_: number, other: number) => `http://127.0.0.1:${other}/`],
    ["another host without a scheme", (port: number) => `//127.0.0.2:${port}/`],
    ["the same host by a name", (port: number) => `http://localhost:${port}/`],
    ["HTTPS on a port of its own", (port: number) => `https://127.0.0.1:${port}/`],
    ["a file", () => "file:///etc/passwd"],
    ["gopher", (port: number) => `gopher://127.0.0.1:${port}/`],
    ["credentials", (port: number) => `http://me:pw@127.0.0.1:${port}/`],
    ["the machine's metadata", () => "http://169.254.169.254/latest"],
    ["nothing that is a URL", () => "http://[::1"],
  ])("to %s is never followed, and nothing secret is sent there", async (_, location) => {
    using servers = new Servers();
    const other = await noting(servers, () => undefined);
    let ownPort = 0;
    const own = await noting(servers, () => location(ownPort, other.port));
    ownPort = own.port;
    const outcome = await probe(own.port, { maxRedirects: 5, status: OK, ...secret });
    expect(reasonOf(outcome)).toContain("it answers with status 302 and redirects to ");
    expect([own.asked.length, other.asked.length]).toEqual([1, 0]);
  });
});

test("what is secret goes to the declared origin alone, not to the same host by HTTPS either", () => {
  const url = "http://nas.home.arpa";
  expect(requestFields({ url, ...secret }, url)).toMatchObject({
    authorization: "Bearer hidden",
    "x-api-key": "hidden",
  });
  expect(JSON.stringify(requestFields({ url, ...secret }, "https://nas.home.arpa"))).not.toContain("hidden");
});

describe("a name is looked up once, and leads to no address that clouds serve credentials at", () => {
  test("a name that becomes another address meanwhile gains nothing", async () => {
    using servers = new Servers();
    const { port, asked } = await noting(servers, (url) => (url === "/" ? "/next" : undefined));
    let lookups = 0;
    const lookup = async () => (lookups++ === 0 ? ["127.0.0.1"] : ["127.0.0.3"]);
    const url = `http://rebinding.test:${port}`;
    expect(await probe(port, { url, lookup, maxRedirects: 1, status: OK })).toMatchObject({ result: "up" });
    expect([lookups, asked.length]).toEqual([1, 2]);
  });

  test.each(["169.254.169.254", "fe80::1", "0.0.0.0", "64:ff9b::a9fe:a9fe"])("%s", async (address) => {
    const lookup = async () => [address];
    const more = { host: "metadata.test", port: 80, timeoutMs: 20_000, lookup };
    const outcomes = [
      await probe(80, { url: "http://metadata.test", lookup }),
      await checkTcp(more),
      await checkHandshake({ ...more, connectMs: 20_000, slowMs: 20_000, kind: "redis" }),
    ];
    for (const outcome of outcomes)
      expect(reasonOf(outcome)).toContain("leads to a link-local or unassigned address: write the address itself");
  });

  test("a target that is such an address itself is asked", async () => {
    using servers = new Servers();
    const { port } = await noting(servers, () => undefined);
    // Nobody's address means this machine; a link-local one would need an interface that has it.
    expect(await probe(port, { url: `http://0.0.0.0:${port}` })).toMatchObject({ result: "up" });
    expect(await checkTcp({ host: "0.0.0.0", port, timeoutMs: 20_000, holdMs: 50 })).toMatchObject({ result: "up" });
  });
});
