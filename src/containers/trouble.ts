import type { Container } from "./container.ts";

/**
 * Returns why a container serves nothing, in words for people, such as `container web exited with 137: out of memory (docker logs web)`;
 * undefined where the engine sees nothing wrong.
 */
export function containerTrouble(container: Container): string | undefined {
  const { name, state, exitCode, health, healthText, restarts } = container;
  const who = `container ${name}`;
  const logs = `docker logs ${name}`;
  if (state === "paused") return `${who} is paused: docker unpause ${name}`;
  if (state === "created") return `${who} was created and never started: docker start ${name}`;
  if (state === "removing") return `${who} is being removed`;
  if (state === "restarting")
    return `${who} exits with ${exitCode ?? "an error"} again and again${times(restarts)}: ${logs}`;
  if (state === "exited" || state === "dead") return `${who} ${exitWords(container)} (${logs})`;
  if (health === "unhealthy")
    return `${who} fails its own health check${healthText === undefined ? "" : ` (it says: ${healthText})`}: ${logs}`;
  return undefined;
}

/** Exit codes of a shell and of the kernel: 128 and the number of the signal. */
const EXITS: Readonly<Record<number, string>> = {
  125: "the engine could not start it",
  126: "its command cannot be executed",
  127: "its command was not found",
  134: "it aborted (SIGABRT)",
  137: "killed (SIGKILL)",
  139: "it crashed (SIGSEGV)",
  143: "stopped (SIGTERM)",
};

function exitWords({ exitCode, isOutOfMemory }: Container): string {
  if (exitCode === undefined) return "is not running";
  const why = isOutOfMemory ? "out of memory" : EXITS[exitCode];
  return `exited with ${exitCode}${why === undefined ? "" : `: ${why}`}`;
}

function times(restarts: number): string {
  return restarts > 1 ? `, ${restarts} times` : "";
}
