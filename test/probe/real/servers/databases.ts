import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { RealServer } from "../server.ts";

const POSTGRES = "/usr/lib/postgresql";
const newest = existsSync(POSTGRES) ? readdirSync(POSTGRES).sort((a, b) => Number(b) - Number(a))[0] : undefined;
const postgres = (name: string) => join(POSTGRES, newest ?? "15", "bin", name);

const redis = (port: number, ...more: readonly string[]) => ({
  target: `redis://127.0.0.1:${port}`,
  program: "/usr/bin/redis-server",
  from: "redis-server",
  words: (folder: string) =>
    `redis-server --bind 127.0.0.1 --port ${port} --dir ${folder} --save`.split(" ").concat("", ...more),
});

export const DATABASES: readonly RealServer[] = [
  { name: "redis", ...redis(6379) },
  { name: "redis-6380", ...redis(6380, "--requirepass", "secret"), reason: /wants a password: give the probe/ },
  {
    name: "postgres",
    target: "postgres://127.0.0.1:5432",
    program: postgres("initdb"),
    from: "postgresql",
    user: "postgres",
    prepare({ write, run }) {
      write("password", "secret\n");
      run(postgres("initdb"), ..."-D data -U probe -A scram-sha-256 --pwfile=password -N --locale=C".split(" "));
    },
    words: (folder) => [postgres("postgres"), ..."-D data -p 5432 -h 127.0.0.1 -F -k".split(" "), folder],
  },
  {
    name: "mariadb",
    target: "mysql://127.0.0.1:3306",
    program: "/usr/sbin/mariadbd",
    from: "mariadb-server",
    user: "mysql",
    prepare({ folder, run }) {
      const words = "--skip-test-db --auth-root-authentication-method=normal".split(" ");
      run("mariadb-install-db", "--no-defaults", `--datadir=${folder}/data`, ...words);
    },
    words: (folder) => [
      "mariadbd",
      "--no-defaults",
      `--datadir=${folder}/data`,
      "--bind-address=127.0.0.1",
      `--socket=${folder}/socket`,
      `--pid-file=${folder}/pid`,
    ],
    reason: /wants a password: give the probe a user with no rights: CREATE USER tenk/,
  },
  {
    name: "mongodb",
    target: "mongodb://127.0.0.1:27017",
    program: "/usr/bin/env",
    from: "test/probe/real/ferretdb",
    // Under the name that it has where it was installed.
    prepare: ({ run }) => run("cp", process.env.TENK_FERRETDB ?? "", "ferretdb"),
    words: (folder) => [`${folder}/ferretdb`, "127.0.0.1:27017", folder],
  },
  {
    name: "influxdb",
    target: "http://127.0.0.1:8086",
    otherPorts: [8088],
    program: "/usr/bin/influxd",
    from: "influxdb",
    prepare: ({ folder, write }) =>
      write(
        "conf",
        `reporting-disabled = true\nbind-address = "127.0.0.1:8088"\n[meta]\ndir = "${folder}/meta"\n[data]\ndir = "${folder}/data"
wal-dir = "${folder}/wal"\n[http]\nbind-address = "127.0.0.1:8086"\n`,
      ),
    words: () => ["influxd", "run", "-config", "conf"],
  },
  {
    name: "etcd",
    target: "http://127.0.0.1:2379",
    otherPorts: [2380],
    program: "/usr/bin/etcd",
    from: "etcd-server",
    words: () => [
      "etcd",
      "--data-dir=data",
      "--listen-client-urls=http://127.0.0.1:2379",
      "--advertise-client-urls=http://127.0.0.1:2379",
      "--listen-peer-urls=http://127.0.0.1:2380",
      "--initial-advertise-peer-urls=http://127.0.0.1:2380",
      "--initial-cluster=default=http://127.0.0.1:2380",
    ],
  },
  {
    name: "memcached",
    target: "memcached://127.0.0.1:11211",
    program: "/usr/bin/memcached",
    from: "memcached",
    words: () => "memcached -l 127.0.0.1 -u root".split(" "),
  },
  {
    name: "ldap",
    target: "ldap://127.0.0.1:389",
    program: "/usr/sbin/slapd",
    from: "slapd",
    prepare: ({ write }) =>
      write(
        "conf",
        `include /etc/ldap/schema/core.schema\npidfile pid\nmodulepath /usr/lib/ldap\nmoduleload back_null\ndatabase null\nsuffix "dc=home,dc=arpa"\n`,
      ),
    words: () => "slapd -d 256 -h ldap://127.0.0.1:389 -f conf".split(" "),
  },
];
