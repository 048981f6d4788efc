import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  MANIFEST,
  Machine,
  type Plan,
  planInstall,
  planUninstall,
  readManifest,
  takeSteps,
  type WantedInstall,
} from "../../src/systemd/mod.ts";

const PASSWD = "root:x:0:0:root:/root:/bin/sh\n";

let root: string;
let machine: Machine;
let ran: string[];
let isActive: boolean;
let failing: string | undefined;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tenk-root-"));
  for (const folder of [
    "etc/systemd/system",
    "etc/sysctl.d",
    "usr/local/bin",
    "usr/local/share",
    "proc/sys/net/ipv4",
    "var/lib",
  ])
    mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, "etc/passwd"), PASSWD);
  writeFileSync(join(root, "proc/sys/net/ipv4/ping_group_range"), "1\t0\n");
  program("the program");
  ran = [];
  isActive = false;
  failing = undefined;
  machine = new Machine(root, (words) => {
    const line = words.join(" ");
    ran.push(line);
    if (failing !== undefined && line.startsWith(failing)) return { status: 1, output: "it does not work\n" };
    const [program, verb] = words;
    const id = `${process.getuid?.()}:${process.getgid?.()}`;
    if (program === "useradd") appendFileSync(join(root, "etc/passwd"), `tenk:x:${id}:tenk:/var/lib/tenk:/bin/false\n`);
    if (program === "userdel") writeFileSync(join(root, "etc/passwd"), PASSWD);
    if (verb === "is-active") return { status: isActive ? 0 : 3, output: "" };
    if (verb === "start") isActive = true;
    if (verb === "stop") isActive = false;
    return { status: 0, output: "" };
  });
});
afterEach(() => rmSync(root, { recursive: true }));

const wanted: WantedInstall = {
  program: undefined,
  config: {
    path: "/etc/tenk/tenk.yaml",
    mode: 0o640,
    content: "version: 1\n",
    about: "a configuration",
    isUsers: true,
  },
  serviceUnit: "[Service]\n",
  socketUnit: "[Socket]\n",
  completions: [
    {
      path: "/usr/local/share/fish/vendor_completions.d/tenk.fish",
      mode: 0o644,
      content: "complete\n",
      about: "completion",
    },
  ],
};
const program = (content: string) => {
  const copyOf = join(root, content);
  writeFileSync(copyOf, content);
  return { path: "/usr/local/bin/tenk", mode: 0o755, content: { copyOf }, about: "" };
};
const plan = (changes: Partial<WantedInstall> = {}) =>
  planInstall({ ...wanted, program: program("the program"), ...changes }, machine, readManifest(machine));
const texts = ({ steps }: Plan) => steps.map(({ text }) => text);
const install = (changes: Partial<WantedInstall> = {}) => takeSteps(plan(changes).steps, machine);
const uninstall = (purges = false) => {
  const planned = planUninstall(machine, readManifest(machine), { purges });
  takeSteps(planned.steps, machine);
  return planned;
};
const tree = () => readdirSync(root, { recursive: true }).map(String).sort();
const file = (path: string) => join(root, path);

