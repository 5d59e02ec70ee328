/**
 * @module
 * The wire between a rehearsal's workers and their server: a TCP proxy on this machine that can be cut. While it is cut no byte and no end of
 * a connection passes in either direction, and new connections hang, as with a network that is down; what was held back passes when it
 * is mended, as TCP sends again what was lost.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export class Wire {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #heldBack: (() => void)[] = [];
  #isCut = false;

  private constructor(server: Server, host: string, port: number) {
    this.#server = server;
    server.on("connection", (client) => this.#whenWhole(() => this.#join(client, host, port)));
  }

  /** Listens on a free port of this machine, before a server. */
  static async lay({ host, port }: { readonly host: string; readonly port: number }): Promise<Wire> {
    const server = createServer();
    const wire = new Wire(server, host, port);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return wire;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  cut(): void {
    this.#isCut = true;
  }

  mend(): void {
    this.#isCut = false;
    for (const pass of this.#heldBack.splice(0)) pass();
  }

  [Symbol.dispose](): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #whenWhole(pass: () => void): void {
    if (this.#isCut) this.#heldBack.push(pass);
    else pass();
  }

  #join(client: Socket, host: string, port: number): void {
    const server = connect(port, host);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      // an error is followed by close, which ends the other side
      from.on("error", () => undefined);
      from.on("data", (bytes: Buffer) => this.#whenWhole(() => to.write(bytes)));
      from.on("close", () => {
        this.#sockets.delete(from);
        this.#whenWhole(() => to.destroy());
      });
    }
  }
}
