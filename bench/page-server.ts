import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildGo, product, settingsFile } from "./build.ts";
import { freePort } from "./free-port.ts";
import { answers, isInstalled, start } from "./process.ts";
import { TLS_FILES } from "./proxies.ts";

const FOLDER = product("pages");
const START_MS = 20_000;

/** A page of 100 bytes, and one that costs a server more to compress than any generator to read. */
const PAGES = { small: "x".repeat(100), text: text(24_000) } as const;
export const COMPRESSED = ["-H", "Accept-Encoding: gzip"] as const;

/** A web server with files, on one processor. */
export interface PageServer {
  readonly url: string;
  /** Only nginx has it. */
  readonly tlsUrl: string;
  /** Answers so far; only nginx counts them. */
  requests(): Promise<number>;
  stop(): Promise<void>;
}

export function makePages(): void {
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, content] of Object.entries(PAGES)) writeFileSync(join(FOLDER, `${name}.txt`), content);
}

/** Returns what prevents it. */
export function preparePageServer(name: "nginx" | "caddy"): string | undefined {
  if (name === "caddy") return buildGo("caddy", "caddy-peer");
  return isInstalled("nginx") ? undefined : "nginx is not installed (apt-get install nginx-light)";
}

export async function startPageServer(name: "nginx" | "caddy", processor: number | undefined): Promise<PageServer> {
  const [port, tlsPort] = [await freePort(), await freePort()];
  const server = start(name === "nginx" ? nginx(port, tlsPort) : caddy(port), processor);
  if (!(await answers(port, START_MS))) {
    await server.stop();
    throw new Error(`${name} did not listen: ${server.complaint().slice(-300)}`);
  }
  return {
    ...{ url: `http://127.0.0.1:${port}/`, tlsUrl: `https://127.0.0.1:${tlsPort}/` },
    requests: () => countOfNginx(port),
    stop: () => server.stop(),
  };
}

async function countOfNginx(port: number): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${port}/status`)).text();
  return Number(/^\s*\d+ \d+ (\d+)/m.exec(page)?.[1]);
}

function nginx(port: number, tlsPort: number): string[] {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `  ${kind}_temp_path ${join(FOLDER, `nginx-${kind}`)};`,
  );
  const text = `daemon off;
worker_processes 1;
pid ${join(FOLDER, `${port}.pid`)};
error_log stderr error;
events { worker_connections 20000; }
http {
  access_log off;
${temporary.join("\n")}
  keepalive_requests 1000000000;
  types { text/plain txt; }
  gzip on;
  gzip_types text/plain;
  server {
    listen 127.0.0.1:${port};
    listen 127.0.0.1:${tlsPort} ssl;
    ssl_certificate ${TLS_FILES.cert};
    ssl_certificate_key ${TLS_FILES.key};
    root ${FOLDER};
    location /status { stub_status; }
  }
}
`;
  return ["nginx", "-e", "stderr", "-c", settingsFile(port, "pages-nginx.conf", text)];
}

function caddy(port: number): string[] {
  const text = `{
	admin off
}
http://127.0.0.1:${port} {
	bind 127.0.0.1
	root ${FOLDER}
	encode gzip
	file_server
}
`;
  return [
    ...["env", `HOME=${FOLDER}`, product("caddy-peer"), "run", "--adapter", "caddyfile", "--config"],
    settingsFile(port, "pages.Caddyfile", text),
  ];
}

/** Text of words in no order: it compresses to about a third, as a page does. */
function text(bytes: number): string {
  const words = [
    "connection",
    "request",
    "answer",
    "of",
    "the",
    "a",
    "server",
    "waits",
    "until",
    "sends",
    "and",
    "time",
  ];
  let made = "";
  for (let state = 1; made.length < bytes; ) {
    state = (state * 48_271) % 2_147_483_647;
    made += `${words[state % words.length]}${state % 7 === 0 ? state : ""} `;
  }
  return made.slice(0, bytes);
}
