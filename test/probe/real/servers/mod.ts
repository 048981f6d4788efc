import type { RealServer } from "../server.ts";
import { DATABASES } from "./databases.ts";
import { HOUSE } from "./house.ts";
import { MESSAGES } from "./messages.ts";
import { WEB } from "./web.ts";

/** Every server of the box. Two never have one port. */
export const SERVERS: readonly RealServer[] = [...DATABASES, ...WEB, ...MESSAGES, ...HOUSE];
