import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../../../src/app/mod.ts";
import { parseTable } from "../../../src/probe/discover/listening.ts";
import { nameOf } from "../../../src/probe/discover/programs.ts";
import { publishedPorts } from "../../../src/probe/discover/published-ports.ts";
import { type Found, servicesText } from "../../../src/probe/mod.ts";
import { hasPrograms } from "../../app/admin/nginx-support.ts";
import { TENK } from "../../cli/tenk.ts";
import { FakeEngine, idOf } from "../../containers/fake-engine.ts";
import { hasNamespaces } from "../../metrics/namespaced.ts";

test("addresses of the kernel's tables are read, also IPv4 within IPv6; connections are left out", () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:18EB 00000000:0000 0A 00000000:00000000 00:00000000 00000000   107        0 41270 1
   1: 0100007F:18EB 0100007F:9C40 01 00000000:00000000 00:00000000 00000000   107        0 41999 1
   0: 0000000000000000FFFF00000101A8C0:0050 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 7 1
   0: 000080FE00000000FF005450B6AD1DFE:0050 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 8 1
`;
  expect(parseTable(table).map(({ address, port, inode }) => `${address} ${port} ${inode}`)).toEqual([
    "127.0.0.1 6379 41270",
    "192.168.1.1 80 7",
    "fe80::5054:ff:fe1d:adb6 80 8",
  ]);
});

describe("a process", () => {
  const process = { pid: 1, comm: "", executable: "", words: [], folder: "" };
  test.each([
    [{ executable: "/usr/bin/redis-check-rdb", comm: "redis-server" }, "redis", "redis"],
    [{ executable: "/usr/sbin/mariadbd", comm: "mariadbd" }, "mariadb", "mysql"],
    [
      { executable: "/usr/bin/node", words: ["node", "/usr/lib/node_modules/node-red/red.js"], comm: "node-red" },
      "node-red",
      "http",
    ],
    [
      { executable: "/usr/bin/node", words: ["node", "dist/index.js"], folder: "/srv/my_App", comm: "MainThread" },
      "my-app",
      undefined,
    ],
    [
      { executable: "/usr/bin/python3.11", words: ["python3", "-m", "http.server", "8000"], comm: "python3" },
      "http-server",
      "http",
    ],
    [
      { executable: "/usr/bin/python3.13", words: ["python3.13", "/srv/bin/hass", "-c", "."], comm: "hass" },
      "home-assistant",
      "http",
    ],
    [
      { executable: "/usr/bin/node", words: ["node", "/srv/node_modules/@scope/relay/bin.js"], comm: "node" },
      "relay",
      undefined,
    ],
    [
      { executable: "/usr/lib/erlang/bin/beam.smp", words: ["beam.smp", "-sname", "rabbit@box"], comm: "beam.smp" },
      "rabbitmq",
      "amqp",
    ],
    [{ executable: "/opt/thing/Thing Server", comm: "Thing Server" }, "thing-server", undefined],
    [{ executable: "", comm: "\x1b[31m" }, "m", undefined],
  ])("%j is %s", (given, name, scheme) => {
    const named = nameOf({ ...process, ...given });
    expect([named?.name, named?.known?.scheme]).toEqual([name, scheme]);
  });

  test("that holds a port for a container is told apart, and parts of the system are left out", () => {
    expect(nameOf({ ...process, comm: "docker-proxy" })).toMatchObject({ isHolder: true });
    expect(nameOf({ ...process, comm: "systemd-resolve" })).toBeUndefined();
  });
});

test("the text is a block of tenk.yaml, whatever programs are called", () => {
  const more = { otherPorts: [] };
  const found: Found[] = [
    { name: "redis", target: "redis://127.0.0.1:6379", program: "redis-server", pid: 812, knownBy: "name", ...more },
    {
      name: "port-7",
      target: "tcp://127.0.0.1:7",
      program: "x\nproxy: off #\x1b",
      pid: 9,
      knownBy: "nothing",
      ...more,
    },
    { name: "app", target: "http://[::1]:3000", program: undefined, pid: undefined, knownBy: "greeting", ...more },
    { name: "web", target: "https://127.0.0.1:443", program: "nginx", pid: 3, knownBy: "name", otherPorts: [8443] },
    {
      name: "registry",
      target: "http://127.0.0.1:5000",
      kind: "registry",
      program: "r",
      pid: 4,
      knownBy: "name",
      ...more,
    },
  ];
  const text = servicesText(found);
  expect(text).toMatch(/^ {2}redis: redis:\/\/127\.0\.0\.1:6379 +# redis-server \(pid 812\)$/m);
  expect(text).toContain(
    `web: { target: "https://127.0.0.1:443", tls: { verify: false } }  # nginx (pid 3); listens on 8443 too\n`,
  );
  const { services } = parseConfig(text, "tenk.yaml");
  expect(services.map(({ name, target }) => [name, target!])).toEqual(found.map(({ name, target }) => [name, target]));
  expect(services.at(-1)).toMatchObject({ kind: "registry" });
  expect(servicesText([])).toContain("Nothing");
});

