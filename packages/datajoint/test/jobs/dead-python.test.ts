/**
 * @module
 * What dead workers of datajoint-python reserved is freed by the rule of leases.md 8, live ones keep theirs, and what cannot be known is
 * said so. Real workers of both generations on real servers; only the rule's times are shorter.
 */
import assert from "node:assert/strict";
import { hostname } from "node:os";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection, ConnectionSettings } from "../../src/connection/connection.ts";
import { type PythonTiming, PythonWatch } from "../../src/jobs/dead-python.ts";
import { readJobs } from "../../src/jobs/inspect.ts";
import { Leases } from "../../src/jobs/leases.ts";
import { sql } from "../../src/jobs/queue.ts";
import type { PopulateEvent } from "../../src/populate/events.ts";
import { populate } from "../../src/populate/populate.ts";
import { findQueue, releaseDeadPython } from "../../src/populate/table-queue.ts";
import { quick } from "../populate/support/fixture.ts";
import { describeDialects, type TestDatabase } from "../support/dialects.ts";
import { fleetTables } from "./support/fleet.ts";
import { missingPython, type PythonGeneration, PythonProcess } from "./support/python-process.ts";

/** The rule with seconds for minutes. */
const brief: PythonTiming = { betweenLooksS: 0.5, leastAgeS: 0, restartedAgeS: 86_400 };

for (const generation of ["legacy", "current"] as const) {
  describeDialects(
    `dead Python workers, ${generation} queue`,
    (database) => describe("found", { concurrency: true }, () => tests(database, generation)),
    { skip: { sqlite: "datajoint-python has no SQLite" } },
  );
}

