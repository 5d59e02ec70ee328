/**
 * `tenon migrate files` against a server that checks signatures: with an account's keys and with temporary ones everything comes; with wrong
 * ones the run ends with one sentence, and no secret is in it.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { CreateBucketCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { noS3, type SignedS3Server, startSignedS3 } from "../../support/s3-server.ts";
import { makeTestLab, type TestLab } from "../../support/test-lab.ts";

describe("tenon migrate files, signed", { skip: noS3, timeout: 120_000 }, () => {
  let s3: SignedS3Server;
  let lab: TestLab;
  const [small, large] = [randomBytes(1000), randomBytes(20 << 20)];

  before(async () => {
    s3 = await startSignedS3();
    lab = makeTestLab();
    const Bucket = "signed";
    await s3.client.send(new CreateBucketCommand({ Bucket }));
    await s3.client.send(new PutObjectCommand({ Bucket, Key: "s1/a-b_c.~d.bin", Body: small }));
    await s3.client.send(new PutObjectCommand({ Bucket, Key: "s1/large.bin", Body: large }));
  });
  after(async () => {
    await lab?.remove();
    await s3?.stop();
  });

  const copy = async (folder: string, env: Readonly<Record<string, string>>) => {
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"])
      delete (lab.env as Record<string, string>)[name];
    Object.assign(lab.env, env);
    const words = ["migrate", "files", "s3://signed", folder, "--json"];
    const { code, out, err } = await lab.tenon(...words);
    return {
      code,
      said: out + err,
      problems: (JSON.parse(out) as { problems: { code: string }[] }).problems,
    };
  };

  for (const kind of ["an account", "temporary keys"] as const)
    it(`brings everything with the keys of ${kind}, whole objects and ranges`, async () => {
      const folder = kind === "an account" ? "raw1" : "raw2";
      const { code, problems } = await copy(folder, kind === "an account" ? s3.env : s3.temporary);
      assert.deepEqual(problems, []);
      assert.equal(code, 0);
      assert.ok(readFileSync(join(lab.folder, folder, "s1/a-b_c.~d.bin")).equals(small));
      assert.ok(readFileSync(join(lab.folder, folder, "s1/large.bin")).equals(large));
    });

  const nobody = {
    AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
    AWS_SECRET_ACCESS_KEY: "planted-secret-4711",
  };
  for (const [name, wrong] of [
    ["a wrong secret", () => ({ ...s3.env, AWS_SECRET_ACCESS_KEY: "planted-secret-4711" })],
    ["an id that nobody has", () => ({ ...s3.env, ...nobody })],
    ["temporary keys without their token", () => without(s3.temporary, "AWS_SESSION_TOKEN")],
  ] as const)
    it(`says in one sentence that ${name} will not do, and writes no file`, async () => {
      const { code, said, problems } = await copy("raw3", wrong());
      assert.equal(code, 1);
      assert.deepEqual(
        problems.map((problem) => problem.code),
        ["credentials-refused"],
      );
      assert.match(said, /refuses the credentials for s3:\/\/signed/);
      assert.ok(!said.includes(wrong().AWS_SECRET_ACCESS_KEY!), "a secret is shown");
      assert.ok(!existsSync(join(lab.folder, "raw3/s1")));
    });
});

function without(env: Readonly<Record<string, string>>, name: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(env).filter(([one]) => one !== name));
}