const FLAGS = ["-nmpf", "--kill-child", "--mount-proc"];
const PEERS = [
  "/usr/bin/redis-server",
  "/usr/sbin/nginx",
  "/usr/bin/prometheus",
  "/usr/bin/docker-registry",
  "/usr/bin/python3",
];
const SCRIPT = `
cd "$DIR"
ip link set lo up
redis-server --port 6400 --bind 127.0.0.1 --save "" >/dev/null &
nginx -c "$DIR/nginx.conf" 2>/dev/null &
prometheus --config.file="$DIR/prometheus.yml" --storage.tsdb.path="$DIR/tsdb" --web.listen-address=127.0.0.1:9095 2>/dev/null &
docker-registry serve "$DIR/registry.yml" >/dev/null 2>&1 &
python3 -m http.server 8000 --bind 127.0.0.1 >/dev/null 2>&1 &
"$BUN" "$DIR/ssh.ts" &
for port in 1900 2382 2387 1388 1F40 08AE 270F; do
  for each in $(seq 200); do grep -q ":$port .* 0A " /proc/net/tcp /proc/net/tcp6 && break; sleep 0.05; done
done
exec "$@"
`;

test.if(hasPrograms("programs that are found", PEERS) && hasNamespaces(FLAGS))(
  "real programs are found by their names, others by what they say",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "tenk-discover-"));
    const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
    write(
      "nginx.conf",
      `daemon off; master_process off; pid ${folder}/pid; error_log /dev/null; events {}
http { access_log off; server { listen 127.0.0.1:9090; location / { return 200; } } }`,
    );
    write("prometheus.yml", "global: {}\n");
    write(
      "registry.yml",
      `version: 0.1\nstorage: { filesystem: { rootdirectory: ${folder} } }\nhttp: { addr: "127.0.0.1:5000" }\n`,
    );
    write(
      "ssh.ts",
      `
      Bun.listen({ hostname: "127.0.0.1", port: 2222, socket: { open: (s) => void s.write("SSH-2.0-Other\\r\\n"), data() {} } });
      Bun.listen({ hostname: "127.0.0.1", port: 9999, socket: { data() {} } });`,
    );
    try {
      const { stdout, stderr } = spawnSync(
        "unshare",
        [...FLAGS, "sh", "-c", SCRIPT, "sh", ...TENK, "discover", "--json"],
        {
          encoding: "utf8",
          env: { ...process.env, DIR: folder, BUN: process.execPath },
          timeout: 60_000,
        },
      );
      expect(stderr).toBe("");
      const found = JSON.parse(stdout) as Found[];
      expect(found.map(({ name, target, knownBy }) => `${name} ${target} ${knownBy}`)).toEqual([
        "ssh ssh://127.0.0.1:2222 greeting",
        "registry http://127.0.0.1:5000 name",
        "redis redis://127.0.0.1:6400 name",
        "http-server http://127.0.0.1:8000 name",
        "nginx http://127.0.0.1:9090 name",
        "prometheus http://127.0.0.1:9095 name",
        "ssh-9999 tcp://127.0.0.1:9999 nothing",
      ]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  60_000,
);

test("a port that an engine holds has the name, image and protocol of its container", async () => {
  await using fake = new FakeEngine();
  await fake.start();
  fake.containers = [
    {
      id: idOf("a"),
      name: "house-cache-1",
      image: "redis:7",
      ports: { 6379: [16_379] },
      labels: { "com.docker.compose.service": "cache" },
    },
    { id: idOf("b"), name: "broker", image: "rabbitmq:3", ports: { 5672: [15_672], 15672: [25_672] } },
    { id: idOf("c"), name: "gone", image: "mongo", state: "exited", ports: { 27017: [37_017] } },
  ];
  const ports = await publishedPorts([fake.socket, join(fake.folder, "none.sock")]);
  expect([...ports].map(([port, { name, image, scheme }]) => [port, name, image, scheme])).toEqual([
    [16_379, "cache", "redis:7", "redis"],
    [15_672, "broker", "rabbitmq:3", "amqp"],
    [25_672, "broker", "rabbitmq:3", undefined],
  ]);
  const found = {
    name: "cache",
    target: "redis://127.0.0.1:16379",
    program: "docker-proxy",
    pid: 7,
    knownBy: "name",
    otherPorts: [],
  } as const;
  expect(servicesText([{ ...found, container: "cache\n1", image: "redis:7" }])).toBe(
    "services:\n  cache: redis://127.0.0.1:16379  # container cache?1 of redis:7\n",
  );
});
