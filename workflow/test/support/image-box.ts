/**
 * @module
 * Containers without Docker: buildah builds the images and runs words in them with chroot isolation, which works where namespaces are not to
 * be had. Each service of compose.yaml is run with its own user, environment and mounts.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  cpSync,
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { services } from "./compose-file.ts";
import { cannotStart } from "./own-server.ts";
import { type Run, root, sharedData } from "./test-lab.ts";

const baseTool = join(sharedData, "../tools/base-image.sh");

/** Why images cannot be built and tried here, or false; the `skip` of a test. */
export function cannotBuild(): string | false {
  if (process.env["TENON_TEST_CONTAINERS"] === undefined)
    return "TENON_TEST_CONTAINERS is not set: building the images takes minutes (.ci/run sets it)";
  if (process.getuid?.() !== 0) return "building with chroot isolation needs root";
  if (!existsSync(baseTool)) return "no registry, and no ../shared/tools/base-image.sh";
  return cannotStart("mysql");
}

export function buildah(...words: readonly string[]): string {
  return execFileSync("buildah", words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}

/** Copies what git knows of this checkout, so that a test can add to it. */
export function copyTree(to: string): void {
  const listed = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const files = execFileSync("git", listed, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 }).split("\0");
  for (const file of files) {
    if (file === "" || !existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(to, file)), { recursive: true });
    cpSync(join(root, file), join(to, file));
  }
  symlinkSync(join(root, "node_modules"), join(to, "node_modules"));
}

/** Builds the images of a tree; returns their names. */
export function buildImages(tree: string, names: string): readonly string[] {
  const env = { ...process.env, BUILDER: "buildah", TENON_IMAGES: names, TENON_BASE_IMAGE_TOOL: baseTool };
  const built = execFileSync("bash", ["scripts/build-images.sh"], {
    cwd: tree,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  return built.trim().split("\n");
}

/** A worker that is told to end once it runs.
 * @param pid  whom the signal is sent to; asked when the worker runs
 * @returns how it ended */
export async function endBySignal(
  child: ChildProcess,
  worker: string,
  pid: () => number | Promise<number>,
): Promise<{ readonly code: number | null; readonly err: string }> {
  let err = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (err += text));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  while (!new RegExp(`${worker} on .*: \\d+ steps`).test(err)) {
    if (child.exitCode !== null) throw new Error(`${worker} ended before it began: ${err}`);
    await sleep(100);
  }
  process.kill(await pid(), "SIGTERM");
  return { code: await ended, err };
}

/** A container of one image. */
export class Box {
  readonly name: string;
  /** The container's files, as this machine sees them. */
  readonly files: string;
  readonly #mounts: Readonly<Record<string, string>>;

  /** @param mounts  folder of this machine by the name of a volume: raw, processed, backups, setup */
  constructor(image: string, mounts: Readonly<Record<string, string>>) {
    this.name = buildah("from", "--pull-never", image);
    this.files = buildah("mount", this.name);
    this.#mounts = mounts;
  }

  /** Starts words as a service of compose.yaml would run them. */
  start(
    service: string,
    words: readonly string[],
    more: Readonly<Record<string, string>> = {},
    user = services[service]!.user,
  ): ChildProcess {
    const { environment, volumes } = services[service]!;
    const env = Object.entries({ ...environment, ...more });
    const options = [
      ...env.flatMap(([key, value]) => ["--env", `${key}=${value ?? ""}`]),
      ...volumes.flatMap((volume) => ["-v", volume.replace(/^\w+/, (name) => this.#mounts[name]!)]),
      ...["--user", user],
    ];
    return spawn("buildah", ["run", "--isolation", "chroot", ...options, this.name, "--", ...words], {
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  async run(...start: Parameters<Box["start"]>): Promise<Run> {
    const child = this.start(...start);
    let [out, err] = ["", ""];
    child.stdout!.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr!.setEncoding("utf8").on("data", (text: string) => (err += text));
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    return { code: code!, out, err };
  }

  /** The worker's process in this container, as this machine counts. */
  workerPid(): number {
    const found = readdirSync("/proc").filter((name) => {
      if (!/^\d+$/.test(name)) return false;
      try {
        const words = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0");
        return (
          words[0] === "node" &&
          words.includes("/app/workflow/src/cli/run-workflow.ts") &&
          readlinkSync(`/proc/${name}/root`) !== "/"
        );
      } catch {
        // it ended meanwhile
        return false;
      }
    });
    if (found.length !== 1) throw new Error(`expected one worker in a container, found ${found.join(" ")}`);
    return Number(found[0]);
  }

  remove(): void {
    buildah("rm", this.name);
  }
}

/** Whether each of some texts is in a file of any size. */
export async function contains(file: string, texts: readonly string[]): Promise<boolean[]> {
  const found = texts.map(() => false);
  const longest = Math.max(...texts.map((text) => text.length));
  let rest = Buffer.alloc(0);
  for await (const part of createReadStream(file, { highWaterMark: 1 << 22 })) {
    const bytes = Buffer.concat([rest, part as Buffer]);
    for (const [i, text] of texts.entries()) found[i] ||= bytes.includes(text);
    rest = bytes.subarray(-longest);
  }
  return found;
}
