import { join } from "node:path";
import type { TlsFiles } from "./proxies.ts";

/** What the settings of each proxy are made of. All do the same: log each request, forward, and answer `/static` themselves. */
export interface HttpSettings {
  readonly port: number;
  readonly tlsPort: number;
  readonly backendPort: number;
  /** A worker for each processor, instead of one. */
  readonly isSpread: boolean;
  readonly tls: TlsFiles;
  /** For logs and data. */
  readonly folder: string;
}

/** Enough connections kept to the target, and requests on a connection, that neither is what is measured. */
const KEPT = 128;
const REQUESTS = 1_000_000_000;

/** Where a proxy logs its requests. */
export function accessLog({ folder, port }: Pick<HttpSettings, "folder" | "port">): string {
  return join(folder, `${port}-access.log`);
}

/** tenk's configuration. Its certificate is its local CA's, ECDSA on P-256 as the others'. */
export function tenkHttp(settings: HttpSettings) {
  const { port, tlsPort, backendPort, isSpread, folder } = settings;
  const hosts = ["localhost", "127.0.0.1"];
  const body = "{time.now}\n{system.os}/{system.arch}\n{http.request.proto} {http.request.method} {http.request.uri}\n";
  return {
    proxy: {
      https: `127.0.0.1:${tlsPort}`,
      http: `127.0.0.1:${port}`,
      workers: isSpread ? "auto" : 1,
      // In the format that it has by default; not rotated, as the others' is not.
      accessLog: { file: accessLog(settings), maxSize: 0 },
    },
    services: {
      app: { target: `http://127.0.0.1:${backendPort}`, hosts, plainHttp: "serve" },
      static: { respond: body, hosts, path: "/static", plainHttp: "serve" },
    },
    // At least one listener is needed.
    tcp: { unused: { listen: "127.0.0.1:0" } },
    dashboard: { listen: "127.0.0.1:0" },
    data: { folder: join(folder, `${port}-tenk`) },
    log: { level: "error" },
  };
}

/** @param hasBuffers two of 64 KB for an answer: with its own of 4 KB an answer of 100 KB takes many small reads */
export function nginxHttp(settings: HttpSettings, hasBuffers = false): string {
  const { port, tlsPort, backendPort, isSpread, tls, folder } = settings;
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `  ${name}_temp_path ${join(folder, `${port}-nginx-${name}`)};`,
  );
  return `daemon off;
worker_processes ${isSpread ? "auto" : 1};
worker_rlimit_nofile 20000;
pid ${join(folder, `${port}-nginx.pid`)};
error_log stderr error;
events { worker_connections 20000; }
http {
  access_log ${accessLog(settings)};
${temporary.join("\n")}
  keepalive_requests ${REQUESTS};
  upstream app { server 127.0.0.1:${backendPort}; keepalive ${KEPT}; keepalive_requests ${REQUESTS}; }
  server {
    listen 127.0.0.1:${port};
    listen 127.0.0.1:${tlsPort} ssl http2;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate ${tls.cert};
    ssl_certificate_key ${tls.key};
    client_max_body_size 0;
    location /static {
      default_type text/plain;
      return 200 "$time_iso8601\\nlinux/amd64\\n$server_protocol $request_method $request_uri\\n";
    }
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;${hasBuffers ? "\n      proxy_buffers 16 64k;\n      proxy_buffer_size 64k;\n      proxy_busy_buffers_size 128k;" : ""}
    }
    location /events { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }
  }
}
`;
}

export function haproxyHttp({ port, tlsPort, backendPort, isSpread, tls }: HttpSettings): string {
  return `global
${isSpread ? "" : "  nbthread 1\n"}  maxconn 9000
  log stdout format raw local0
defaults
  mode http
  log global
  option httplog
  option forwardfor
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout http-keep-alive 300s
frontend in
  bind 127.0.0.1:${port}
  bind 127.0.0.1:${tlsPort} ssl crt ${tls.both} alpn h2,http/1.1
  http-request set-header X-Forwarded-Proto https if { ssl_fc }
  http-request return status 200 content-type text/plain lf-string "%[date,http_date]\\nlinux/amd64\\nHTTP/%[req.ver] %[method] %[pathq]\\n" if { path_beg /static }
  default_backend out
backend out
  server one 127.0.0.1:${backendPort}
`;
}

export function caddyfile(settings: HttpSettings): string {
  const { port, tlsPort, backendPort, tls } = settings;
  const hosts = ["localhost", "127.0.0.1"];
  const site = (
    scheme: string,
    at: number,
    more: string,
  ) => `${hosts.map((host) => `${scheme}://${host}:${at}`).join(", ")} {
	bind 127.0.0.1${more}
	import same
}
`;
  return `{
	admin off
	auto_https off
}
(same) {
	log {
		output file ${accessLog(settings)} {
			roll_disabled
		}
	}
	respond /static* "{time.now}
{system.os}/{system.arch}
{http.request.proto} {http.request.method} {http.request.uri}
"
	reverse_proxy 127.0.0.1:${backendPort}
}
${site("http", port, "")}${site("https", tlsPort, `\n\ttls ${tls.cert} ${tls.key}`)}`;
}
