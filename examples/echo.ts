import { listen } from "tenk";

const server = await listen({ port: 7000 }, { chunk: (connection, bytes) => connection.write(bytes) });
console.log(`echo on ${server.address}`);
