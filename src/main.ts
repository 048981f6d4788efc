#!/usr/bin/env bun
import { run } from "./cli/mod.ts";

/** Floor 6: the process's arguments into an exit code. */
process.exitCode = await run(process.argv.slice(2));
