import { createServer, get, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/**
 * A proxy that notes what goes through it: addresses of requests of plain HTTP, `host:port` of tunnels for the rest.
 */
export async function startProxy() {
  const passed: string[] = [];
  const proxy = createServer((incoming, response) => {
    passed.push(incoming.url!);
    get(incoming.url!, (answer) => answer.pipe(response)).on('error', () => response.destroy());
  });
  const sockets = new Set<Socket>();
  proxy.on('connect', (request: IncomingMessage, client: Socket) => {
    passed.push(request.url!);
    const [host, port] = request.url!.split(':');
    const far = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      far.pipe(client).pipe(far);
    });
    for (const [socket, other] of [
      [client, far],
      [far, client],
    ] as const) {
      sockets.add(socket.on('error', () => {}).on('close', () => other.destroy()));
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    passed: (): readonly string[] => passed,
    close() {
      for (const socket of sockets) socket.destroy();
      proxy.close();
    },
  };
}
