import type { RealServer } from "../server.ts";

export const MESSAGES: readonly RealServer[] = [
  {
    name: "mosquitto",
    target: "mqtt://127.0.0.1:1883",
    program: "/usr/sbin/mosquitto",
    from: "mosquitto",
    prepare: ({ write }) => write("conf", "listener 1883 127.0.0.1\nallow_anonymous true\n"),
    words: () => ["mosquitto", "-c", "conf"],
  },
  {
    name: "nats",
    target: "nats://127.0.0.1:4222",
    otherPorts: [8222],
    program: "/usr/sbin/nats-server",
    from: "nats-server",
    words: () => "nats-server -a 127.0.0.1 -m 8222".split(" "),
  },
  {
    name: "rabbitmq",
    target: "amqp://127.0.0.1:5672",
    otherPorts: [4369, 25672],
    program: "/usr/lib/rabbitmq/bin/rabbitmq-server",
    from: "rabbitmq-server",
    words: () => ["/usr/lib/rabbitmq/bin/rabbitmq-server"],
    env: (folder) => ({
      HOME: folder,
      RABBITMQ_NODENAME: "rabbit@localhost",
      RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
      RABBITMQ_MNESIA_BASE: `${folder}/data`,
      RABBITMQ_LOG_BASE: `${folder}/log`,
      RABBITMQ_CONF_ENV_FILE: `${folder}/none`,
      RABBITMQ_ENABLED_PLUGINS_FILE: `${folder}/plugins`,
      ERL_EPMD_ADDRESS: "127.0.0.1",
    }),
    logs: ["log/rabbit@localhost.log"],
  },
  {
    name: "mail",
    target: "smtp://127.0.0.1:25",
    program: "/usr/sbin/postfix",
    from: "postfix",
    prepare({ folder, write }) {
      write(
        "main.cf",
        `compatibility_level = 3.6\nqueue_directory = ${folder}/queue\ndata_directory = ${folder}/data\ncommand_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin\nmail_owner = postfix\nsetgid_group = postdrop\ninet_interfaces = 127.0.0.1\nmyhostname = box.home.arpa
maillog_file = /dev/stdout\n`,
      );
      write(
        "master.cf",
        `smtp inet n - n - - smtpd\npickup unix n - n 60 1 pickup\ncleanup unix n - n - 0 cleanup\nqmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite\nanvil unix - - n - 1 anvil\npostlog unix-dgram n - n - 1 postlogd\nproxymap unix - - n - - proxymap
`,
      );
    },
    words: (folder) => [
      "sh",
      "-c",
      'mkdir -p queue data && chown postfix data && exec postfix -c "$1" start-fg',
      "sh",
      folder,
    ],
    stop: (folder) => ["postfix", "-c", folder, "stop"],
  },
  {
    name: "imap",
    target: "imap://127.0.0.1:143",
    program: "/usr/sbin/dovecot",
    from: "dovecot-imapd",
    prepare: ({ folder, write }) =>
      write(
        "conf",
        `protocols = imap\nlisten = 127.0.0.1\nbase_dir = ${folder}/run\nstate_dir = ${folder}/state\nlog_path = /dev/stderr\nssl = no
passdb {\n  driver = static\n  args = password=secret\n}\nuserdb {\n  driver = static\n  args = uid=nobody gid=nogroup home=${folder}\n}
mail_location = maildir:${folder}/mail\nservice imap-login {\n  inet_listener imaps {\n    port = 0\n  }\n}\n`,
      ),
    words: () => ["dovecot", "-F", "-c", "conf"],
  },
];
