/**
 * @module
 * A TCP proxy before a server, to be the network that fails. While it is dark no byte and no end of a connection passes, in either
 * direction, and new connections hang; what was held back passes when it is light again, as TCP sends again what was lost. It can lose the
 * connection at a COMMIT, before the server has it or before the client has the answer.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export type CommitLoss = "before it arrived" | "after it arrived";

export class TcpProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #whenLight: (() => void)[] = [];
  #isDark = false;
  #loss: { readonly when: CommitLoss; readonly then: () => void } | undefined;

  private constructor(server: Server, host: string, port: number) {
    this.#server = server;
    server.on("connection", (client) => this.#passed(() => this.#join(client, host, port)));
  }

  /** Listens on a port of its own, before `host:port`. */
  static async start(host: string, port: number): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server, host, port);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  goDark(): void {
    this.#isDark = true;
  }

  goLight(): void {
    this.#isDark = false;
    for (const pass of this.#whenLight.splice(0)) pass();
  }

  /** Breaks the connection at the next COMMIT, and then does something. */
  loseCommit(when: CommitLoss, then: () => void = () => undefined): void {
    this.#loss = { when, then };
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Runs at once, or in the order of calls when it is light again. */
  #passed(pass: () => void): void {
    if (this.#isDark) this.#whenLight.push(pass);
    else pass();
  }

  #join(client: Socket, host: string, port: number): void {
    const server = connect(port, host);
    const breakOff = () => {
      client.destroy();
      server.destroy();
    };
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      // a connection that breaks is closed on both sides
      from.on("error", () => undefined);
      from.on("close", () => {
        this.#sockets.delete(from);
        this.#passed(() => to.destroy());
      });
      from.on("data", (bytes: Buffer) =>
        this.#passed(() => {
          if (from === client && this.#loss !== undefined && bytes.includes("COMMIT")) {
            const { when, then } = this.#loss;
            this.#loss = undefined;
            if (when === "before it arrived") {
              breakOff();
              then();
              return;
            }
            server.removeAllListeners("data");
            server.once("data", () => {
              breakOff();
              then();
            });
          }
          to.write(bytes);
        }),
      );
    }
  }
}
