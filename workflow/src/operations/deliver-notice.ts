/**
 * @module
 * Sends one notice to one target: a webhook as Slack takes it (`{"text": ...}`), or a mail. Every wait has an end.
 */
import type { NoticeTarget, SmtpTarget, WebhookTarget } from "../settings/notice-settings.ts";
import { bodyOf, type Notice, subjectOf } from "./notice.ts";

/** No answer for so long is none, ms. */
const answerMs = 10_000;

/** Thrown when a target did not take a notice. */
export class NoticeError extends Error {
  override readonly name = "NoticeError";
  /** Whether it may be taken later. */
  readonly isPassing: boolean;
  /** When the target asks to wait, s. */
  readonly retryAfterS: number | undefined;

  constructor(message: string, isPassing: boolean, retryAfterS?: number, options?: ErrorOptions) {
    super(message, options);
    this.isPassing = isPassing;
    this.retryAfterS = retryAfterS;
  }
}

/** @throws NoticeError, whose message holds neither URL nor password */
export async function deliverNotice(target: NoticeTarget, notice: Notice): Promise<void> {
  await (target.kind === "webhook" ? post(target, notice) : mail(target, notice));
}

async function post({ url, name }: WebhookTarget, notice: Notice): Promise<void> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        text: `*${subjectOf(notice)}*\n\`\`\`${bodyOf(notice).replaceAll("```", "'''")}\`\`\``,
      }),
      signal: AbortSignal.timeout(answerMs),
      redirect: "error",
    });
  } catch (error) {
    // fetch's own messages may hold the URL
    const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
    const why =
      (error as Error).name === "TimeoutError"
        ? `no answer for ${answerMs / 1000} s`
        : (cause?.code ?? cause?.message ?? "the request failed");
    throw new NoticeError(`${name}: ${why}`, true);
  }
  await response.body?.cancel();
  if (response.ok) return;
  const { status } = response;
  const after = Number(response.headers.get("retry-after"));
  throw new NoticeError(
    `${name}: the server answered ${status}`,
    status === 429 || status >= 500,
    Number.isFinite(after) && after > 0 ? after : undefined,
  );
}

async function mail(target: SmtpTarget, notice: Notice): Promise<void> {
  // loaded when it is needed: most workers send none
  const { createTransport } = await import("nodemailer");
  const { host, port, tls, user, password, from, to, name } = target;
  const transport = createTransport({
    host,
    port,
    secure: port === 465,
    requireTLS: tls === "required",
    ignoreTLS: tls === "none",
    connectionTimeout: answerMs,
    greetingTimeout: answerMs,
    socketTimeout: answerMs,
    ...(user === undefined ? {} : { auth: { user, pass: password ?? "" } }),
  });
  try {
    await transport.sendMail({ from, to: [...to], subject: subjectOf(notice), text: `${bodyOf(notice)}\n` });
  } catch (error) {
    const { code, responseCode, message } = error as Error & { code?: string; responseCode?: number };
    const why = code === "EAUTH" ? "user and password were refused" : message.split("\n")[0]!;
    throw new NoticeError(
      `${name}: ${why}`,
      code !== "EAUTH" && (responseCode === undefined || responseCode < 500),
    );
  } finally {
    transport.close();
  }
}
