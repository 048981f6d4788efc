import { isOneFile, type Log, TenkError } from "../base/mod.ts";
import { inheritedAtPort, isInherited } from "../net/mod.ts";
import { type Address, formatAddress, holderText, logPortInUse, type PortHolder, portHolder } from "../part/mod.ts";

/** Where a listener may listen. */
export interface Choice {
  /** Of the listener, for errors and the log. */
  readonly name: string;
  readonly host: string;
  /** The first that can be had is taken; 0 stands for any free one. */
  readonly ports: readonly number[];
  /** The setting that names another port, as people write it: `proxy.https`. @default {"another port"} */
  readonly setting?: string;
  /** Whether a process that has the port for UDP alone is in the way too. @default {"tcp"} */
  readonly transport?: "tcp" | "tcp or udp";
  /** Returns what makes a program release the port. @default {"stop …"} */
  readonly fixOf?: (holder: PortHolder) => string;
  readonly log: Log;
}

/** A port that could not be had. */
interface Missed {
  readonly port: number;
  readonly error: TenkError;
  /** Undefined where the port is not in use, or its holder cannot be found. */
  readonly holder: PortHolder | undefined;
}

/**
 * Listens at the first of several ports that is neither in use nor reserved for privileged programs, and logs for each before
 * it who holds it, what was taken instead and how to fix that.
 *
 * ```text
 *   443  in use ───────► who holds it? ─┐
 *   8443 not permitted ─► which right? ─┤ one log line each, once a port is open
 *   0    opened ◄───────────────────────┘
 * ```
 *
 * @param open what `listen` of `net` does at a port
 * @throws {TenkError} `port-in-use` naming the holder, or `permission-denied` with the fix, of the first port; what `open` throws
 */
export async function listenAtFirst<Opened extends { readonly port: number }>(
  { name, host, ports, setting = "another port", transport = "tcp", fixOf = stopping, log }: Choice,
  open: (port: number) => Promise<Opened>,
): Promise<Opened> {
  const missed: Missed[] = [];
  for (const port of inheritedFirst(host, ports)) {
    try {
      const opened = await open(port);
      for (const each of missed) logMissed(log, { name, setting, transport, instead: opened.port, fixOf }, each);
      return opened;
    } catch (error) {
      if (!(error instanceof TenkError) || !isAboutPort(error)) throw error;
      missed.push({
        port,
        error,
        holder: error.code === "port-in-use" ? await portHolder(port, transport) : undefined,
      });
    }
  }
  const first = missed[0]!;
  throw explained({ name, transport }, { host, port: first.port }, first);
}

/** Returns the error of a Unix socket or a port that is in use, for people. */
export function inUse(name: string, address: Address, holder: PortHolder | undefined, cause: TenkError): TenkError {
  const choice = `choose another ${"port" in address ? "port" : "path"}`;
  const by = holder ? ` by ${holderText(holder)}` : "";
  return new TenkError("port-in-use", `Cannot listen on ${formatAddress(address)} for "${name}": it is in use${by}`, {
    cause,
    hint: holder ? `stop it or ${choice}` : choice,
  });
}

/** What the process before had taken instead of the first is kept: its clients wait there. */
function inheritedFirst(host: string, ports: readonly number[]): number[] {
  const inherited = ports.filter((port) => isInherited("tcp", { host, port }));
  return [...inherited, ...ports.filter((port) => !inherited.includes(port))];
}

function stopping({ program }: PortHolder): string {
  return `stop ${program}`;
}

function isAboutPort({ code }: TenkError): boolean {
  return code === "port-in-use" || code === "permission-denied";
}

function explained(
  { name, transport }: Required<Pick<Choice, "name" | "transport">>,
  address: { host: string; port: number },
  { error, holder }: Missed,
): TenkError {
  const inherited = inheritedAtPort(address.port, transport);
  if (error.code === "port-in-use" && inherited !== undefined)
    return new TenkError(
      "port-in-use",
      `Cannot listen on ${formatAddress(address)} for "${name}": the inherited socket ${inherited} has the port`,
      {
        cause: error,
        hint: "the listener and ListenStream= or ListenDatagram= of the .socket unit need the same address",
      },
    );
  if (error.code === "port-in-use") return inUse(name, address, holder, error);
  return new TenkError("permission-denied", `Cannot listen on ${formatAddress(address)} for "${name}": not permitted`, {
    cause: error,
    hint: privilegeFix(address.port),
  });
}

function logMissed(
  log: Log,
  {
    name,
    setting,
    transport,
    instead,
    fixOf,
  }: Required<Pick<Choice, "name" | "setting" | "transport" | "fixOf">> & { readonly instead: number },
  { port, error, holder }: Missed,
): void {
  if (error.code === "permission-denied") {
    log.warn("port not permitted, listening elsewhere", { name, port, instead, fix: privilegeFix(port) });
    return;
  }
  const inherited = inheritedAtPort(port, transport);
  if (inherited !== undefined) {
    const fix = `set ${setting} to that address, or ListenStream= in the .socket unit to this listener's`;
    log.warn("inherited socket has the port at another address, listening elsewhere", {
      name,
      port,
      inherited,
      instead,
      fix,
    });
    return;
  }
  const fix = holder === undefined ? `find its holder: sudo ss -lntup "sport = :${port}"` : fixOf(holder);
  logPortInUse(log, { name, port, holder, instead, fix: `${fix}, or set ${setting}` });
}

/** How this program was started, as far as its rights depend on it. */
interface Circumstances {
  /** Started by systemd. */
  readonly isService: boolean;
  /** The executable is tenk's own and no runtime that runs other programs too. */
  readonly isOneFile: boolean;
  readonly executable: string;
}

/**
 * Returns what gives this program the right to a port below `net.ipv4.ip_unprivileged_port_start` (usually 1024).
 *
 * @example
 * privilegeFix(80, { isService: false, isOneFile: false, executable: "/usr/bin/bun" }); // "sudo sysctl net.ipv4.ip_unprivileged_port_start=80"
 */
export function privilegeFix(port: number, circumstances: Circumstances = ours()): string {
  const { isService, isOneFile, executable } = circumstances;
  if (isService) return "AmbientCapabilities=CAP_NET_BIND_SERVICE in the [Service] section of its systemd unit";
  const sysctl = `sudo sysctl net.ipv4.ip_unprivileged_port_start=${port}`;
  // A right of the runtime would be one of every program that it runs.
  return isOneFile ? `sudo setcap cap_net_bind_service=+ep ${executable}, or ${sysctl}` : sysctl;
}

function ours(): Circumstances {
  return { isService: "INVOCATION_ID" in process.env, isOneFile: isOneFile(), executable: process.execPath };
}
