/**
 * @module
 * A real S3 server process for tests: moto's, from the Python environment that scripts/python-env.sh makes. It has multipart etags, storage
 * classes and metadata. It checks signatures when it is told to; then keys and prefixes may hold only what a URL takes as it is (no slash in a
 * prefix), since it signs the decoded address, where Amazon signs the encoded one (botocore's own requests fail there too).
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { S3Client } from "@aws-sdk/client-s3";

const python = process.env["TENON_PYTHON_S3"];

/** Why there can be no server, or false. */
export const noS3: string | false =
  python === undefined ? "no S3 server: TENON_PYTHON_S3 is not set (scripts/python-env.sh)" : false;

export interface S3Server {
  readonly endpoint: string;
  readonly client: S3Client;
  /** What programs read: keys, and the endpoint. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export interface SignedS3Server extends S3Server {
  /** Keys of an account for an hour, which need their token. */
  readonly temporary: Readonly<Record<string, string>>;
}

/** A server that checks who asks: one account, which may do everything with S3. */
export async function startSignedS3(): Promise<SignedS3Server> {
  const server = await startS3();
  const made = spawnSync(python!, ["-c", makeAccount, server.endpoint], { encoding: "utf8" });
  if (made.status !== 0) throw new Error(`No account could be made: ${made.stderr}`);
  const { id, secret, temporary } = JSON.parse(made.stdout) as Record<"id" | "secret", string> & {
    readonly temporary: Readonly<Record<string, string>>;
  };
  const { endpoint } = server;
  server.client.destroy();
  const credentials = { accessKeyId: id, secretAccessKey: secret };
  const client = new S3Client({ endpoint, forcePathStyle: true, region: "us-east-1", credentials });
  const env = { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_ENDPOINT_URL: endpoint };
  return { ...server, client, env, temporary: { ...env, ...temporary } };
}

/** From the seventh request on, signatures are checked. */
const makeAccount = `
import boto3, json, sys, urllib.request
url = sys.argv[1]
plain = {"Content-Type": "text/plain"}
urllib.request.urlopen(urllib.request.Request(url + "/moto-api/reset-auth", data=b"6", method="POST", headers=plain)).read()
def client(service): return boto3.client(service, endpoint_url=url, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y")
iam, sts = client("iam"), client("sts")
everything = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
trust = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]})
iam.create_user(UserName="lab")
key = iam.create_access_key(UserName="lab")["AccessKey"]
iam.put_user_policy(UserName="lab", PolicyName="s3", PolicyDocument=everything)
role = iam.create_role(RoleName="guest", AssumeRolePolicyDocument=trust)["Role"]
iam.put_role_policy(RoleName="guest", PolicyName="s3", PolicyDocument=everything)
guest = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="an-hour")["Credentials"]
print(json.dumps({"id": key["AccessKeyId"], "secret": key["SecretAccessKey"], "temporary": {
  "AWS_ACCESS_KEY_ID": guest["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": guest["SecretAccessKey"], "AWS_SESSION_TOKEN": guest["SessionToken"]}}))
`;

export async function startS3(): Promise<S3Server> {
  const port = await freePort();
  const program = join(dirname(python!), "moto_server");
  const child = spawn(program, ["-H", "127.0.0.1", "-p", `${port}`], { stdio: "ignore" });
  const endpoint = `http://127.0.0.1:${port}`;
  await untilAnswers(endpoint, child);
  const keys = { accessKeyId: "lab", secretAccessKey: "lab-secret-1" };
  const client = new S3Client({ endpoint, forcePathStyle: true, region: "us-east-1", credentials: keys });
  return {
    endpoint,
    client,
    env: {
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      AWS_ENDPOINT_URL: endpoint,
    },
    async stop() {
      client.destroy();
      const ended = new Promise((resolve) => child.once("close", resolve));
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function untilAnswers(endpoint: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`moto_server ended with ${child.exitCode}`);
    try {
      await fetch(endpoint);
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
