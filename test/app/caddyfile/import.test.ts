import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { KNOWN_PLACEHOLDERS } from "../../../src/app/caddyfile/placeholders.ts";
import { importCaddyfile, parseConfig } from "../../../src/app/mod.ts";
import { PLACEHOLDERS } from "../../../src/proxy/answers/placeholders.ts";

const runs = Number(process.env.TENK_RUNS ?? 150);

function imported(text: string, env: Record<string, string> = {}, files: Record<string, string> = {}) {
  const filesOf = (name: string) => (Object.hasOwn(files, name) ? [{ file: name, text: files[name]! }] : []);
  const { services, problems, yaml } = importCaddyfile(text, "Caddyfile", { env, filesOf });
  parseConfig(yaml, "imported.yaml");
  return { services, problems: problems.map(({ file, line, text: why }) => `${file}:${line}: ${why}`) };
}

const site = (body: string) => imported(`a.example.org {\n${body}\n}\n`);
const service = (body: string) => Object.values(site(body).services)[0];

describe("a word", () => {
  test.each([
    ['respond "a b"', "a b"],
    ['respond "a \\"b\\" \\n"', 'a "b" \\n'],
    ['respond `a "b" \\`', 'a "b" \\'],
    ['respond "two\nlines"', "two\nlines"],
    ["respond a#b # a comment", "a#b"],
    ["respond \\\n  next", "next"],
    ["respond <<END\n    one\n      two\n    END", "one\n  two"],
    ["respond <<END\n  END 200", { status: 200 }],
    ["respond \\<<END", "<<END"],
    ['respond "{"', "{"],
    ['respond "\\\\"', "\\\\"],
  ] as const)("%j", (text, body) => {
    expect(service(text)?.respond).toEqual(body as never);
  });
});

describe("imports", () => {
  test("bring snippets with arguments, files, and sites", () => {
    const text = "(up) {\n reverse_proxy {args[0]}:{args.1}\n}\na.b {\n import up h 80\n}\nimport more\n";
    const { services, problems } = imported(text, {}, { more: "c.d {\n import up k 81\n}\n" });
    expect(problems).toEqual([]);
    expect(services).toEqual({
      a: { target: "http://h:80", hosts: ["a.b"] },
      c: { target: "http://k:81", hosts: ["c.d"] },
    });
  });

  test("name the file and line of what they brought", () => {
    const { problems } = imported("a.b {\n import more\n respond ok\n}", {}, { more: "\n\nbind 10.0.0.1" });
    expect(problems).toEqual(["more:3: bind: not carried over: all services are served on proxy.https and proxy.http"]);
  });

  test.each([
    ["(a) {\n import a\n}\na.b {\n import a\n respond ok\n}", "imports are nested too deep"],
    [
      `${Array.from({ length: 60 }, (_, i) => `(s${i}) {\n import s${i + 1}\n import s${i + 1}\n}`).join("\n")}\na.b {\n import s0\n}`,
      "imports are nested too deep",
    ],
    ["a.b {\n import nothing\n respond ok\n}", "import nothing: there is neither such a snippet nor such a file"],
  ])("end: %j", (text, words) => {
    expect(imported(text).problems.join("\n")).toContain(words);
  });
});

test("placeholders that are carried over are those that answers know", () => {
  expect(KNOWN_PLACEHOLDERS.filter((name) => !Object.hasOwn(PLACEHOLDERS, name))).toEqual([]);
});

test("the environment is put in before words are cut, and what is not there is named", () => {
  const text = '{$HOST} {\n respond {$WORDS:fallback}\n header X-A "{$NONE}b"\n}\n';
  const { services, problems } = imported(text, { HOST: "a.b, c.d", WORDS: "" });
  expect(services.a).toMatchObject({
    hosts: ["a.b", "c.d"],
    respond: "fallback",
    headers: { response: { set: { "X-A": "b" } } },
  });
  expect(problems).toEqual(["Caddyfile:3: the environment has no NONE: set it for tenk import"]);
});

