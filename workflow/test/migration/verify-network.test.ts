/** Programs with the network cut reach the configured database and nothing else: held by the kernel where it can, else by Node's guard. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net, { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type CutMethod, cutNetwork } from "../../src/migration/verify/cut-network.ts";

const folder = mkdtempSync(join(tmpdir(), "tenon-cut-test-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Says how a connection to `host:port` ended: what the server said, or the error's code. */
const client = join(folder, "client.mjs");
writeFileSync(
  client,
  `import net from "node:net";
const [host, port] = process.argv.slice(2);
const socket = net.connect({ host, port: Number(port) });
socket.on("data", (data) => { console.log(String(data)); socket.end(); });
socket.on("error", (error) => console.log(error.code));`,
);
const fetcher = join(folder, "fetcher.mjs");
writeFileSync(
  fetcher,
  `await fetch(process.argv[2]).then(() => console.log("reached"), (error) => console.log(error.cause?.code ?? error.code));`,
);

function canUnshare(): boolean {
  try {
    execFileSync(
      "unshare",
      process.getuid?.() === 0 ? ["--net", "true"] : ["--net", "--user", "--map-root-user", "true"],
      { stdio: "ignore" },
    );
    return true;
  } catch {
    return false;
  }
}

for (const method of ["namespace", "guard"] as CutMethod[]) {
  const skip =
    method === "namespace" && !canUnshare() ? "no network namespace: unshare cannot make one here" : false;
  describe(`the network cut by a ${method}`, { skip }, () => {
    const servers: net.Server[] = [];
    const listening = async (says: string) => {
      const server = net.createServer((socket) => socket.end(says));
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return (server.address() as AddressInfo).port;
    };
    let database = 0;
    let other = 0;
    before(async () => {
      database = await listening("the database");
      other = await listening("another server");
    });
    after(async () => {
      for (const server of servers) await new Promise((resolve) => server.close(resolve));
    });
    const options = { folder, env: process.env, signal: new AbortController().signal };

    it("lets the configured database through, and no other port of its machine", async () => {
      await using cut = await cutNetwork({ host: "127.0.0.1", port: database }, method);
      assert.equal(cut.method, method);
      assert.equal(
        (await cut.run([client, "127.0.0.1", String(database)], options)).out.trim(),
        "the database",
      );
      assert.equal((await cut.run([client, "127.0.0.1", String(other)], options)).out.trim(), "ENETUNREACH");
      const refused = await cut.refused();
      assert.deepEqual(
        refused.map(({ to }) => to),
        [`127.0.0.1:${other}`],
      );
      assert.match(refused[0]!.by, /client\.mjs/);
    });

    it("refuses what fetch would reach, and says so", async () => {
      await using cut = await cutNetwork(undefined, method);
      const { out } = await cut.run([fetcher, `http://127.0.0.1:${other}/x`], options);
      assert.equal(out.trim(), "ENETUNREACH");
      assert.deepEqual(
        (await cut.refused()).map(({ to }) => to),
        [`127.0.0.1:${other}`],
      );
    });

    it("holds workers of Node and the Node programs that it starts", async () => {
      const starter = join(folder, `starter-${method}.mjs`);
      writeFileSync(
        starter,
        `import { execFileSync } from "node:child_process";
import { Worker } from "node:worker_threads";
const words = [${JSON.stringify(client)}, "127.0.0.1", "${other}"];
console.log(execFileSync(process.execPath, words, { encoding: "utf8" }).trim());
new Worker(words[0], { argv: words.slice(1) });`,
      );
      await using cut = await cutNetwork(undefined, method);
      const { out } = await cut.run([starter], options);
      assert.deepEqual(out.trim().split("\n"), ["ENETUNREACH", "ENETUNREACH"]);
      assert.equal((await cut.refused()).length, 2);
    });

    it("holds programs that are no Node only where the kernel does", async () => {
      const starter = join(folder, `bash-${method}.mjs`);
      writeFileSync(
        starter,
        `import { spawnSync } from "node:child_process";
console.log(spawnSync("bash", ["-c", "exec 3<>/dev/tcp/127.0.0.1/${other} && cat <&3"], { encoding: "utf8" }).stdout.trim() || "nothing");`,
      );
      await using cut = await cutNetwork(undefined, method);
      const { out } = await cut.run([starter], options);
      assert.equal(out.trim(), method === "namespace" ? "nothing" : "another server");
    });
  });
}
