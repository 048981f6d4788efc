import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { createServer } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { type Log, messageOf, systemCodeOf } from "../../base/mod.ts";

/** A name that no other running instance has. */
export interface InstanceName {
  readonly name: string;
  /** Lets another instance of the same folder take it. */
  release(): void;
}

const SHAPE = /^[0-9a-f]{8}$/;
/** Further instances that use the same data folder are named at random. */
const MAX_SHARING = 9;

/**
 * Claims a name that is unique among all instances that push to one receiver: the host's name, which several machines may share,
 * and a random id. The id is kept in the data folder, so that series continue after a restart. A second instance with the same
 * folder gets a number appended: `raspberrypi-3f9a1c2e`, `raspberrypi-3f9a1c2e-2`.
 *
 * @param folder undefined when nothing is kept: then each start has another name
 */
export async function claimInstanceName(folder: string | undefined, log: Log): Promise<InstanceName> {
  const id = folder === undefined ? newId() : keptId(folder, log);
  for (let number = 1; number <= MAX_SHARING; number++) {
    const own = number === 1 ? id : `${id}-${number}`;
    const release = await claim(own);
    if (release !== undefined) return { name: `${hostname()}-${own}`, release };
  }
  return { name: `${hostname()}-${newId()}`, release: () => undefined };
}

function newId(): string {
  return randomBytes(4).toString("hex");
}

/** Reads the id, or writes a new one. Of two processes that start at once, one writes it and the other reads it. */
function keptId(folder: string, log: Log): string {
  const file = join(folder, "instance");
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (let tries = 0; tries < 3; tries++) {
      const known = readId(file);
      if (known !== undefined) return known;
      writeNew(file, newId());
    }
    throw new Error("it holds no id of eight hexadecimal digits: delete it");
  } catch (error) {
    log.warn("instance id not saved, each start begins new series", { file, error: messageOf(error) });
    return newId();
  }
}

function readId(file: string): string | undefined {
  try {
    const text = readFileSync(file, "latin1").trim();
    return SHAPE.test(text) ? text : undefined;
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function writeNew(file: string, id: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(file, "wx", 0o600);
  } catch (error) {
    if (systemCodeOf(error) === "EEXIST") return;
    throw error;
  }
  try {
    writeSync(descriptor, `${id}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Claims an id by an abstract Unix socket, which the kernel removes however the process ends. */
function claim(id: string): Promise<(() => void) | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    // A system without abstract sockets cannot tell two instances apart.
    server.once("error", (error) => resolve(systemCodeOf(error) === "EADDRINUSE" ? undefined : () => undefined));
    server.listen({ path: `\0tenk-instance-${id}` }, () => resolve(() => void server.close()));
  });
}
