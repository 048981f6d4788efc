import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { createServer } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { type Log, messageOf, systemCodeOf } from "../../base/mod.ts";

/** A name that no other running box has. */
export interface InstanceName {
  readonly name: string;
  /** Another box of the same folder may have it from now on. */
  release(): void;
}

const SHAPE = /^[0-9a-f]{8}$/;
/** Boxes that use one data folder at a time; further ones are named at random. */
const MAX_SHARING = 9;

/**
 * The name of a box among all that push to one receiver: its host's name, which many boxes may share, and a random id that is
 * kept in its data folder, so that its series go on after a restart. A second box that uses the same folder at the same time is
 * told apart by a number: `raspberrypi-3f9a1c2e`, `raspberrypi-3f9a1c2e-2`.
 *
 * @param folder undefined where nothing is kept: then it is another name at each start
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

/** The first of two programs that begin at once writes it; the other one reads it. */
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
    log.warn("instance id not kept, series begin anew with every start", { file, error: messageOf(error) });
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

/** A name of the kernel's (an abstract Unix socket), which ends with the process however that ends. */
function claim(id: string): Promise<(() => void) | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    // Where the system has no such names, one box is all that can be hoped for.
    server.once("error", (error) => resolve(systemCodeOf(error) === "EADDRINUSE" ? undefined : () => undefined));
    server.listen({ path: `\0tenk-instance-${id}` }, () => resolve(() => void server.close()));
  });
}
