import { listen, type ServerTlsOptions } from "tenk";

/** Accepts only clients with a certificate signed by our authority, and greets them by name. */
const [folder = "certificates", port = "7443"] = process.argv.slice(2);

const tls: ServerTlsOptions = {
  cert: `${folder}/server-cert.pem`,
  key: `${folder}/server-key.pem`,
  clientCertificates: "require",
  clientCa: `${folder}/ca-cert.pem`,
};

const server = await listen(
  { port: Number(port), tls },
  {
    open: (connection) => connection.write(`hello ${connection.tls?.peer?.subject}\n`),
    chunk: (connection, bytes) => connection.write(bytes),
  },
);
console.log(`greeting on ${server.address}`);

// After the files were renewed, `kill -HUP` loads them without disconnecting anybody.
process.on("SIGHUP", () => server.updateTls(tls).then(() => console.log("certificates read again")));
