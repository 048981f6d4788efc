import { z } from "zod";
import { TenkError } from "../../base/mod.ts";
import type { JsonRoutes } from "../../part/mod.ts";
import { parseName } from "../../wire/dns/mod.ts";
import { formatIp, parseIp } from "../../wire/mod.ts";
import { type DnsServer, MAX_PAUSE_MS } from "../server/mod.ts";
import { blockingView } from "./status.ts";
import { whyRoute } from "./why-route.ts";

const name = z.string().transform((text, context) => {
  const plain = text.toLowerCase().replace(/\.$/, "");
  // What a rule of adblock syntax can name.
  if (/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(plain) && parseName(plain) !== undefined) return plain;
  context.addIssue({ code: "custom", message: "expected a host name such as ads.example.org" });
  return z.NEVER;
});
const RULE = z.strictObject({ name, action: z.enum(["allow", "block", "remove"]) });
const client = z.string().transform((text, context) => {
  const ip = parseIp(text);
  if (ip !== undefined) return formatIp(ip).replace(/^::ffff:(?=\d+\.)/, "");
  context.addIssue({ code: "custom", message: "expected an address such as 192.168.1.20" });
  return z.NEVER;
});
/** Without a client it is for all. */
const PAUSE = z.strictObject({ pauseMs: z.number().int().min(0).max(MAX_PAUSE_MS), client: client.optional() });

/**
 * `/api/dns/shared`: what name servers that follow this one take over.
 * `/api/dns/rules`: names that are allowed or blocked by a click.
 * `/api/dns/blocking`: pauses blocking, and resumes it.
 */
export function dnsRoutes(server: DnsServer): JsonRoutes {
  const { lists, pause } = server;
  const rules = async () => ({ file: lists.clickedPath, rules: await lists.clickedRules() });
  const blocking = () => blockingView(server);
  return {
    ...server.log.routes,
    shared: { get: () => server.shared() },
    why: whyRoute(server),
    rules: {
      get: rules,
      async post(body) {
        const { follow } = server.settings.config;
        if (follow !== undefined)
          throw new TenkError("usage", `This name server follows ${follow.url}: allow and block names there`);
        const { name, action } = parsed(RULE, body);
        await lists.click(name, action);
        return rules();
      },
    },
    blocking: {
      get: blocking,
      post(body) {
        const { pauseMs, client } = parsed(PAUSE, body);
        if (client === undefined) pause.set(pauseMs);
        else server.houseClients.pause(client, pauseMs);
        return blocking();
      },
    },
  };
}

function parsed<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const { data, error } = schema.safeParse(body);
  if (error === undefined) return data;
  const [issue] = error.issues;
  const at = issue!.path.join(".");
  throw new TenkError("usage", at === "" ? issue!.message : `${at}: ${issue!.message}`);
}
