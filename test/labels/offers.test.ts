import { describe, expect, test } from "bun:test";
import type { Container } from "../../src/containers/mod.ts";
import { candidatesOf, urlOf } from "../../src/labels/candidates.ts";
import { ContainerServices } from "../../src/labels/container-services.ts";
import { Lifetimes, presenceOf } from "../../src/labels/lifetimes.ts";
import { findOffers } from "../../src/labels/offers.ts";
import { withoutTakenAddresses } from "../../src/labels/taken-addresses.ts";
import { TargetFinder } from "../../src/labels/target-finder.ts";
import { OfferedServices } from "../../src/part/mod.ts";
import { keptLog } from "../app/admin/support.ts";
import { FakeEngine, idOf } from "../containers/fake-engine.ts";

const container = (given: Partial<Container>): Container => ({
  id: "a".repeat(64),
  name: "web",
  image: "app:1",
  state: "running",
  health: "none",
  healthText: undefined,
  exitCode: undefined,
  isOutOfMemory: false,
  restarts: 0,
  restartPolicy: "no",
  createdMs: 1,
  startedMs: 1,
  finishedMs: 0,
  labels: {},
  published: [],
  exposed: [],
  addresses: [],
  network: "bridge",
  ...given,
});
const published = (containerPort: number, port: number, host = "0.0.0.0") => ({ containerPort, port, host });

describe("where a container may be reached", () => {
  const urls = (given: Partial<Container>, port?: number, shared?: Container) =>
    candidatesOf(container(given), port, shared).map((each) => urlOf(each, container(given), undefined));
  test.each([
    [
      "its published port, then its address",
      { published: [published(80, 8080)], addresses: ["172.17.0.2"] },
      undefined,
      ["http://127.0.0.1:8080", "http://172.17.0.2:80"],
    ],
    [
      "the address that a port is bound to",
      { published: [published(80, 8080, "192.168.1.5"), published(80, 8080, "::")] },
      undefined,
      ["http://192.168.1.5:8080", "http://[::1]:8080"],
    ],
    [
      "of several ports the usual one first",
      { published: [published(9000, 9000), published(443, 8443), published(80, 8080)] },
      undefined,
      ["http://127.0.0.1:8080", "https://127.0.0.1:8443", "http://127.0.0.1:9000"],
    ],
    [
      "the port that is named",
      { published: [published(9000, 19_000), published(80, 8080)], addresses: ["172.17.0.2"] },
      9000,
      ["http://127.0.0.1:19000", "http://172.17.0.2:9000"],
    ],
    [
      "without published ports what its image exposes",
      { exposed: [3000], addresses: ["172.18.0.3", "fd00::3"] },
      undefined,
      ["http://172.18.0.3:3000", "http://[fd00::3]:3000"],
    ],
    ["the machine's own network", { network: "host", exposed: [8123] }, undefined, ["http://127.0.0.1:8123"]],
    ["a port that is nowhere", { network: "none" }, 80, []],
    [
      "a database by its image",
      { image: "library/postgres:16", published: [published(5432, 15_432)] },
      undefined,
      ["postgres://127.0.0.1:15432"],
    ],
    [
      "a second port of a broker is HTTP",
      { image: "rabbitmq:3", published: [published(15_672, 15_672)] },
      undefined,
      ["http://127.0.0.1:15672"],
    ],
  ])("%s", (_, given, port, expected) => {
    expect(urls(given as Partial<Container>, port)).toEqual(expected);
  });

  test("the network of another container has that one's ports and addresses", () => {
    const vpn = container({ name: "vpn", published: [published(8080, 18_080)], addresses: ["172.17.0.9"] });
    expect(urls({ network: "container:vpn" }, 8080, vpn)).toEqual(["http://127.0.0.1:18080", "http://172.17.0.9:8080"]);
  });
});

