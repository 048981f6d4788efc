/** Sends 2.5 MB a second to an address: `bun udp-sender.ts ADDRESS`. Nobody there need listen, nor refuse it. */
export {};

const socket = await Bun.udpSocket({});
const packet = Buffer.alloc(1000);
setInterval(() => {
  for (let count = 0; count < 50; count++) socket.send(packet, 9, process.argv[2]!);
}, 20);