describe("a directive becomes", () => {
  test.each([
    ["reverse_proxy h:1", { target: "http://h:1" }],
    ["reverse_proxy * h:1 https://k", { targets: ["http://h:1", "https://k"] }],
    [
      "reverse_proxy h:1 k:1 {\n lb_policy weighted_round_robin 3 1\n}",
      {
        balance: "weighted",
        targets: [
          { url: "http://h:1", weight: 3 },
          { url: "http://k:1", weight: 1 },
        ],
      },
    ],
    [
      "reverse_proxy h:443 {\n transport http {\n tls_server_name s\n tls_trusted_ca_certs ca.pem\n}\n}",
      { target: "https://h:443", tls: { serverName: "s", ca: "ca.pem" } },
    ],
    ["reverse_proxy h2c://h:1 h2c://h:2", { targets: ["h2c://h:1", "h2c://h:2"] }],
    ["reverse_proxy h:1 {\n transport http {\n versions h2c 2\n}\n}", { target: "http://h:1", protocol: "http2" }],
    ["reverse_proxy h:1 {\n transport http {\n versions 1.1\n}\n}", { target: "http://h:1", protocol: "http1" }],
    ["reverse_proxy h:1 {\n health_uri /up\n health_status 2xx\n}", { health: { path: "/up", status: "2xx" } }],
    ["reverse_proxy h:1 {\n flush_interval -1\n header_up X-Forwarded-Proto {scheme}\n}", { target: "http://h:1" }],
    [
      "header X-Served-By {host}\nreverse_proxy h:1 {\n header_down X-A {uri}\n}",
      { headers: { response: { set: { "X-Served-By": "{http.request.host}", "X-A": "{http.request.uri}" } } } },
    ],
    [
      "reverse_proxy h:1 {\n header_up +X-A {http.request.host}\n}",
      { headers: { request: { add: { "X-A": "{http.request.host}" } } } },
    ],
    [
      "header {\n -Server\n X-A b\n +X-C d\n}\nrespond ok",
      { headers: { response: { remove: ["Server"], set: { "X-A": "b" }, add: { "X-C": "d" } } } },
    ],
    ["request_body {\n max_size 10MiB\n}\nrespond ok", { maxBody: "10MiB" }],
    ["encode zstd\nrespond ok", { compress: true }],
    ["redir https://b{uri}", { redirect: { to: "https://b{http.request.uri}", status: 302 } }],
    ["redir * /new permanent", { redirect: { to: "/new", status: 301 } }],
    ["respond 404", { respond: { status: 404 } }],
    ["error 503", { respond: { status: 503 } }],
    ["root /srv\nfile_server", { root: "/srv" }],
    ["handle_path /x/* {\n root * /srv\n file_server\n}", { root: "/srv", path: "/x", strip: true }],
    [
      "@in remote_ip private_ranges\nhandle @in {\n reverse_proxy h:1\n}",
      { allow: ["192.168.0.0/16", "172.16.0.0/12", "10.0.0.0/8", "127.0.0.1/8", "fd00::/8", "::1"] },
    ],
    ["@out not client_ip 10.0.0.0/8\nrespond @out 403\nreverse_proxy h:1", { allow: ["10.0.0.0/8"] }],
    [
      "basic_auth {\n me $argon2id$v=19$m=65536,t=3,p=1$c2FsdA$aGFzaA\n}\nrespond ok",
      { auth: { users: { me: "$argon2id$v=19$m=65536,t=3,p=1$c2FsdA$aGFzaA" } } },
    ],
  ] as const)("%j", (body, expected) => {
    const { services, problems } = site(body);
    expect(problems).toEqual([]);
    expect(services.a ?? services["a-x"]).toMatchObject(expected as object);
  });
});

describe("it is said where it cannot be carried over:", () => {
  test.each([
    ["reverse_proxy {\n dynamic srv a.b\n}", "reverse_proxy: not carried over: it names no upstream"],
    ["reverse_proxy {http.vars.up}", "upstream {http.vars.up}: it is no host:port"],
    ["reverse_proxy h:1 k:1 {\n lb_policy query a\n}", "lb_policy: not carried over"],
    [
      "reverse_proxy h:1 {\n header_up X-A {env.SECRET}\n}",
      "X-A not carried over: it has a placeholder that tenk does not know",
    ],
    ["@m header X-A b\nrespond @m hi", "respond: not carried over: a matcher by header has no counterpart"],
    ["respond @nothing hi", "a matcher by @nothing, which is not defined has no counterpart"],
    ["@bad remote_ip 10.0.0.1\nabort @bad", "abort: not carried over, so these clients get in"],
    ["root * /srv\nfile_server {\n hide .git\n}", "files that it hides would be shown"],
    ["rewrite * /x{uri}", "rewrite: not carried over: paths are forwarded as they are"],
    ["nonsense a b", "nonsense: not carried over"],
    ["respond {", "its block is not closed"],
    ["respond ok\nrespond other", "line 2 answers the same host and path"],
    ["handle /a/* {\n respond /b/* hi\n}", "/b/* is never reached, it is outside of /a"],
    ["handle_path /a/* {\n respond /b/* hi\n}", "/b/* is a path behind one that is removed"],
    ["basic_auth {\n me $2a$14$x\n}\nrespond ok", "nobody gets in until you put the output of tenk password here"],
    ["@php path *.php\nrespond @php 403\nreverse_proxy h:1", "requests that it refuses get in"],
    [
      "tls {\n client_auth {\n mode require\n}\n}\nrespond ok",
      "tls: not carried over: nobody gets in until auth or allow is set",
    ],
    ["@b host b.other\nhandle @b {\n respond ok\n}", "b.other is never reached, the site has a.example.org"],
    [
      "header X-A {http.response.header.B}\nrespond ok",
      "X-A not carried over: it has a placeholder that tenk does not",
    ],
    ["authorize with policy\nrespond ok", "authorize: not carried over: nobody gets in"],
    ["header __proto__ a\nrespond ok", "__proto__ not carried over: it is no header"],
    ["basic_auth {\n __proto__ x\n}\nrespond ok", "it has no users: nobody gets in"],
    ["forward_auth {\n}\nrespond ok", "nobody gets in until auth.forward is set"],
  ])("%j", (body, words) => {
    expect(site(body).problems.join("\n")).toContain(words);
  });

  test.each([
    "tls {\n client_auth {\n mode require\n}\n}\nreverse_proxy h:1",
    "authorize with policy\nhandle /a/* {\n reverse_proxy h:1\n}",
    "basicauth @private {\n me $2a$14$x\n}\nreverse_proxy h:1",
    "forward_auth {http.vars.up} {\n}\nreverse_proxy h:1",
  ])("and then nobody gets in: %j", (body) => {
    const sections = Object.values(site(body).services);
    expect(sections.map(({ auth }) => auth)).toEqual([{ users: expect.any(Object) as Record<string, string> }]);
  });

  test("nor where two lists of clients would have to hold at once", () => {
    const two = "@a not remote_ip 10.0.0.0/8\nabort @a\n@b not remote_ip 10.1.0.0/16\nabort @b\nreverse_proxy h:1";
    expect(Object.values(site(two).services)).toMatchObject([{ auth: { users: {} } }]);
    const nested =
      "@a not remote_ip 10.0.0.0/8\nabort @a\n@b remote_ip 10.1.0.0/16\nhandle @b {\n reverse_proxy h:1\n}";
    expect(Object.values(site(nested).services)).toMatchObject([{ auth: { users: {} } }]);
  });

  test("a service whose users are lost has a hash that no password has", async () => {
    const auth = service("basicauth {\n me $2a$14$x\n}\nrespond ok")?.auth as { users: { me: string } };
    for (const password of ["", "me", "\0".repeat(8)]) {
      expect(await Bun.password.verify(password === "" ? "x" : password, auth.users.me, "argon2id")).toBe(false);
    }
  });
});

