/**
 * Two network namespaces with two wires between them, as two machines that share two networks:
 *
 * ```text
 *   near: tenk's mDNS ── near0, 10.78.0.1, fd00:78:1::1 ── far0, 10.78.0.2, fd00:78:1::2 ── far: Debian's avahi
 *                     ── near1, 10.78.1.1, fd00:78:2::1 ── far1, 10.78.1.2, fd00:78:2::2 ──
 * ```
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Published } from "../../../src/dns/mdns/mod.ts";

/** For what must be seen in the end, on however busy a machine. */
const PATIENT_MS = 60_000;
const PROGRAMS = ["/usr/sbin/avahi-daemon", "/usr/bin/avahi-resolve", "/usr/bin/dbus-daemon", "/usr/bin/nsenter"];

/** Whether this machine can have them: it needs root, `ip`, and avahi. */
export function canHaveTwoMachines(): boolean {
  const isRoot = process.getuid?.() === 0;
  return isRoot && spawnSync("ip", ["-V"]).status === 0 && PROGRAMS.every((path) => existsSync(path));
}

export function ip(...words: string[]): void {
  const { status, stderr } = spawnSync("ip", words, { encoding: "utf8" });
  if (status !== 0) throw new Error(`ip ${words.join(" ")}: ${stderr}`);
}

/** Lines that a program has printed. */
export class Output {
  readonly lines: string[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(child: ChildProcess) {
    for (const stream of [child.stdout!, child.stderr!])
      createInterface(stream).on("line", (line) => {
        this.lines.push(line);
        for (const look of [...this.#waiting]) look();
      });
  }

  /** Waits for a line after the first `from` ones. */
  async line(pattern: RegExp, from = 0): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const look = () => {
      const found = this.lines.slice(from).find((line) => pattern.test(line));
      if (found !== undefined) resolve(found);
    };
    const timer = setTimeout(() => reject(new Error(`no ${pattern} in:\n${this.lines.join("\n")}`)), PATIENT_MS);
    this.#waiting.add(look);
    look();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(look);
    }
  }
}

/** A program in a namespace. */
export interface Running {
  readonly child: ChildProcess;
  readonly output: Output;
}

export class TwoMachines {
  readonly near = `tenk-mdns-near-${process.pid}`;
  readonly far = `tenk-mdns-far-${process.pid}`;
  readonly #folder = mkdtempSync(join(tmpdir(), "tenk-mdns-"));

  /** @param hasIpv6 without it the kernel has no addresses that it is not ready with, for which avahi would claim its name again */
  constructor(hasIpv6 = true) {
    for (const name of [this.near, this.far]) {
      ip("netns", "add", name);
      ip("-n", name, "link", "set", "lo", "up");
      // No two seconds before an address may be used.
      const settings = ["accept_dad=0", `disable_ipv6=${hasIpv6 ? 0 : 1}`];
      ip("netns", "exec", name, "sysctl", "-qw", ...settings.map((setting) => `net.ipv6.conf.default.${setting}`));
    }
    for (const index of [0, 1]) this.addWire(index, hasIpv6);
  }

  addWire(index: number, hasIpv6 = true): void {
    ip(
      "-n",
      this.near,
      "link",
      "add",
      `near${index}`,
      "type",
      "veth",
      "peer",
      "name",
      `far${index}`,
      "netns",
      this.far,
    );
    for (const [namespace, side, last] of [
      [this.near, "near", 1],
      [this.far, "far", 2],
    ] as const) {
      ip("-n", namespace, "addr", "add", `10.78.${index}.${last}/24`, "dev", `${side}${index}`);
      if (hasIpv6) ip("-n", namespace, "addr", "add", `fd00:78:${index + 1}::${last}/64`, "dev", `${side}${index}`);
      ip("-n", namespace, "link", "set", `${side}${index}`, "up");
    }
  }

  removeWire(index: number): void {
    ip("-n", this.near, "link", "del", `near${index}`);
  }

  /** Starts a program that has the port of mDNS for itself. */
  async greedy(): Promise<Running> {
    const script = `await Bun.udpSocket({ hostname: "::", port: 5353 }); console.log("greedy"); setInterval(() => {}, 1000)`;
    const running = this.#run(this.near, [process.execPath, "-e", script]);
    await running.output.line(/greedy/);
    return running;
  }

