/** An import whose server is killed, and stopped, and started again in the middle: it waits and goes on, and no row is in twice or lost. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "@tenon/datajoint";
import { cannotStart, makeOwnServer, type OwnKind, type OwnServer } from "../../support/own-server.ts";
import { makeTestLab, startProgram, type TestLab } from "../../support/test-lab.ts";

const rows = 6000;
/** What row `i` holds, and the server's MD5 of it would be: a text, so that any client reads it. */
const contentOf = (i: number) => createHash("sha512").update(`row ${i}`).digest("hex").repeat(80);

for (const kind of ["mariadb", "mysql"] as const satisfies readonly OwnKind[])
  describe(`an import whose server goes away (${kind})`, {
    skip: cannotStart(kind),
    timeout: 240_000,
  }, () => {
    const cnf = `[mysqld]\nskip_name_resolve\nmax_allowed_packet = 64M\ninnodb_flush_log_at_trx_commit = 1\n${kind === "mysql" ? "secure_file_priv = NULL\n" : ""}`;
    let server: OwnServer;
    let lab: TestLab;

    before(async () => {
      server = await makeOwnServer(kind);
      await server.start(cnf);
      server.sql("CREATE USER 'tenon'@'%' IDENTIFIED BY 'tenon'; GRANT ALL ON *.* TO 'tenon'@'%';");
      lab = makeTestLab();
      Object.assign(lab.env, {
        DJ_HOST: "127.0.0.1",
        DJ_PORT: `${server.port}`,
        DJ_USER: "tenon",
        DJ_PASS: "tenon",
      });
      const file = createWriteStream(join(lab.folder, "big.sql"));
      file.write(
        "-- MySQL dump 10.13\nCREATE DATABASE `big`;\nUSE `big`;\nCREATE TABLE `t` (\n  `i` int NOT NULL,\n  `content` mediumtext NOT NULL,\n  PRIMARY KEY (`i`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n",
      );
      for (let i = 0; i < rows; i += 50) {
        const values = Array.from({ length: 50 }, (_, k) => `(${i + k},'${contentOf(i + k)}')`);
        if (!file.write(`INSERT INTO \`t\` VALUES ${values.join(",")};\n`))
          await new Promise((resolve) => file.once("drain", resolve));
      }
      await new Promise<void>((resolve) => file.end("-- Dump completed on 2026-01-01  0:00:00\n", resolve));
    });
    after(async () => {
      await server.remove();
      await lab.remove();
    });

    const count = () => Number(server.sql("SELECT COUNT(*) FROM big.t").trim().split("\n").at(-1));

    it("waits for it and goes on", async () => {
      const child = startProgram("tenon", ["migrate", "db", "big.sql", "--json"], lab.folder, lab.env);
      let [out, err] = ["", ""];
      child.stdout!.setEncoding("utf8").on("data", (text: string) => (out += text));
      child.stderr!.setEncoding("utf8").on("data", (text: string) => (err += text));
      const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
      const seen: number[] = [];
      for (const way of ["kill", "stop"] as const) {
        for (;;) {
          assert.equal(child.exitCode, null, `it ended before the server went away\n${err}${out}`);
          const there =
            server.sql("SHOW DATABASES LIKE 'big'").includes("big") &&
            server.sql("SHOW TABLES FROM big").includes("t")
              ? count()
              : 0;
          if (there > (seen.at(-1) ?? 0)) {
            seen.push(there);
            break;
          }
          await sleep(20);
        }
        await server[way]();
        await sleep(1500);
        await server.start(cnf);
      }
      assert.equal(await ended, 0, err + out);
      assert.ok(seen[0]! > 0 && seen[1]! < rows, `in the middle: ${seen.join()}`);
      assert.match(err, /the server is away .*; trying again in/);
      const report = JSON.parse(out) as {
        ok: boolean;
        dumps: { tables: { expected: number; rows: number }[] }[];
      };
      assert.deepEqual(
        [report.ok, report.dumps[0]!.tables[0]!.expected, report.dumps[0]!.tables[0]!.rows],
        [true, rows, rows],
      );
      await using connection = await connect({
        kind: "mysql",
        host: "127.0.0.1",
        port: server.port,
        user: "tenon",
        password: "tenon",
      });
      const found = await connection.run({
        text: "SELECT i, SHA2(content, 256) AS h FROM big.t ORDER BY i",
        parameters: [],
      });
      const expected = Array.from({ length: rows }, (_, i) =>
        createHash("sha256").update(contentOf(i)).digest("hex"),
      );
      assert.deepEqual(
        found.rows.map((row) => String(row["h"])),
        expected,
      );
    });
  });