const WORDS = [
  "a.example.org",
  "*.b.c",
  ":80",
  "http://x",
  "{",
  "}",
  "{\n",
  "}\n",
  "\n",
  "\n",
  "\n",
  "@m",
  "path",
  "host",
  "not",
  "remote_ip",
  "/a/*",
  "/a*",
  "*",
  "/",
  "handle",
  "handle_path",
  "route",
  "reverse_proxy",
  "h:1",
  "unix//s",
  ":1-3",
  "lb_policy",
  "weighted_round_robin",
  "transport",
  "http",
  "tls",
  "tls_client_auth",
  "header",
  "-X",
  "+X",
  "?X",
  ">X",
  "header_up",
  "value",
  "respond",
  "404",
  "redir",
  "permanent",
  "root",
  "file_server",
  "try_files",
  "basic_auth",
  "forward_auth",
  "uri",
  "strip_prefix",
  "copy_headers",
  "encode",
  "request_body",
  "max_size",
  "import",
  "(s)",
  "s",
  '"',
  "`",
  "\\",
  "<<E",
  "E",
  "#",
  "{$A}",
  "{$A:b}",
  "{args[0]}",
  "{uri}",
  "abort",
  "error",
  "health_uri",
  "__proto__",
  "constructor",
  "toString",
  "\u0000",
  "\u{1F600}",
  "private_ranges",
  ",",
  "sticky",
  "cookie",
  "-1",
  "1e9",
] as const;

describe("whatever the text is, nothing is thrown, and services are valid:", () => {
  test("random text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => void imported(text)),
      { numRuns: runs },
    );
  });

  test("random words of Caddyfiles", () => {
    const words = fc.array(fc.constantFrom(...WORDS), { maxLength: 120 }).map((each) => each.join(" "));
    fc.assert(
      fc.property(words, (text) => void imported(text)),
      { numRuns: runs * 5 },
    );
  });

  test("random directives in blocks that are closed", () => {
    const line = fc.array(fc.constantFrom(...WORDS.filter((word) => !/[{}\n"`<]/.test(word))), {
      minLength: 1,
      maxLength: 5,
    });
    const block = fc.letrec((tie) => ({
      lines: fc.array(
        fc.oneof(
          { depthSize: "small" },
          line.map((each) => each.join(" ")),
          tie("nested"),
        ),
        { maxLength: 6 },
      ),
      nested: fc
        .tuple(line, tie("lines"))
        .map(([each, lines]) => `${each.join(" ")} {\n${(lines as string[]).join("\n")}\n}`),
    })).lines;
    const file = fc
      .array(block, { maxLength: 3 })
      .map((sites) => sites.map((lines) => `a.b {\n${(lines as string[]).join("\n")}\n}`).join("\n"));
    fc.assert(
      fc.property(file, (text) => void imported(text)),
      { numRuns: runs * 3 },
    );
  });

  test("deep nesting", () => {
    imported(`a.b {\n${"handle {\n".repeat(50_000)}`);
    imported("{".repeat(50_000));
    imported(`(s) {\n${"respond x\n".repeat(5000)}}\na.b {\n${"import s\n".repeat(300)}}`);
  });
});
