import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { networkCards } from "../../src/metrics/host/cards.ts";
import { hostFiles } from "../../src/metrics/host/files.ts";
import { fakeRoot } from "./host-support.ts";
import { hasNamespaces, namespacedTenk } from "./namespaced.ts";

const SENDER = join(import.meta.dirname, "udp-sender.ts");
const READER = new URL("../../src/metrics/host/cards.ts", import.meta.url).href;
const FILES = new URL("../../src/metrics/host/files.ts", import.meta.url).href;
/** Which devices count in the namespace it runs in. */
const CHOOSE = `
  const { networkCards } = await import("${READER}");
  const { hostFiles } = await import("${FILES}");
  const { readdirSync } = await import("node:fs");
  console.log(JSON.stringify([...networkCards(hostFiles()).among(readdirSync("/sys/class/net").sort())]));`;

/** Another namespace for the other ends, `$OUT`; it is gone with the shell. */
const OUTSIDE = `
  mount -t sysfs sysfs /sys; ip link set lo up
  unshare --net sleep 60 & OUT=$!; trap 'kill $OUT' EXIT
  until [ "$(readlink /proc/$OUT/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.02; done
  card() { ip link add "$1" type veth peer name "$1" netns $OUT; ip link set "$1" up; nsenter --target $OUT --net ip link set "$1" up; }`;

function cardsAfter(prepare: string): string[] {
  const script = `${OUTSIDE}\n${prepare}\n"$BUN" -e '${CHOOSE}'`;
  const { stdout, stderr } = spawnSync("unshare", ["--net", "--mount", "sh", "-ec", script], {
    encoding: "utf8",
    env: { ...process.env, BUN: process.execPath },
  });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as string[];
}

describe.if(hasNamespaces(["--net", "--mount"]))("bytes leave a namespace without hardware by", () => {
  test.each([
    ["its only card, a veth", `card eth0; ip addr add 10.9.0.2/24 dev eth0`, ["eth0"]],
    ["a card with IPv6 alone", `card eth0; ip -6 addr add fd00::2/64 dev eth0 nodad`, ["eth0"]],
    [
      "a card with a single address and a default route",
      "card eth0; ip addr add 10.9.0.2/32 dev eth0; ip route add default dev eth0",
      ["eth0"],
    ],
    [
      "both cards of two networks",
      `card eth0; ip addr add 10.9.0.2/24 dev eth0; card eth1; ip addr add 10.8.0.2/24 dev eth1`,
      ["eth0", "eth1"],
    ],
    ["a card that has no address yet", "card eth0", ["eth0"]],
    [
      "its card, not the bridge of its own containers nor their ends",
      `card eth0; ip addr add 10.9.0.2/24 dev eth0; ip route add default via 10.9.0.1
       ip link add docker0 type bridge; ip addr add 172.17.0.1/16 dev docker0; ip link set docker0 up
       card veth1; ip link set veth1 master docker0
       card cali1; ip route add 10.1.2.3/32 dev cali1`,
      ["eth0"],
    ],
    [
      "the bridge that its card is a port of",
      `card eth0; ip link add br0 type bridge; ip link set eth0 master br0; ip link set br0 up; ip addr add 10.9.0.2/24 dev br0`,
      ["br0"],
    ],
    [
      "a card, not the tunnel whose packets it carries",
      `card eth0; ip addr add 10.9.0.2/24 dev eth0; ip tuntap add tun0 mode tun; ip link set tun0 up; ip addr add 10.5.0.1/24 dev tun0`,
      ["eth0"],
    ],
    [
      "a tunnel, where it is all there is",
      `ip tuntap add tap0 mode tap; ip link set tap0 up; ip addr add 10.0.2.100/24 dev tap0`,
      ["tap0"],
    ],
    ["nothing, where it has loopback alone", "true", []],
  ])("%s", (_, prepare, expected) => {
    expect(cardsAfter(prepare)).toEqual(expected);
  });

  test("what goes through the only card shows in the box's history", async () => {
    await using tenk = await namespacedTenk(
      ["--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"],
      `${OUTSIDE}
       card eth0; ip addr add 10.9.0.2/24 dev eth0; ip neigh add 10.9.0.9 lladdr 02:00:00:00:00:09 dev eth0
       "$BUN" "${SENDER}" 10.9.0.9 &`,
    );
    const sent = async () => {
      const { series } = (await tenk.json("api/series?name=tenk_host_network_transmit_bytes_total&step=1000")) as {
        series: { mean: (number | null)[] }[];
      };
      return Math.max(...(series[0]?.mean ?? []).map((value) => value ?? 0), 0);
    };
    const deadline = performance.now() + 20_000;
    while ((await sent()) < 100_000 && performance.now() < deadline) await Bun.sleep(200);
    expect(await sent()).toBeGreaterThan(100_000);
  }, 40_000);
});