function tests(database: TestDatabase, generation: "legacy" | "current"): void {
  const python: PythonGeneration = generation === "legacy" ? "0.14" : "2";
  const options = { skip: missingPython([python]) };

  const setUp = async (count: number, connection: Connection = database.connection) => {
    const { schema, Item, Task } = fleetTables();
    const name = await database.createSchema("dead");
    await schema.activate(connection, name, { Item, Task }, { generation });
    await Item.insert(Array.from({ length: count }, (_, i) => ({ item: i + 1 })));
    Task.makes({
      fetch: () => 0,
      compute: () => 0,
      insert: (key) => Task.insert([{ ...key, worker: "tenon" }]),
    });
    return { name, Task };
  };
  /** A Python worker that computes for as long as it is let. */
  const hang = async (name: string, t: TestContext) => {
    const peer = new PythonProcess(python, database, [name, "python", "hang"], t);
    await peer.line("ready");
    peer.goOn();
    const { item } = await peer.line("start");
    return { peer, item: item! };
  };
  type Task = Awaited<ReturnType<typeof setUp>>["Task"];
  const verdicts = async (task: Task, watch: PythonWatch) =>
    (await releaseDeadPython(task, watch)).map(({ verdict }) => verdict);
  /** Looks until the connection of one killed worker is gone. */
  const untilAbsent = async (task: Task, watch: PythonWatch) => {
    while ((await verdicts(task, watch)).every((verdict) => verdict === "alive")) await sleep(50);
  };

  it(
    "a live worker keeps its key, a stopped one too; a killed one's is freed at the second look",
    options,
    async (t) => {
      const { name, Task } = await setUp(3);
      const first = await hang(name, t);
      const second = await hang(name, t);
      const watch = new PythonWatch(brief);
      process.kill(second.peer.pid, "SIGSTOP");
      for (let i = 0; i < 3; i++) {
        assert.deepEqual(await verdicts(Task, watch), ["alive", "alive"]);
        await sleep(300);
      }
      await first.peer.kill();
      await untilAbsent(Task, watch);
      assert.deepEqual((await verdicts(Task, watch)).sort(), ["alive", "suspected"]);
      await sleep(1000 * brief.betweenLooksS);
      const found = await releaseDeadPython(Task, watch);
      const released = found.filter(({ verdict }) => verdict === "released");
      assert.deepEqual(
        released.map(({ key, host, pid, jobs }) => ({ item: key.item, host, pid, jobs })),
        [
          {
            item: first.item,
            host: hostname(),
            pid: first.peer.pid,
            jobs: generation === "legacy" ? "~jobs" : "~~task",
          },
        ],
      );
      assert.match(released[0]!.user, /@/);
      assert.equal((await populate(Task, { reserve: true, timing: quick })).successCount, 2);
      await second.peer.kill();
    },
  );

  it(
    "workers do so by themselves, and say whose key it was; not when they are told to leave them",
    options,
    async (t) => {
      const { name, Task } = await setUp(1);
      const { peer } = await hang(name, t);
      await peer.kill();
      await using leaving = await Leases.open(database.settings, quick, { releaseDeadPython: false });
      await using leases = await Leases.open(database.settings, quick, { releaseDeadPython: brief });
      const events: PopulateEvent[] = [];
      const onEvent = (event: PopulateEvent) => events.push(event);
      const deadlineMs = performance.now() + 20_000;
      while ((await Task.count()) === 0 && performance.now() < deadlineMs) {
        assert.equal((await populate(Task, { reserve: true, leases: leaving, onEvent })).successCount, 0);
        await populate(Task, { reserve: true, leases, onEvent });
        await sleep(100);
      }
      const [told] = events.filter((event) => event.kind === "pythonReleased");
      assert.equal(told!.found.pid, peer.pid);
      assert.equal(told!.isKeyPartial, false);
      assert.equal((await Task.fetch1()).worker, "tenon");
    },
  );

  it("with its usual times nothing is judged in the first ten minutes", options, async (t) => {
    const { name, Task } = await setUp(1);
    const { peer } = await hang(name, t);
    await peer.kill();
    const watch = new PythonWatch({ betweenLooksS: 0.1 });
    await untilAbsent(Task, watch);
    await sleep(200);
    assert.deepEqual(await verdicts(Task, watch), ["suspected"]);
    const uptime = async () => {
      const { rows } = await database.connection.run(sql("SHOW GLOBAL STATUS LIKE 'Uptime'"));
      return Number(Object.values(rows[0]!)[1]);
    };
    // a server that was started for this test is younger than the reservation, and connections tell nothing then
    const isYoung = (await uptime()) < 700;
    await age(Task, 590);
    await sleep(200);
    await verdicts(Task, watch);
    await sleep(200);
    const [early] = await verdicts(Task, watch);
    if (isYoung) assert.ok(early === "suspected" || early === "restarted", String(early));
    else assert.equal(early, "suspected");
    await age(Task, 15);
    await verdicts(Task, watch);
    await sleep(200);
    if ((await uptime()) < 600 || !isYoung)
      assert.deepEqual(await verdicts(Task, watch), [isYoung ? "restarted" : "released"]);
  });

  it("a reservation from before the server's last start is judged after a day", options, async (t) => {
    const { name, Task } = await setUp(1);
    const { peer } = await hang(name, t);
    await peer.kill();
    await age(Task, 400 * 86_400);
    const late = new PythonWatch({ ...brief, restartedAgeS: 500 * 86_400 });
    await untilAbsent(Task, late);
    await sleep(1000 * brief.betweenLooksS);
    assert.deepEqual(await verdicts(Task, late), ["restarted"]);
    const watch = new PythonWatch(brief);
    assert.deepEqual(await verdicts(Task, watch), ["restarted"]);
    await sleep(1000 * brief.betweenLooksS + 100);
    assert.deepEqual(await verdicts(Task, watch), ["released"]);
  });

  it("without PROCESS another account's reservation cannot be told, one's own can", options, async (t) => {
    const { name, Task } = await setUp(1);
    const { peer } = await hang(name, t);
    await peer.kill();
    const account = `tf_${process.pid}_${generation}`;
    const run = (text: string) => database.connection.run(sql(text));
    await run(`CREATE USER '${account}'@'%' IDENTIFIED BY 'Secret-1'`);
    t.after(() => run(`DROP USER '${account}'@'%'`));
    await run(`GRANT ALL ON \`${name}\`.* TO '${account}'@'%'`);
    const own = await database.open({ user: account, password: "Secret-1" } as Partial<ConnectionSettings>);
    const tables = fleetTables();
    await tables.schema.activate(own, name, { Item: tables.Item, Task: tables.Task });
    const watch = new PythonWatch(brief);
    assert.deepEqual(await verdicts(tables.Task as unknown as Task, watch), ["cannot tell"]);
    await sleep(1000 * brief.betweenLooksS + 100);
    assert.deepEqual(await verdicts(tables.Task as unknown as Task, watch), ["cannot tell"]);
    const queue = (await findQueue(Task))!;
    await run(`UPDATE ${queue.words.jobs} SET user='${account}@somewhere' WHERE status='reserved'`);
    assert.deepEqual(await verdicts(tables.Task as unknown as Task, watch), ["suspected"]);
    await sleep(1000 * brief.betweenLooksS + 100);
    assert.deepEqual(await verdicts(tables.Task as unknown as Task, watch), ["released"]);
    await run(`GRANT PROCESS ON *.* TO '${account}'@'%'`);
    assert.deepEqual(await verdicts(tables.Task as unknown as Task, watch), []);
  });

  it(
    "a live worker that lost its connection while it computes may be judged dead: one set of rows is stored (R1)",
    options,
    async (t) => {
      const { name, Task } = await setUp(1);
      const { peer } = await hang(name, t);
      const queue = (await findQueue(Task))!;
      const watch = new PythonWatch(brief);
      const [alive] = await releaseDeadPython(Task, watch);
      assert.equal(alive!.verdict, "alive");
      await database.connection.run(sql(`KILL ${alive!.connectionId}`));
      await untilAbsent(Task, watch);
      await sleep(1000 * brief.betweenLooksS + 100);
      assert.deepEqual(await verdicts(Task, watch), ["released"]);
      assert.equal((await populate(Task, { reserve: true, timing: quick })).successCount, 1);
      peer.goOn();
      await peer.ended();
      const ended = peer.lines.find(({ kind }) => kind === "ended");
      // it reconnects silently, and the primary key refuses its rows; 2.x ends there, since the row for its error is gone
      if (generation === "legacy") {
        assert.equal(ended!.successCount, 0);
        assert.match(String(ended!.errors), /Duplicate/);
      } else assert.equal(ended, undefined);
      assert.deepEqual(
        (await Task.fetch()).map(({ item, worker }) => [item, worker]),
        [[1, "tenon"]],
      );
      assert.ok((await readJobs(queue)).every(({ status }) => status !== "reserved"));
    },
  );

  /** Moves the reservations into the past. */
  async function age(task: Task, seconds: number): Promise<void> {
    const { words } = (await findQueue(task))!;
    await database.connection.run(
      sql(
        `UPDATE ${words.jobs} SET ${words.expiry}=${words.expiry} - INTERVAL ${seconds} SECOND WHERE status='reserved'`,
      ),
    );
  }
}
