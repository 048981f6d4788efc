import { systemCodeOf } from "../../base/mod.ts";
import { type Container, ContainerEngine, containerTrouble, engineSockets } from "../../containers/mod.ts";
import type { Outcome } from "../health/mod.ts";
import { causeCodeOf, failureWords } from "./words.ts";

export interface ContainerCheck {
  /** Its name or ID. */
  readonly container: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Of engines, in the order in which they are asked. @default {those of this machine} */
  readonly sockets?: () => readonly string[];
}

/** Asks the container engine for the state of a container and of its own health check. */
export async function checkContainer(check: ContainerCheck): Promise<Outcome> {
  const { container, timeoutMs, signal, sockets = socketsOfMachine } = check;
  let outcome: Outcome = { result: "unknown", facts: {}, reason: NO_ENGINE };
  for (const socket of sockets()) {
    const engine = new ContainerEngine({ socket, timeoutMs });
    try {
      const found = await engine.inspect(container, signal);
      if (found !== undefined) return outcomeOf(found);
      outcome = { result: "down", facts: {}, reason: `there is no container ${container}: see docker ps -a` };
    } catch (error) {
      // Of several engines, one that answers says more than one that does not.
      if (outcome.result === "unknown") outcome = failure(error, socket, timeoutMs);
    }
  }
  return outcome;
}

const NO_ENGINE = "this machine has no container engine: there is no socket such as /var/run/docker.sock";

function outcomeOf(container: Container): Outcome {
  const facts = { version: container.image };
  const trouble = containerTrouble(container);
  if (trouble !== undefined) return { result: "down", facts, reason: trouble };
  if (container.health === "starting")
    return { result: "starting", facts, reason: "its health check has not passed yet" };
  return { result: "up", facts };
}

function socketsOfMachine(): string[] {
  const { DOCKER_HOST, XDG_RUNTIME_DIR } = process.env;
  return engineSockets({ DOCKER_HOST, XDG_RUNTIME_DIR });
}

/** An engine that does not run has no containers that do; one that does not talk to us may have. */
function failure(error: unknown, socket: string, timeoutMs: number): Outcome {
  const code = systemCodeOf(error) ?? causeCodeOf(error);
  if (code !== "EACCES") return { result: "down", facts: {}, reason: failureWords(error, socket, timeoutMs) };
  const fix = "add its user to the group of that socket: usermod -aG docker USER";
  return { result: "unknown", facts: {}, reason: `tenk may not ask the container engine at ${socket}; ${fix}` };
}
