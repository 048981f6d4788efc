import type { RealServer } from "../server.ts";

export const WEB: readonly RealServer[] = [
  {
    name: "nginx",
    target: "http://127.0.0.1:80",
    program: "/usr/sbin/nginx",
    from: "nginx-light",
    prepare: ({ folder, write }) =>
      write(
        "conf",
        `daemon off; pid ${folder}/pid; error_log stderr; events {}
http { access_log /dev/stdout; server { listen 127.0.0.1:80; location / { return 200; } } }`,
      ),
    words: (folder) => ["nginx", "-c", `${folder}/conf`, "-e", "stderr"],
  },
  {
    name: "caddy",
    target: "http://127.0.0.1:8080",
    otherPorts: [2019],
    program: "/usr/bin/caddy",
    from: "caddy",
    prepare: ({ folder, write }) =>
      write(
        "Caddyfile",
        `{\n  storage file_system ${folder}\n}\nhttp://:8080 {\n  bind 127.0.0.1\n  log\n  respond hi\n}\n`,
      ),
    words: () => "caddy run --config Caddyfile --adapter caddyfile".split(" "),
    env: (folder) => ({ HOME: folder }),
  },
  {
    name: "haproxy",
    target: "http://127.0.0.1:8404",
    program: "/usr/sbin/haproxy",
    from: "haproxy",
    prepare: ({ write }) =>
      write(
        "conf",
        `global\n  log stdout format raw local0\ndefaults\n  mode http\n  log global\n  option httplog\n  timeout client 5s\n  timeout server 5s
  timeout connect 5s\nfrontend all\n  bind 127.0.0.1:8404\n  http-request return status 200\n`,
      ),
    words: () => ["haproxy", "-db", "-f", "conf"],
  },
  {
    name: "registry",
    target: "http://127.0.0.1:5000",
    program: "/usr/bin/docker-registry",
    from: "docker-registry",
    prepare: ({ folder, write }) =>
      write(
        "conf.yml",
        `version: 0.1\nstorage: { filesystem: { rootdirectory: ${folder}/data } }\nhttp: { addr: "127.0.0.1:5000" }\n`,
      ),
    words: () => ["docker-registry", "serve", "conf.yml"],
  },
  {
    name: "prometheus",
    target: "http://127.0.0.1:9090",
    program: "/usr/bin/prometheus",
    from: "prometheus",
    prepare: ({ write }) => write("conf.yml", "global: {}\n"),
    words: () =>
      "prometheus --config.file=conf.yml --storage.tsdb.path=data --web.listen-address=127.0.0.1:9090".split(" "),
  },
  {
    name: "alertmanager",
    target: "http://127.0.0.1:9093",
    program: "/usr/bin/prometheus-alertmanager",
    from: "prometheus-alertmanager",
    prepare: ({ write }) => write("conf.yml", "route: { receiver: none }\nreceivers: [{ name: none }]\n"),
    words: () =>
      "prometheus-alertmanager --config.file=conf.yml --storage.path=data --web.listen-address=127.0.0.1:9093 --cluster.listen-address=".split(
        " ",
      ),
  },
  {
    name: "node-exporter",
    target: "http://127.0.0.1:9100",
    program: "/usr/bin/prometheus-node-exporter",
    from: "prometheus-node-exporter",
    words: () => ["prometheus-node-exporter", "--web.listen-address=127.0.0.1:9100"],
  },
  {
    name: "tinyproxy",
    target: "http://127.0.0.1:8888",
    program: "/usr/bin/tinyproxy",
    from: "tinyproxy-bin",
    prepare: ({ write }) => write("conf", "Port 8888\nListen 127.0.0.1\nTimeout 60\nLogLevel Info\n"),
    words: () => ["tinyproxy", "-d", "-c", "conf"],
  },
  {
    name: "http-server",
    target: "http://127.0.0.1:8000",
    program: "/usr/bin/python3",
    from: "python3",
    words: () => "python3 -m http.server 8000 --bind 127.0.0.1".split(" "),
  },
];
