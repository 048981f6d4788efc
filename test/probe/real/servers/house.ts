import { nodeRedProgram } from "../peers.ts";
import type { RealServer } from "../server.ts";

/** Of files, devices and people. */
export const HOUSE: readonly RealServer[] = [
  {
    name: "ssh",
    target: "ssh://127.0.0.1:22",
    program: "/usr/sbin/sshd",
    from: "openssh-server",
    prepare: ({ run }) => run("ssh-keygen", ..."-q -t ed25519 -N".split(" "), "", "-f", "key"),
    words: (folder) => [
      "/usr/sbin/sshd",
      ..."-D -e -f /dev/null -p 22 -o ListenAddress=127.0.0.1 -o PidFile=none -h".split(" "),
      `${folder}/key`,
    ],
  },
  {
    name: "dnsmasq",
    target: "dns://127.0.0.1:53",
    program: "/usr/sbin/dnsmasq",
    from: "dnsmasq-base",
    words: () =>
      "dnsmasq -k -C /dev/null -a 127.0.0.1 -z --no-resolv -u root -A /home.arpa/10.0.0.1 --log-facility=-".split(" "),
    reason: /refuses/,
  },
  {
    name: "samba",
    target: "smb://127.0.0.1:445",
    program: "/usr/sbin/smbd",
    from: "samba",
    prepare({ folder, write }) {
      const folders = ["lock", "state", "cache", "pid"].map((name) => `${name} directory = ${folder}`).join("\n  ");
      write(
        "conf",
        `[global]\n  ${folders}\n  private dir = ${folder}\n  ncalrpc dir = ${folder}/rpc\n  smb ports = 445\n  interfaces = lo
  bind interfaces only = yes\n  load printers = no\n  disable spoolss = yes\n  server role = standalone server\n`,
      );
    },
    words: () => "smbd --foreground --no-process-group --debug-stdout -s conf".split(" "),
  },
  {
    name: "cups",
    target: "http://127.0.0.1:631",
    program: "/usr/sbin/cupsd",
    from: "cups-daemon",
    prepare({ folder, write }) {
      write(
        "cupsd.conf",
        "Listen 127.0.0.1:631\nBrowsing No\n<Location />\n  Order allow,deny\n  Allow all\n</Location>\n",
      );
      write(
        "files.conf",
        `ServerRoot ${folder}/root\nRequestRoot ${folder}/spool\nCacheDir ${folder}/cache\nStateDir ${folder}/state\nTempDir ${folder}/tmp
AccessLog ${folder}/access\nErrorLog ${folder}/error\nPageLog ${folder}/pages\n`,
      );
    },
    words: (folder) => [
      "sh",
      "-c",
      'mkdir -p root spool cache state/certs tmp && exec cupsd -f -c "$1/cupsd.conf" -s "$1/files.conf"',
      "sh",
      folder,
    ],
    logs: ["access", "error"],
  },
  {
    name: "ups",
    target: "nut://127.0.0.1:3493",
    program: "/lib/nut/upsd",
    from: "nut-server",
    prepare({ write }) {
      write("ups.conf", "[ups]\ndriver = dummy-ups\nport = ups.dev\n");
      write("ups.dev", "ups.status: OL\nbattery.charge: 100\nups.mfr: tenk\n");
      write("upsd.conf", "LISTEN 127.0.0.1 3493\n");
      write("upsd.users", "");
    },
    words: () => ["sh", "-c", "/lib/nut/dummy-ups -a ups -u root -F & exec /lib/nut/upsd -F -u root"],
    env: (folder) => ({ NUT_CONFPATH: folder, NUT_STATEPATH: folder, NUT_ALTPIDPATH: folder, NUT_PIDPATH: folder }),
  },
  {
    name: "vsftpd",
    target: "ftp://127.0.0.1:21",
    program: "/usr/sbin/vsftpd",
    from: "vsftpd",
    prepare: ({ folder, write }) =>
      write(
        "conf",
        `listen=YES\nlisten_address=127.0.0.1\nbackground=NO\nanonymous_enable=YES\nsecure_chroot_dir=${folder}/empty\nnopriv_user=nobody
vsftpd_log_file=${folder}/log\nlog_ftp_protocol=YES\nxferlog_enable=YES\n`,
      ),
    words: (folder) => ["sh", "-c", 'mkdir -p empty && exec vsftpd "$1/conf"', "sh", folder],
    logs: ["log"],
  },
  {
    name: "transmission",
    target: "http://127.0.0.1:9091",
    otherPorts: [51413],
    program: "/usr/bin/transmission-daemon",
    from: "transmission-daemon",
    words: (folder) => `transmission-daemon -f -g ${folder} -r 127.0.0.1 -p 9091 -M -O`.split(" "),
    env: (folder) => ({ HOME: folder }),
  },
  {
    name: "syncthing",
    target: "http://127.0.0.1:8384",
    otherPorts: [22000],
    program: "/usr/bin/syncthing",
    from: "syncthing",
    words: (folder) =>
      `syncthing serve --no-browser --no-restart --no-default-folder --home=${folder} --gui-address=127.0.0.1:8384`.split(
        " ",
      ),
    env: (folder) => ({ HOME: folder, STNODEFAULTFOLDER: "1", STNOUPGRADE: "1" }),
  },
  {
    name: "qbittorrent",
    target: "http://127.0.0.1:8081",
    otherPorts: [6881],
    program: "/usr/bin/qbittorrent-nox",
    from: "qbittorrent-nox",
    prepare: ({ write }) =>
      write(
        "qBittorrent/config/qBittorrent.conf",
        "[LegalNotice]\nAccepted=true\n[BitTorrent]\nSession\\Port=6881\n[Preferences]\nWebUI\\Address=127.0.0.1\n",
      ),
    words: (folder) => `qbittorrent-nox --profile=${folder} --webui-port=8081`.split(" "),
    env: (folder) => ({ HOME: folder }),
  },
  {
    name: "node-red",
    target: "http://127.0.0.1:1880",
    program: nodeRedProgram,
    from: "npm",
    words: (folder) => ["node", nodeRedProgram, "-u", folder, "-p", "1880"],
  },
  {
    name: "my-app",
    target: "http://127.0.0.1:3000",
    program: "/usr/bin/node",
    from: "node",
    prepare: ({ write }) =>
      write("my-app/index.js", `require("http").createServer((_, r) => r.end("ok")).listen(3000, "127.0.0.1");`),
    words: () => ["sh", "-c", "cd my-app && exec node index.js"],
  },
];
