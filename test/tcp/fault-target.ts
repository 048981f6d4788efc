/** An echo on `node:net`, at the address that its argument says. Prints its port. */
import { type AddressInfo, createServer } from "node:net";

const server = createServer({ allowHalfOpen: true }, (socket) => {
  socket.on("error", () => {});
  socket.pipe(socket);
});
server.listen(0, process.argv[2], () => console.log((server.address() as AddressInfo).port));
