/**
 * @module
 * Where notices go: `custom.notices`, a list of webhooks (as Slack takes them) and mail servers.
 *
 *   [{"webhook_file": "secrets/slack", "on": ["failed", "given up", "worker stopped"]},
 *    {"smtp": "mail.lab.org:587", "user": "pipeline", "password_file": "secrets/mail", "from": "pipeline@lab.org", "to": ["anna@lab.org"]}]
 *
 * A webhook's URL is a secret: whoever has it can write. So it is in a file of its own (mode 0600), or in the variable that `webhook_env` names.
 */
import { ConfigurationError, wrongSetting } from "./configuration-error.ts";
import { nearestName } from "./keys.ts";
import { readPasswordFile } from "./secret-file.ts";

/** What a notice may be about. */
export const noticeEvents = ["failed", "given up", "done", "worker stopped"] as const;
export type NoticeEvent = (typeof noticeEvents)[number];

interface CommonTarget {
  /** Without secrets, for people: `webhook secrets/slack`, `mail to anna@lab.org by mail.lab.org:587`. */
  readonly name: string;
  readonly on: readonly NoticeEvent[];
  /** Only steps whose names hold one of these; undefined: every one. */
  readonly steps: readonly string[] | undefined;
}

export interface WebhookTarget extends CommonTarget {
  readonly kind: "webhook";
  readonly url: string;
}

export interface SmtpTarget extends CommonTarget {
  readonly kind: "smtp";
  readonly host: string;
  readonly port: number;
  /** `required`: encrypted, or nothing is sent; `none` has to be written. */
  readonly tls: "required" | "none";
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly from: string;
  readonly to: readonly string[];
}

export type NoticeTarget = WebhookTarget | SmtpTarget;

const usualEvents: readonly NoticeEvent[] = ["failed", "given up", "worker stopped"];
const names = {
  webhook: ["webhook_file", "webhook_env", "on", "steps"],
  smtp: ["smtp", "user", "password_file", "from", "to", "tls", "on", "steps"],
} as const;

/** Reads the list.
 * @param path  makes a path absolute, from the configuration's folder
 * @throws ConfigurationError */
export function noticeSettings(
  value: unknown,
  env: Readonly<Record<string, string | undefined>>,
  path: (name: string) => string,
  where: string,
): readonly NoticeTarget[] {
  const list = (value ?? []) as readonly Record<string, unknown>[];
  return list.map((item, index) => {
    const key = `custom.notices[${index}]`;
    const kind = "smtp" in item ? "smtp" : "webhook";
    for (const name of Object.keys(item)) {
      if ((names[kind] as readonly string[]).includes(name)) continue;
      if (name === "webhook" || name === "url")
        throw new ConfigurationError(
          `${where}: '${key}.${name}': a webhook's URL is a secret and stands in no configuration. Put it into a file (mode 600) that webhook_file names.`,
          `${key}.${name}`,
          where,
        );
      const near = nearestName(name, names[kind]);
      throw wrongSetting(
        `${key}.${name}`,
        `one of ${names[kind].join(", ")}${near === undefined ? "" : ` (${near}?)`}`,
        name,
        where,
      );
    }
    const common = {
      on: eventsOf(item["on"], key, where),
      steps: textsOf(item["steps"], `${key}.steps`, where),
    };
    return kind === "smtp"
      ? smtpOf(item, common, key, path, where)
      : webhookOf(item, common, key, env, path, where);
  });
}

type Common = Pick<CommonTarget, "on" | "steps">;

function webhookOf(
  item: Readonly<Record<string, unknown>>,
  common: Common,
  key: string,
  env: Readonly<Record<string, string | undefined>>,
  path: (name: string) => string,
  where: string,
): WebhookTarget {
  const { webhook_file: file, webhook_env: variable } = item;
  if (typeof file === "string" && variable === undefined) {
    const url = checkedUrl(
      readPasswordFile(path(file), `${key}.webhook_file`),
      `the file ${file} of '${key}.webhook_file'`,
      where,
    );
    return { kind: "webhook", url, name: `webhook of ${file}`, ...common };
  }
  if (typeof variable === "string" && file === undefined) {
    const url = checkedUrl(env[variable] ?? "", `the variable ${variable} of '${key}.webhook_env'`, where);
    return { kind: "webhook", url, name: `webhook of $${variable}`, ...common };
  }
  throw wrongSetting(
    key,
    "webhook_file, webhook_env or smtp",
    Object.keys(item).join(", ") || "nothing",
    where,
  );
}

/** The URL itself is in no message: it is the secret. */
function checkedUrl(text: string, holder: string, where: string): string {
  const url = text.trim();
  if (!/^https:\/\/\S+$/.test(url) && !/^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(\/|$)/.test(url))
    throw new ConfigurationError(
      `${where}: ${holder} must hold a URL that begins with https:// (http:// to this machine alone), and ${url === "" ? "is empty" : "holds something else"}.`,
      "custom.notices",
      where,
    );
  return url;
}

function smtpOf(
  item: Readonly<Record<string, unknown>>,
  common: Common,
  key: string,
  path: (name: string) => string,
  where: string,
): SmtpTarget {
  const [, host, port] = /^([\w.-]+)(?::(\d+))?$/.exec(String(item["smtp"])) ?? [];
  if (host === undefined)
    throw wrongSetting(`${key}.smtp`, "HOST or HOST:PORT of the mail server", item["smtp"], where);
  const to = textsOf(item["to"], `${key}.to`, where);
  if (to === undefined || to.length === 0) throw wrongSetting(`${key}.to`, "addresses", item["to"], where);
  if (typeof item["from"] !== "string") throw wrongSetting(`${key}.from`, "an address", item["from"], where);
  const tls = item["tls"] ?? "required";
  if (tls !== "required" && tls !== "none") throw wrongSetting(`${key}.tls`, "required or none", tls, where);
  const user = item["user"] as string | undefined;
  const file = item["password_file"];
  if (user !== undefined && typeof file !== "string")
    throw wrongSetting(`${key}.password_file`, "a file with the password of the user", file, where);
  return {
    kind: "smtp",
    host,
    port: Number(port ?? 587),
    tls,
    user,
    password: typeof file === "string" ? readPasswordFile(path(file), `${key}.password_file`) : undefined,
    from: item["from"],
    to,
    name: `mail to ${to.join(", ")} by ${host}:${port ?? 587}`,
    ...common,
  };
}

function eventsOf(value: unknown, key: string, where: string): readonly NoticeEvent[] {
  const list = textsOf(value, `${key}.on`, where) ?? usualEvents;
  for (const name of list)
    if (!(noticeEvents as readonly string[]).includes(name))
      throw wrongSetting(`${key}.on`, `some of ${noticeEvents.join(", ")}`, name, where);
  return list as readonly NoticeEvent[];
}

function textsOf(value: unknown, key: string, where: string): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const list = typeof value === "string" ? [value] : value;
  if (!Array.isArray(list) || !list.every((item) => typeof item === "string"))
    throw wrongSetting(key, "a list of texts", value, where);
  return list;
}
