import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { effectiveSettings, loadConfig, parseConfig } from "../../src/app/mod.ts";

const FILE = `tcp:
  packets: { listen: 9091 }
  my-chat: { listen: 9000, handler: ./chat.ts }
services:
  git: http://127.0.0.1:3000
dns: { listen: 5300 }
`;
const folder = mkdtempSync(join(tmpdir(), "tenk-environment-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

function loaded(environment: Record<string, string>, file: string | undefined = FILE) {
  return file === "" ? loadConfig(undefined, environment) : parseConfig(file, "tenk.yaml", folder, environment);
}

function settingsOf(environment: Record<string, string>, file?: string) {
  const found = effectiveSettings(loaded(environment, file)).filter(({ variable }) => variable !== undefined);
  return Object.fromEntries(found.map(({ key, value, variable }) => [`${variable} ${key}`, value]));
}

function refusal(environment: Record<string, string>, file?: string): string {
  try {
    loaded(environment, file);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("expected it to be refused");
}

describe("a variable of the environment", () => {
  test.each([
    ["TENK_TCP_PACKETS_LISTEN", "9092", "tcp.packets.listen", "0.0.0.0:9092"],
    ["TENK_TCP_PACKETS_LIMITS_PER_ADDRESS", "7", "tcp.packets.limits.perAddress", "7"],
    ["TENK_TCP_PACKETS_LIMITS_PERADDRESS", "7", "tcp.packets.limits.perAddress", "7"],
    ["TENK_TCP_MY_CHAT_LISTEN", "9001", "tcp.my-chat.listen", "0.0.0.0:9001"],
    ["TENK_TCP__MY_CHAT__LISTEN", "9001", "tcp.my-chat.listen", "0.0.0.0:9001"],
    ["TENK_TCP_PACKETS_WORKERS", "2", "tcp.packets.workers", "2"],
    ["TENK_TCP_PACKETS_WORKERS", "auto", "tcp.packets.workers", "auto"],
    ["TENK_TCP_PACKETS_NO_DELAY", "no", "tcp.packets.noDelay", "false"],
    ["TENK_DNS_UPSTREAMS", "tls://9.9.9.9, 1.1.1.1", "dns.upstreams", '["tls://9.9.9.9","1.1.1.1"]'],
    ["TENK_DNS_UPSTREAM_TIMEOUT", "1s", "dns.upstreamTimeout", "1s"],
    ["TENK_DNS_HOSTS", "{ nas: 192.168.1.5 }", "dns.hosts", '{"nas":["192.168.1.5"]}'],
    ["TENK_DNS_MDNS", "eth0", "dns.mdns", '["eth0"]'],
    ["TENK_SERVICES_GIT_MAX_BODY", "1MiB", "services.git.maxBody", "1MiB"],
    [
      "TENK_SERVICES_GIT_HOSTS",
      "git.home.arpa,code.home.arpa",
      "services.git.hosts",
      '["git.home.arpa","code.home.arpa"]',
    ],
    ["TENK_BOX_DISK", "off", "box.disk", undefined],
    ["TENK_LOG_LEVEL", "debug", "log.level", "debug"],
    ["TENK_LOG_LEVEL", "debug\n", "log.level", "debug"],
    ["TENK_DATA_HISTORY", "false", "data.history", "false"],
  ])("%s=%s sets %s", (variable, text, key, value) => {
    expect(settingsOf({ [variable]: text })[`${variable} ${key}`]).toBe(value!);
    expect(loaded({ [variable]: text }).overrides).toEqual([{ variable, key, path: key.split(".") }]);
  });

  test("leaves the short form of a service in force, beside what it sets", () => {
    const { config } = loaded({ TENK_SERVICES_GIT_COMPRESS: "true" });
    expect(config.services.git).toMatchObject({ target: "http://127.0.0.1:3000", compress: true });
  });

  test("declares what the file does not have: a service, a listener, without a file too", () => {
    const environment = {
      TENK_SERVICES_WEB: "http://web:80",
      TENK_TCP_ECHO_LISTEN: "7",
      TENK_TCP_ECHO_HANDLER: "echo",
    };
    expect(loaded(environment).config.services.web).toMatchObject({ target: "http://web:80" });
    const { config, services } = loaded(environment, "");
    expect(Object.keys(config.tcp!)).toEqual(["packets", "echo"]);
    expect(services.map(({ name }) => name)).toEqual(["web"]);
    expect(loaded({ TENK_TCP_PACKETS_LISTEN: "9092" }, "").config.tcp!.packets!.listen).toMatchObject({ port: 9092 });
    expect(loaded({ TENK_DNS: "off" }, "").config.dns).toBeUndefined();
  });

  test("is text where text is meant", () => {
    const realm = loaded({
      TENK_SERVICES_GIT_AUTH: '{ users: { me: "$argon2id$v=19$m=1,t=1,p=1$a$b" } }',
      TENK_SERVICES_GIT_AUTH_REALM: "yes, 0123",
    }).config.services.git;
    expect(realm).toMatchObject({ auth: { realm: "yes, 0123" } });
  });

  test("with _FILE has the path of a file with the value", () => {
    writeFileSync(join(folder, "hash"), "$argon2id$v=19$m=1,t=1,p=1$a$b\n");
    const { config } = loaded({ TENK_DASHBOARD_PASSWORD_FILE: "hash" });
    expect(config.dashboard.password).toBe("$argon2id$v=19$m=1,t=1,p=1$a$b");
    expect(refusal({ TENK_DASHBOARD_PASSWORD_FILE: "none" })).toMatch(
      /^TENK_DASHBOARD_PASSWORD_FILE: expected a file that can be read, found .*none: there is no such file/,
    );
    expect(refusal({ TENK_DASHBOARD_PASSWORD_FILE: "hash", TENK_DASHBOARD_PASSWORD: "x" })).toContain("found TENK_");
    const boxes = loaded({ TENK_BOXES_NAS_URL: "http://nas", TENK_BOXES_NAS_TOKEN_FILE: "nas.token" }).config.boxes;
    expect(boxes!.nas).toMatchObject({ tokenFile: "nas.token" });
  });

  test.each([
    [
      { TENK_TCP_PACKETS_LISTEN: "nine" },
      'TENK_TCP_PACKETS_LISTEN: tcp.packets.listen: expected a port, host:port or unix:/path, found "nine"',
    ],
    [
      { TENK_TCP_ECHO_HANDLER: "echo" },
      "TENK_TCP_ECHO_HANDLER: tcp.echo.listen: expected a port, host:port or unix:/path, found nothing",
    ],
    [
      { TENK_TCP_PACKETS_LISTEN: "9000" },
      "tcp.my-chat.listen: expected an address of its own, 0.0.0.0:9000 is that of tcp.packets.listen (TENK_TCP_PACKETS_LISTEN)",
    ],
    [
      { TENK_SERVICES_GIT_ALLOW: "" },
      "TENK_SERVICES_GIT_ALLOW: services.git.allow: expected a value, as it keeps others out, found nothing",
    ],
  ])("that is wrong is refused by its name: %p", (environment, message) => {
    expect(refusal(environment as Record<string, string>)).toContain(message);
  });

  test("with two meanings is refused, with both", () => {
    const two = FILE.replace("services:", "services:\n  git-health: http://127.0.0.1:1");
    expect(refusal({ TENK_SERVICES_GIT_HEALTH_PATH: "/up" }, two)).toBe(
      "TENK_SERVICES_GIT_HEALTH_PATH: expected the name of one setting, found one that means services.git-health.path (TENK_SERVICES__GIT_HEALTH__PATH) or services.git.health.path (TENK_SERVICES__GIT__HEALTH__PATH): use the longer name",
    );
    const { overrides } = loaded({ TENK_SERVICES__GIT_HEALTH__PATH: "/up" }, two);
    expect(overrides.map(({ key }) => key)).toEqual(["services.git-health.path"]);
  });

  test("that matches nothing is told with the nearest name, and changes nothing", () => {
    const { unusedVariables, overrides } = loaded({ TENK_TCP_PACKETS_LISTNE: "1", TENK_QUITE_ANOTHER_THING: "1" });
    expect(overrides).toEqual([]);
    expect(unusedVariables).toEqual([
      { variable: "TENK_TCP_PACKETS_LISTNE", why: "no setting has this name, did you mean TENK_TCP_PACKETS_LISTEN?" },
      { variable: "TENK_QUITE_ANOTHER_THING", why: "no setting has this name" },
    ]);
  });

  test("that is empty, or below what the file switches off, has no effect", () => {
    expect(loaded({ TENK_LOG_LEVEL: "" }).unusedVariables).toEqual([
      { variable: "TENK_LOG_LEVEL", why: "empty, as if it were not there" },
    ]);
    const { unusedVariables } = loaded({ TENK_DNS_LISTEN: "53" }, "dns: off\ntcp:");
    expect(unusedVariables).toEqual([{ variable: "TENK_DNS_LISTEN", why: "dns is off" }]);
  });

  test("does not change what an option of the command line says", () => {
    const environment = { TENK_TCP_PACKETS_LISTEN: "1", TENK_LOG_LEVEL: "debug" };
    const { config } = parseConfig('{"tcp":{"packets":{"listen":"7000"}}}', "command line", folder, environment, true);
    expect([config.tcp!.packets!.listen, config.log.level]).toEqual([{ host: "0.0.0.0", port: 7000 }, "debug"]);
  });
});

test("what Kubernetes and tenk itself put into the environment is no setting", () => {
  const environment = {
    TENK_SERVICE_HOST: "10.96.0.12",
    TENK_SERVICE_PORT: "9190",
    TENK_SERVICE_PORT_DASHBOARD: "9190",
    TENK_SERVICE_PORT_TCP_SINK: "9091",
    TENK_PORT: "tcp://10.96.0.12:9190",
    TENK_PORT_9091_TCP: "tcp://10.96.0.12:9091",
    TENK_PORT_9091_TCP_PROTO: "tcp",
    TENK_PORT_9091_TCP_PORT: "9091",
    TENK_PORT_9091_TCP_ADDR: "10.96.0.12",
    TENK_PORT_53_UDP_ADDR: "10.96.0.12",
    TENK_DNS_SERVICE_HOST: "10.96.0.13",
    TENK_DNS_SERVICE_PORT: "53",
    TENK_DNS_PORT: "udp://10.96.0.13:53",
    TENK_TCP_PACKETS_PORT: "tcp://[fd00::1]:9091",
    TENK_TCP_PACKETS_PORT_9091_TCP_ADDR: "10.96.0.14",
    TENK_TOKEN: "secret",
    TENK_PUSH_TOKEN: "secret",
  };
  for (const file of [FILE, ""]) {
    const { overrides, unusedVariables, config } = loaded(environment, file);
    expect([overrides, unusedVariables]).toEqual([[], []]);
    expect(config).toEqual(loaded({}, file).config);
  }
});