  /** Asks on the first network from a free port, as a program does that speaks only DNS. @returns who answers, from which port, and what */
  async askByDns(group: string, query: Uint8Array): Promise<[address: string, port: number, answer: Uint8Array]> {
    const isIpv6 = group.includes(":");
    const script = `const socket = await Bun.udpSocket({ hostname: "${isIpv6 ? "::" : "0.0.0.0"}", socket: {
      data(_, bytes, port, address) { console.log("answer", address.split("%")[0], port, bytes.toString("hex")); process.exit(); } } });
      ${isIpv6 ? "" : 'socket.setMulticastInterface("10.78.0.2");'}
      socket.send(Buffer.from("${Buffer.from(query).toString("hex")}", "hex"), 5353, "${group}${isIpv6 ? "%far0" : ""}")`;
    const { output } = this.#run(this.far, [process.execPath, "-e", script]);
    const [, address = "", port, answer = ""] = (await output.line(/^answer/)).split(" ");
    return [address, Number(port), new Uint8Array(Buffer.from(answer, "hex"))];
  }

  /** Starts tenk's mDNS. */
  async mdns(published: Published): Promise<Running> {
    const program = join(import.meta.dirname, "mdns-program.ts");
    const running = this.#run(this.near, [process.execPath, program, JSON.stringify(published)]);
    await running.output.line(/"ready"/);
    return running;
  }

  /** Starts the program, as its users do. @returns also its configuration's path */
  async tenk(config: string): Promise<Running & { readonly config: string }> {
    const path = join(this.#folder, "tenk.yaml");
    writeFileSync(path, config);
    const main = join(import.meta.dirname, "../../../src/main.ts");
    const running = this.#run(this.near, [process.execPath, main, "up", "--config", path]);
    await running.output.line(/ up tenk=/);
    return { ...running, config: path };
  }

  /** Starts avahi with a host name; each has a D-Bus of its own. */
  async avahi(host: string, namespace = this.far): Promise<Avahi> {
    const file = join(this.#folder, `${host}-${namespace}.conf`);
    writeFileSync(file, `[server]\nhost-name=${host}\nuse-ipv4=yes\nuse-ipv6=yes\n`);
    const daemon = `exec avahi-daemon -f ${file} --no-drop-root --no-chroot --no-rlimits`;
    const script = `mount -t tmpfs none /run && mkdir -p /run/dbus /run/avahi-daemon && dbus-daemon --system --fork && ${daemon}`;
    const running = this.#run(namespace, ["sh", "-c", script]);
    await running.output.line(/Server startup complete/);
    return new Avahi(running);
  }

  #run(namespace: string, words: string[]): Running {
    const child = spawn("ip", ["netns", "exec", namespace, ...words], { stdio: ["pipe", "pipe", "pipe"] });
    return { child, output: new Output(child) };
  }

  close(): void {
    for (const name of [this.near, this.far]) {
      const { stdout } = spawnSync("ip", ["netns", "pids", name], { encoding: "utf8" });
      for (const pid of stdout.split("\n").filter(Boolean)) spawnSync("kill", ["-9", pid]);
      spawnSync("ip", ["netns", "del", name]);
    }
    rmSync(this.#folder, { recursive: true });
  }
}

/** Debian's avahi, and its clients. */
export class Avahi {
  readonly output: Output;
  readonly #pid: number;

  constructor({ child, output }: Running) {
    this.output = output;
    this.#pid = child.pid!;
  }

  /** Returns what a client of avahi prints. */
  run(...words: string[]): Promise<string> {
    const child = spawn("nsenter", ["-t", String(this.#pid), "-m", "-n", ...words], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = new Output(child);
    return new Promise((resolve) => child.on("close", () => resolve(output.lines.join("\n"))));
  }

  /** Browses until the end: each service that comes and goes is a line. */
  browse(type: string): Output {
    return new Output(spawn("nsenter", ["-t", String(this.#pid), "-m", "-n", "avahi-browse", "-rp", type]));
  }
}
