/** What the settings of a listener do, and why their defaults are what they are: for `tenk schema` and docs/defaults.md. */

export const CERTIFICATE_ABOUT = {
  cert: "The certificate with its chain: a file, PEM text, or auto for one of the store",
  key: ["none, with auto", "Its private key: a file or PEM text"],
  passphrase: ["none", "The passphrase of an encrypted key; better a key without one that only tenk may read"],
  passphraseFile: ["none", "A file with the passphrase"],
} as const;

export const HANDSHAKE_ABOUT = {
  minVersion: "The lowest version of TLS: 1.2, since older ones are broken and some devices have no 1.3",
  ciphers: ["the runtime's", "Cipher suites of TLS 1.2 in OpenSSL's notation; the runtime's are those of BoringSSL"],
  groups: ["the runtime's", "Key exchange groups, preferred first; the runtime's begin with a post-quantum one"],
  handshake: "A handshake that takes longer is closed: ten seconds are enough for a phone on a bad link",
  maxHandshakes: "Handshakes in progress on one event loop, more are rejected: a thousand cost some 30 MB",
} as const;

export const SERVER_TLS_ABOUT = {
  ...CERTIFICATE_ABOUT,
  names: ["none", "Other certificates, by the name that clients request (SNI)"],
  alpn: ["none", "Application protocols, preferred first; none are negotiated, as plain TCP has none"],
  alpnMismatch: "Without a common protocol: alert ends the handshake, as RFC 7301 asks; continue serves the client",
  clientCertificates: "Whether clients show a certificate: none, ask or require; most clients have none",
  clientCa: ["none", "Who signs clients' certificates; needed with ask and require"],
  clientRevocations: ["none", "The list of revoked client certificates (CRL)"],
  ...HANDSHAKE_ABOUT,
} as const;

export const PROXY_PROTOCOL_ABOUT = {
  trusted:
    "Addresses whose connections begin with a PROXY header, and nobody else's: a stranger could claim any address",
  timeout: "A connection whose header has not come by then is closed",
} as const;

export const ACCEPT_ABOUT = {
  proxyProtocol: ["off", "Connections of these proxies begin with the client's address (PROXY protocol)"],
  backlog:
    "Connections that the kernel queues for accept: enough for 4096 that come at once; the usual 128 or 511 make clients wait a second",
  noDelay: "Send small writes at once (TCP_NODELAY): an answer must not wait 40 ms for the peer's acknowledgement",
  fastOpen: "TCP Fast Open: clients with data in their SYN that may wait; 0, since few networks let it pass",
  gather: "How long reads may gather under dense traffic, which saves CPU for a little latency",
  keepAlive: "Silence before the first keep-alive probe; 0 sends none: limits.idle ends what is silent",
  keepAliveInterval: "Time between two probes; 0 is the system's, 75 s",
  keepAliveProbes: "Unanswered probes that end a connection; 0 is the system's, 9",
  userTimeout: "End a connection whose peer acknowledges nothing for so long; 0 is the system's, some 15 minutes",
  typeOfService: "The TOS byte of outgoing packets, the DSCP value times four; 0 is best effort",
} as const;

export const BUFFER_ABOUT = {
  receiveBuffer: "The kernel's receive buffer of a connection; 0 lets the kernel grow it as needed",
  sendBuffer: "The kernel's send buffer of a connection; 0 lets the kernel grow it as needed",
  writeQueue: "What waits in memory for a peer that reads slowly",
} as const;

export const WRITE_QUEUE_ABOUT = {
  high: "Above it reading from this connection pauses, so that a slow reader slows its own sender",
  low: "Below it reading resumes; a quarter of high, so that it does not flutter",
  max: "Above it the connection is closed: a peer that never reads costs no more than this",
} as const;

export const LIMITS_ABOUT = {
  connections: "Open connections; 0 leaves it to the process's file descriptors",
  perAddress: "Open connections from one address; 0 is no limit, since many people may share one address",
  acceptsPerSecond: "Connections accepted in a second; 0 is no limit",
  idle: "Close when no byte was read or written for so long; 0 never, as many protocols are silent for hours",
  firstByte: "Close when no byte has come after so long; 0 never, as in some protocols the server speaks first",
  lifetime: "Close a connection that is older; 0 never",
  stall: "Close when bytes wait and the peer takes none for so long: it is gone, and keeps memory",
  readPerSecond: "Bytes a second read from each connection; 0 is no limit",
  writePerSecond: "Bytes a second written to each connection; 0 is no limit",
  totalReadPerSecond: "Bytes a second read on the whole listener, shared fairly; 0 is no limit",
  totalWritePerSecond: "Bytes a second written on the whole listener, shared fairly; 0 is no limit",
} as const;