describe("the target that really answers", () => {
  const candidates = [8080, 80].map((port) => ({ host: "127.0.0.1", port, containerPort: 80 }));
  test("is asked for until one does, and then kept for as long as the container runs", async () => {
    const asked: number[] = [];
    let up: number | undefined;
    const answers = async ({ port }: { port: number }) => {
      asked.push(port);
      return port === up;
    };
    const finder = new TargetFinder({ answers });
    expect(await finder.find(container({}), candidates, 0)).toMatchObject({ port: 8080 });
    expect(finder.nextMs()).toBe(1000);
    up = 80;
    expect(await finder.find(container({}), candidates, 500)).toMatchObject({ port: 8080 });
    expect(await finder.find(container({}), candidates, 1000)).toMatchObject({ port: 80 });
    expect(finder.nextMs()).toBe(Number.POSITIVE_INFINITY);
    expect(await finder.find(container({}), candidates, 9000)).toMatchObject({ port: 80 });
    expect(asked).toEqual([8080, 80, 8080, 80]);
    expect(await finder.find(container({ startedMs: 2 }), candidates, 9000)).toMatchObject({ port: 80 });
    expect(asked).toHaveLength(6);
    finder.keep([]);
    await finder.find(container({}), candidates, 9000);
    expect(asked).toHaveLength(8);
  });
});

describe("whether a container is there", () => {
  test.each([
    [{ state: "running" }, undefined, "here"],
    [{ state: "paused" }, undefined, "here"],
    [{ state: "restarting" }, undefined, "here"],
    [{ state: "created" }, undefined, "gone"],
    [{ state: "removing" }, undefined, "leaving"],
    [{ state: "exited", exitCode: 1 }, false, "here"],
    [{ state: "exited", exitCode: 0 }, false, "here"],
    [{ state: "exited", exitCode: 137 }, true, "leaving"],
    // Ended before its engine was followed.
    [{ state: "exited", exitCode: 1 }, undefined, "here"],
    [{ state: "exited", exitCode: 137, isOutOfMemory: true }, undefined, "here"],
    [{ state: "exited", exitCode: 143 }, undefined, "leaving"],
    [{ state: "exited", exitCode: 1, restartPolicy: "unless-stopped" }, undefined, "leaving"],
  ] as const)("%j, stopped by somebody: %p → %s", (given, wasStopped, presence) => {
    expect(presenceOf(container(given), wasStopped)).toBe(presence);
  });

  test("a service whose container is away for less than the grace time stays; a longer absence ends it", () => {
    const lifetimes = new Lifetimes();
    const offer = (target: string) => ({ name: "web", container: "web", prefix: "tenk.", section: { target } });
    const names = (offers: readonly { section: object }[]) =>
      offers.map(({ section }) => (section as { target: string }).target);
    expect(names(lifetimes.take([offer("http://1:1")], 0, 30_000))).toEqual(["http://1:1"]);
    expect(names(lifetimes.take([], 1000, 30_000))).toEqual(["http://1:1"]);
    expect(lifetimes.nextMs(30_000)).toBe(31_000);
    expect(names(lifetimes.take([offer("http://2:2")], 5000, 30_000))).toEqual(["http://2:2"]);
    expect(lifetimes.nextMs(30_000)).toBe(Number.POSITIVE_INFINITY);
    // The engine is away for long: the grace time begins when it is back.
    lifetimes.take([], 5000, 30_000, true);
    expect(names(lifetimes.take([], 900_000, 30_000, true))).toEqual(["http://2:2"]);
    expect(names(lifetimes.take([], 929_999, 30_000))).toEqual(["http://2:2"]);
    lifetimes.take([offer("http://2:2")], 0, 30_000);
    lifetimes.take([], 10_000, 30_000);
    expect(names(lifetimes.take([], 39_999, 30_000))).toEqual(["http://2:2"]);
    expect(names(lifetimes.take([], 40_000, 30_000))).toEqual([]);
  });
});

