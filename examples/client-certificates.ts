import { listen, type ServerTlsOptions } from "tenk";

/** Only who has a certificate that our authority signed gets in, and is greeted by its name. */
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

// When the files were renewed, `kill -HUP` brings them in, and nobody is disconnected.
process.on("SIGHUP", () => server.updateTls(tls).then(() => console.log("certificates read again")));