describe("bytes leave a machine by", () => {
  const device = (name: string, more: Readonly<Record<string, string>> = {}) => ({
    [`/sys/class/net/${name}/operstate`]: "up\n",
    ...Object.fromEntries(Object.entries(more).map(([file, text]) => [`/sys/class/net/${name}/${file}`, text])),
  });
  const card = (name: string, more: Readonly<Record<string, string>> = {}) =>
    device(name, { "device/uevent": "", ...more });
  const routes = (...lines: readonly string[]) => ({
    "/proc/net/route": `Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n${lines
      .map((line) => {
        const [name, to, mask] = line.split(" ");
        return `${name} ${to} 00000000 0003 0 0 0 ${mask} 0 0 0\n`;
      })
      .join("")}`,
  });
  const byDefault = (name: string) => `${name} 00000000 00000000`;

  test.each([
    [
      "a bond of cards without hardware, not its slaves",
      {
        ...device("port1", { "master/uevent": "" }),
        ...device("port2", { "master/uevent": "" }),
        ...device("bond0", { lower_port1: "", lower_port2: "" }),
        ...routes("bond0 0000A8C0 00FFFFFF"),
      },
      ["bond0"],
    ],
    [
      "a card without hardware below its VLAN",
      {
        ...device("eth0"),
        ...device("eth0.7", { lower_eth0: "" }),
        ...routes("eth0 0000A8C0 00FFFFFF", "eth0.7 0007A8C0 00FFFFFF"),
      },
      ["eth0"],
    ],
    [
      "the members of a VRF, which only chooses their routes",
      { ...device("eth0", { "master/uevent": "DEVTYPE=vrf\n" }), ...device("red", { uevent: "DEVTYPE=vrf\n" }) },
      ["eth0"],
    ],
    [
      "hardware, not what containers and their bridges have",
      {
        ...card("eth0"),
        ...device("docker0", { "bridge/bridge_id": "1" }),
        ...device("veth1"),
        ...routes(byDefault("eth0"), "docker0 000011AC 0000FFFF"),
      },
      ["eth0"],
    ],
    [
      "hardware, below a bond, a VLAN and a bridge that have the routes",
      {
        ...card("eth0", { master: "→ /sys/class/net/bond0" }),
        ...card("eth1", { master: "→ /sys/class/net/bond0" }),
        ...device("bond0", { lower_eth0: "→ /sys/class/net/eth0", lower_eth1: "→ /sys/class/net/eth1" }),
        ...device("bond0.7", { lower_bond0: "→ /sys/class/net/bond0" }),
        ...device("br0", { "bridge/bridge_id": "1", lower_bond0: "→ /sys/class/net/bond0" }),
        ...routes(byDefault("bond0.7"), byDefault("br0")),
      },
      ["eth0", "eth1"],
    ],
    [
      "hardware, not the tunnel that everything goes into",
      { ...card("eth0"), ...device("wg0", { type: "65534\n" }), ...routes(byDefault("wg0"), "eth0 0000A8C0 00FFFFFF") },
      ["eth0"],
    ],
    [
      "hardware, and a virtual card that has the default route",
      { ...card("net1"), ...device("eth0"), ...routes(byDefault("eth0"), "net1 0000A8C0 00FFFFFF") },
      ["eth0", "net1"],
    ],
  ])("%s", (_, files, expected) => {
    using machine = fakeRoot(files);
    const read = hostFiles(machine.root);
    expect([...networkCards(read).among(read.list("/sys/class/net"))].sort()).toEqual(expected);
  });
});