describe("an address that another container has got since", () => {
  const offer = (section: object) => ({
    name: "web",
    container: "web",
    prefix: "tenk.",
    section: { strip: true, ...section },
  });
  const other = container({ name: "other", published: [published(80, 32_768)], addresses: ["172.17.0.2", "fd00::2"] });
  test.each([
    [{ target: "http://127.0.0.1:32768" }, "http://127.0.0.1:1"],
    [{ target: "redis://172.17.0.2:6379" }, "redis://127.0.0.1:1"],
    [{ target: "http://[fd00::2]:80" }, "http://127.0.0.1:1"],
    [{ targets: [{ url: "http://127.0.0.1:9" }, { url: "http://172.17.0.2:80" }] }, "http://127.0.0.1:1"],
    [{ target: "http://127.0.0.1:32769" }, "http://127.0.0.1:32769"],
    [{ target: "http://172.17.0.20:80" }, "http://172.17.0.20:80"],
  ])("%j of a service whose container does not run leads to %s", (section, target) => {
    expect(withoutTakenAddresses([offer(section)], [other], () => [])).toEqual([offer({ target })]);
    const paused: Container = { ...other, id: "b".repeat(64), state: "paused" };
    expect(withoutTakenAddresses([offer(section)], [paused], () => [paused])).toEqual([offer(section)]);
    expect(withoutTakenAddresses([offer(section)], [paused, other], () => [paused])).toEqual([offer({ target })]);
    // Its own container has it.
    expect(withoutTakenAddresses([offer(section)], [other], () => [other])).toEqual([offer(section)]);
    expect(withoutTakenAddresses([offer(section)], [{ ...other, state: "exited" }], () => [])).toEqual([
      offer(section),
    ]);
  });
});

describe("services of several containers", () => {
  const find = (here: readonly Container[], maxServices = 200) =>
    findOffers(here, here, {
      finder: new TargetFinder({ answers: async () => true }),
      last: () => undefined,
      maxServices,
      nowMs: 0,
    });
  const replica = (digit: string, given: Partial<Container> = {}) =>
    container({
      id: digit.repeat(64),
      name: `web-${digit}`,
      createdMs: Number(digit),
      labels: { "tenk.name": "web" },
      published: [published(80, 8000 + Number(digit))],
      ...given,
    });

  test("replicas are the targets of one service; those that do not run are left out", async () => {
    const { offers, problems, containersOf } = await find([
      replica("2"),
      replica("1"),
      replica("3", { state: "exited" }),
    ]);
    expect(offers).toEqual([
      {
        name: "web",
        container: "web-1",
        prefix: "tenk.",
        section: { targets: [{ url: "http://127.0.0.1:8001" }, { url: "http://127.0.0.1:8002" }] },
      },
    ]);
    expect([problems, containersOf.get("web")?.length]).toEqual([[], 3]);
  });

  test("of two with one name and other labels the older has it, and the other is refused by name", async () => {
    const { offers, problems } = await find([
      replica("1"),
      replica("2", { labels: { "tenk.name": "web", "tenk.strip": "true" } }),
    ]);
    expect(offers).toHaveLength(1);
    expect(problems).toEqual([
      { container: "web-2", reason: "container web-1 has a service web already, with other labels" },
    ]);
  });

  test("a container without a port, and one too many, are refused; the others are offered", async () => {
    const { offers, problems } = await find([
      replica("1", { labels: { "tenk.name": "one" } }),
      replica("2", { published: [], labels: { "tenk.name": "two" } }),
    ]);
    expect(offers.map(({ name }) => name)).toEqual(["one"]);
    expect(problems[0]!.reason).toContain("tenk.port: expected the port");
    const many = Array.from({ length: 9 }, (_, at) => replica(String(at + 1), { labels: { "tenk.name": `s${at}` } }));
    const few = await find(many, 5);
    expect([few.offers.length, few.problems.length]).toEqual([5, 1]);
    expect(few.problems[0]!.reason).toContain("raise containers.maxServices");
  });
});

test("after a start nothing is known of containers until their engines were asked; without an engine all is known", async () => {
  await using fake = new FakeEngine();
  await fake.start();
  fake.containers = [{ id: idOf("a"), name: "web", labels: { "tenk.port": "80" }, ports: { 80: [1] } }];
  const offered: string[] = [];
  const services = (socket: string[] | undefined) =>
    new ContainerServices({
      config: { grace: 0, maxServices: 10, socket },
      offered: new OfferedServices(async (offers) => void offered.push(...offers.map(({ name }) => name))),
      log: keptLog(),
      env: { DOCKER_HOST: `unix://${fake.folder}/none.sock` },
    });
  const none = services(undefined);
  none.start();
  expect(none.isDecided).toBe(true);
  none.stop();
  const some = services([fake.socket]);
  some.start();
  expect(some.isDecided).toBe(false);
  while (!some.isDecided) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(offered).toEqual(["web"]);
  some.stop();
});