describe("an installation", () => {
  test("changes nothing until its steps are taken", () => {
    const before = tree();
    expect(texts(plan())).toContain("create the system user and group tenk, without a login");
    expect(tree()).toEqual(before);
    expect(ran.filter((line) => !line.includes("is-active"))).toEqual([]);
  });

  test("makes what is missing, and then there is nothing to do", () => {
    install();
    expect(readFileSync(file("usr/local/bin/tenk"), "utf8")).toBe("the program");
    expect(statSync(file("usr/local/bin/tenk")).mode & 0o777).toBe(0o755);
    expect(statSync(file("etc/tenk/tenk.yaml")).mode & 0o777).toBe(0o640);
    expect(statSync(file("var/lib/tenk")).mode & 0o777).toBe(0o700);
    expect(readFileSync(file("proc/sys/net/ipv4/ping_group_range"), "utf8")).toBe("0 2147483647");
    expect(ran.filter((line) => line.startsWith("systemctl"))).toEqual([
      "systemctl is-active --quiet tenk.service",
      "systemctl daemon-reload",
      "systemctl --quiet enable tenk.service",
      "systemctl --quiet enable tenk.socket",
      "systemctl start tenk.socket tenk.service",
    ]);
    expect(plan()).toEqual({ steps: [], kept: [] });
  });

  test("is taken back to the last file, with the data by --purge", () => {
    const before = tree();
    install();
    writeFileSync(file("var/lib/tenk/token"), "secret");
    writeFileSync(file("usr/local/bin/tenk.previous"), "of an upgrade");
    uninstall(true);
    expect(tree()).toEqual(before);
    expect(readFileSync(file("etc/passwd"), "utf8")).toBe(PASSWD);
    expect(readFileSync(file("proc/sys/net/ipv4/ping_group_range"), "utf8")).toBe("1\t0");
  });

  test("leaves data and their owner without --purge, which takes them later", () => {
    const before = tree();
    install();
    writeFileSync(file("var/lib/tenk/token"), "secret");
    expect(uninstall().kept).toEqual(
      ["user tenk, whose data it is", "/var/lib/tenk, the data: --purge removes it"].toReversed(),
    );
    expect(existsSync(file("var/lib/tenk/token"))).toBe(true);
    expect(existsSync(file("usr/local/bin/tenk"))).toBe(false);
    uninstall(true);
    expect(tree()).toEqual(before);
  });

  test("leaves alone what was there before, and takes it back no more than that", () => {
    writeFileSync(file("etc/systemd/system/tenk.service"), "mine");
    mkdirSync(file("etc/tenk"));
    writeFileSync(file("etc/tenk/tenk.yaml"), "mine");
    writeFileSync(file("etc/passwd"), `${PASSWD}tenk:x:${process.getuid?.()}:${process.getgid?.()}::/:/bin/sh\n`);
    expect(plan().kept).toEqual([
      "user tenk: it was there before",
      "/etc/tenk/tenk.yaml: it was there before",
      "/etc/systemd/system/tenk.service: it was there before",
    ]);
    install();
    uninstall(true);
    expect(readFileSync(file("etc/systemd/system/tenk.service"), "utf8")).toBe("mine");
    expect(readFileSync(file("etc/tenk/tenk.yaml"), "utf8")).toBe("mine");
    expect(readFileSync(file("etc/passwd"), "utf8")).toContain("tenk:");
  });

  test("leaves alone what the user has changed since, also when it is taken back", () => {
    install();
    writeFileSync(file("etc/systemd/system/tenk.service"), "changed");
    writeFileSync(file("etc/tenk/tenk.yaml"), "version: 1\n# changed\n");
    expect(plan({ serviceUnit: "[Service]\n# of a newer version\n" }).kept).toEqual([
      "/etc/systemd/system/tenk.service: it was changed since",
    ]);
    expect(texts(uninstall(true))).toContain("leave /etc/tenk/tenk.yaml: it was changed since");
    expect(existsSync(file("etc/tenk/tenk.yaml"))).toBe(true);
    expect(existsSync(file(MANIFEST))).toBe(false);
  });

  test("refuses to replace a program that it did not bring", () => {
    writeFileSync(file("usr/local/bin/tenk"), "another tenk");
    expect(plan).toThrow("/usr/local/bin/tenk is there, and tenk install did not bring it");
  });

  test.each<[string, () => Partial<WantedInstall>, string[]]>([
    ["a newer program", () => ({ program: program("newer") }), ["systemctl restart tenk.service"]],
    [
      "another service unit",
      () => ({ serviceUnit: "[Service]\n#\n" }),
      ["systemctl daemon-reload", "systemctl restart tenk.service"],
    ],
    [
      "other addresses",
      () => ({ socketUnit: "[Socket]\n#\n" }),
      [
        "systemctl daemon-reload",
        "systemctl stop tenk.socket tenk.service",
        "systemctl start tenk.socket tenk.service",
      ],
    ],
    [
      "no address that systemd can hold",
      () => ({ socketUnit: undefined }),
      [
        "systemctl disable --now tenk.socket",
        "systemctl daemon-reload",
        "systemctl stop tenk.service",
        "systemctl start tenk.service",
      ],
    ],
    ["nothing new", () => ({}), []],
  ])("with %s does what that needs", (_, changes, expected) => {
    install();
    ran = [];
    install(changes());
    expect(ran.filter((line) => line.startsWith("systemctl") && !line.includes("is-active"))).toEqual(expected);
  });

  test("that fails says in which step, and what it made can be taken back", () => {
    const before = tree();
    failing = "systemctl daemon-reload";
    expect(() => install()).toThrow(
      "Cannot have systemd read its units again: systemctl daemon-reload failed: it does not work",
    );
    failing = undefined;
    uninstall(true);
    expect(tree()).toEqual(before);
  });

  test("lets a kernel that permits pings be", () => {
    writeFileSync(file("proc/sys/net/ipv4/ping_group_range"), "0\t1000\n");
    expect(texts(plan()).join()).not.toContain("ping");
  });
});
