#!/usr/bin/env bun
import { run } from "./cli/mod.ts";

/** Layer 7: turns the process's arguments into its exit code. */
process.exitCode = await run(process.argv.slice(2));
