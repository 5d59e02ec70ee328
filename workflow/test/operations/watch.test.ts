/** What watches workers: notices to real servers, metrics that are scraped, logs that machines read. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { generateRecording } from "@tenon/ephys";
import { SMTPServer } from "smtp-server";
import { makeTestLab, startProgram, type TestLab } from "../support/test-lab.ts";

const secret = "T0KEN-that-nobody-may-see";
const mailPassword = "mail-PASSWORD-that-nobody-may-see";
const subjects = ["m1", "m2", "m3"];

describe("what watches workers", () => {
  let lab: TestLab;
  const posted: { path: string; text: string }[] = [];
  /** Answers of the webhook, the first ones. */
  const answers: { status: number; retryAfter?: string }[] = [];
  const mails: string[] = [];
  let webhook: Server;
  let hanging: TcpServer;
  let smtp: SMTPServer;

  before(async () => {
    lab = makeTestLab();
    webhook = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => (body += text));
      request.on("end", () => {
        const { status, retryAfter } = answers.shift() ?? { status: 200 };
        if (status === 200)
          posted.push({ path: request.url!, text: (JSON.parse(body) as { text: string }).text });
        response.writeHead(status, retryAfter === undefined ? {} : { "retry-after": retryAfter }).end();
      });
    });
    // takes connections and says nothing
    hanging = createTcpServer(() => undefined);
    for (const server of [webhook, hanging])
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    await lab.json("deploy", "mysql", "--out", "keys", "--host", "localhost", "--version", "9");
    const key = (name: string) => readFileSync(join(lab.folder, "keys/keys", name));
    smtp = new SMTPServer({
      key: key("server-key.pem"),
      cert: key("server-cert.pem"),
      onAuth: ({ username, password }, _session, done) =>
        username === "pipeline" && password === mailPassword
          ? done(null, { user: username })
          : done(new Error("no")),
      onData: (stream, session, done) => {
        let text = "";
        stream.setEncoding("utf8").on("data", (part: string) => (text += part));
        stream.on("end", () => {
          assert.ok(session.secure, "encrypted");
          mails.push(text);
          done();
        });
      },
    });
    await new Promise<void>((resolve) => smtp.listen(0, "127.0.0.1", () => resolve()));

    for (const [i, subject] of subjects.entries()) {
      const name = `${subject}rec`;
      await generateRecording("tiny", i, join(lab.folder, "raw"), { durationS: 1, name });
      await lab.json(
        "session",
        "add",
        `raw/${name}_g0`,
        "--subject",
        subject,
        "--sex",
        "U",
        "--birth-date",
        "2026-01-01",
      );
      const bin = join(lab.folder, "raw", `${name}_g0`, `${name}_g0_imec0`, `${name}_g0_t0.imec0.ap.bin`);
      renameSync(bin, `${bin}.away`);
    }
    Object.assign(lab.env, { NODE_EXTRA_CA_CERTS: join(lab.folder, "keys/keys/ca.pem") });
  });
  after(async () => {
    webhook.close();
    hanging.close();
    await new Promise<void>((resolve) => smtp.close(() => resolve()));
    await lab.remove();
  });

  const port = (server: { address(): unknown }) => (server.address() as AddressInfo).port;

  function configure(notices: unknown): void {
    const file = join(lab.folder, "dj_local_conf.json");
    const configuration = JSON.parse(readFileSync(file, "utf8")) as { custom: Record<string, unknown> };
    configuration.custom["notices"] = notices;
    writeFileSync(file, JSON.stringify(configuration));
  }

  function secretFile(name: string, text: string): string {
    mkdirSync(join(lab.folder, "secrets"), { recursive: true });
    writeFileSync(join(lab.folder, "secrets", name), `${text}\n`, { mode: 0o600 });
    return `secrets/${name}`;
  }

  const hook = (path = secret) => ({
    webhook_file: secretFile(`hook-${path.length}`, `http://127.0.0.1:${port(webhook)}/${path}`),
  });
  const mailer = () => ({
    smtp: `localhost:${port(smtp.server)}`,
    user: "pipeline",
    password_file: secretFile("mail", mailPassword),
    from: "pipeline@lab.org",
    to: ["anna@lab.org"],
  });

  it("tests every target, and says which did not take it, without a secret", {
    timeout: 60_000,
  }, async () => {
    assert.equal((await lab.tenon("notices", "--test")).code, 1, "none is configured");
    configure([hook(), mailer()]);
    const good = await lab.tenon("notices", "--test");
    assert.equal(good.code, 0, good.out + good.err);
    assert.match(
      good.out,
      /webhook of secrets\/hook-.* sent\n.*mail to anna@lab\.org by localhost:\d+ .* sent/,
    );
    assert.match(posted.pop()!.text, /This is a test\. Nothing has failed\./);
    assert.match(mails.pop()!, /Subject: Tenon: a test/);

    const closed = createTcpServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const gone = port(closed);
    await new Promise((resolve) => closed.close(resolve));
    answers.push({ status: 404 });
    configure([
      { webhook_file: secretFile("gone", `http://127.0.0.1:${gone}/${secret}`) },
      hook(),
      { ...mailer(), password_file: secretFile("wrong", "wrong") },
    ]);
    const { code, out, err } = await lab.tenon("notices", "--test");
    assert.equal(code, 1);
    assert.match(out, /not sent: webhook of secrets\/gone: ECONNREFUSED/);
    assert.match(out, /not sent: webhook of secrets\/hook-.*: the server answered 404/);
    assert.match(out, /not sent: mail to .*: user and password were refused/);
    assert.ok(!`${out}${err}`.includes(secret));
  });

  it("refuses a configuration that it does not understand", async () => {
    const cases: readonly (readonly [unknown, RegExp])[] = [
      [[{ webhook: "x" }], /a webhook's URL is a secret and stands in no configuration/],
      [
        [{ ...hook(), on: ["error"] }],
        /'custom\.notices\[0\]\.on' must be some of failed, given up, done, worker stopped, got "error"/,
      ],
      [
        [{ webhook_file: secretFile("plain", "http://example.org/x") }],
        /the file secrets\/plain of .* must hold a URL that begins with https:\/\//,
      ],
      [[{ smtp: "mail" }], /'custom\.notices\[0\]\.to' must be addresses/],
    ];
    for (const [notices, expected] of cases) {
      configure(notices);
      const { code, err } = await lab.tenon("notices");
      assert.equal(code, 1, err);
      assert.match(err, expected);
    }
  });

  it("sends one notice for many keys of one cause; a target that is busy, hangs or is gone hurts no work", {
    timeout: 90_000,
  }, async () => {
    configure([
      hook(),
      mailer(),
      { webhook_file: secretFile("hangs", `http://127.0.0.1:${port(hanging)}/${secret}`) },
    ]);
    answers.push({ status: 503 }, { status: 429, retryAfter: "1" });
    const startMs = performance.now();
    const { code, err } = await lab.runWorkflow("standard_worker", "--once");
    assert.equal(code, 0, err);
    assert.ok(performance.now() - startMs < 40_000, "the hanging target is given up at the worker's end");
    assert.match(err, /made 0, failed 3, ended: once/);
    assert.match(err, /a notice was not sent \(failed, ephys\.EphysRecording\): /);
    assert.equal(posted.length, 1, JSON.stringify(posted));
    assert.equal(posted[0]!.path, `/${secret}`);
    assert.match(
      posted[0]!.text,
      /^\*Tenon: ephys\.EphysRecording: 3 keys failed\*\n```3 keys, the first: m\d, /,
    );
    assert.match(
      posted[0]!.text,
      /standard_worker on .*\ntenon jobs --step ephys\.EphysRecording shows the stack/,
    );
    assert.equal(mails.length, 1);
    assert.match(mails[0]!, /Subject: Tenon: ephys\.EphysRecording: 3 keys failed/);
    assert.ok(!err.includes(secret) && !err.includes(mailPassword));
    const database = readFileSync(join(lab.folder, "tenon.sqlite"));
    for (const text of [secret, mailPassword]) assert.equal(database.includes(text), false);
  });

  it("tells of dead letters and of a worker's end by an error", { timeout: 60_000 }, async () => {
    posted.length = 0;
    configure([
      {
        ...hook("other"),
        on: ["given up", "worker stopped", "done"],
        steps: ["EphysRecording", "standard_worker"],
      },
    ]);
    Object.assign(lab.env, { TENON_MOST_RETRIES: "1", TENON_RETRY_PAUSE_SECONDS: "1" });
    const file = join(lab.folder, "dj_local_conf.json");
    const configuration = JSON.parse(readFileSync(file, "utf8")) as { custom: Record<string, unknown> };
    configuration.custom["autoclear_error_patterns"] = ["%rec%"];
    writeFileSync(file, JSON.stringify(configuration));
    const { code, err } = await lab.runWorkflow("standard_worker", "--duration", "6", "--sleep", "1");
    assert.equal(code, 0, err);
    assert.equal(posted.length, 1, JSON.stringify(posted));
    assert.match(posted[0]!.text, /3 keys given up.*tried again as often as may be/s);

    Object.assign(lab.env, { RAW_ROOT_DATA_DIR: "nowhere" });
    const stopped = await lab.runWorkflow("standard_worker", "--once");
    delete (lab.env as Record<string, string>)["RAW_ROOT_DATA_DIR"];
    assert.equal(stopped.code, 1);
    assert.match(posted[1]!.text, /Tenon: standard_worker has stopped.*nowhere/s);
  });

  it("serves metrics while it works, and the pipeline's state by a command", {
    timeout: 60_000,
  }, async () => {
    configure([]);
    await lab.json("jobs", "--retry");
    const child = startProgram(
      "run-workflow",
      ["standard_worker", "--metrics-port", "0", "--sleep", "1"],
      lab.folder,
      lab.env,
    );
    let err = "";
    child.stderr!.setEncoding("utf8").on("data", (text: string) => (err += text));
    const ended = new Promise((resolve) => child.once("close", resolve));
    try {
      let text = "";
      const deadline = Date.now() + 30_000;
      while (
        !/tenon_keys_total\{process="ephys\.EphysRecording",outcome="failed",worker="standard_worker"\} 3\n/.test(
          text,
        )
      ) {
        assert.ok(Date.now() < deadline, err + text);
        await sleep(200);
        const url = /metrics at (\S+)/.exec(err)?.[1];
        if (url !== undefined) text = await (await fetch(url)).text();
      }
      assert.match(text, /^# TYPE tenon_key_duration_seconds histogram$/m);
      assert.match(text, /^process_resident_memory_bytes\{worker="standard_worker"\} \d+/m);
      assert.match(
        text,
        /^tenon_keys_at_work\{process="ephys\.EphysRecording",worker="standard_worker"\} 0$/m,
      );
    } finally {
      child.kill("SIGTERM");
    }
    await ended;
    const { out } = await lab.tenon("metrics");
    assert.match(out, /^tenon_jobs\{process="ephys\.EphysRecording",status="total"\} 3$/m);
    assert.match(out, /^tenon_jobs\{process="ephys\.EphysRecording",status="error"\} 3$/m);
    assert.match(out, /^tenon_workers \d+$/m);
  });

  it("writes a log that machines read, one object a line", { timeout: 60_000 }, async () => {
    await lab.json("jobs", "--retry");
    const { code, err } = await lab.runWorkflow("standard_worker", "--once", "--log-format", "json");
    assert.equal(code, 0, err);
    const entries = err
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const { time, level, worker, pid } of entries) {
      assert.ok(Math.abs(Date.parse(String(time)) - Date.now()) < 60_000);
      assert.deepEqual(
        [["info", "warning", "error"].includes(String(level)), worker, typeof pid],
        [true, "standard_worker", "number"],
      );
    }
    const failed = entries.filter(({ event }) => event === "failed");
    assert.equal(failed.length, 3);
    const {
      process: step,
      key,
      durationS,
      error,
    } = failed[0]! as {
      process: string;
      key: { subject: string };
      durationS: number;
      error: { class: string; stack: string };
    };
    assert.equal(step, "ephys.EphysRecording");
    assert.ok(subjects.includes(key.subject) && durationS >= 0 && error.stack.includes(error.class));
    assert.match(String(entries.at(-2)!["message"]), /made 0, failed 3, ended: once/);
  });
});
