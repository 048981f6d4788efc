#!/usr/bin/env bun
/**
 * Layer 8: turns the process's arguments into its exit code.
 *
 * A health check runs twice a minute in a container whose memory is counted: it loads nothing but itself.
 */
const [command, ...rest] = process.argv.slice(2);
if (command === "health" && !rest.includes("--help"))
  process.exit(await (await import("./health/mod.ts")).health(rest));
process.exitCode = await (await import("./cli/mod.ts")).run(process.argv.slice(2));

export {};
