/**
 * @module
 * What an error of the S3 client means: try again, give up this object, or end the run. By codes, never by a message's text; the client's
 * error stays the cause. The sentences hold no part of the server's answer but its code, since some servers echo what was signed.
 */
import { FilesError, ObjectError } from "./file-problem.ts";
import { type S3Location, s3Text } from "./s3-location.ts";

/** Thrown when another try may go well: the server was busy, the connection broke or stood still. */
export class PassingError extends Error {
  override readonly name = "PassingError";
  /** No answer came at all. */
  readonly isNetwork: boolean;
  constructor(message: string, isNetwork: boolean, options?: ErrorOptions) {
    super(message, options);
    this.isNetwork = isNetwork;
  }
}

interface ClientError extends Error {
  readonly Code?: string;
  readonly code?: string;
  readonly Region?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly statusCode?: number; readonly headers?: Readonly<Record<string, string>> };
}

const expired = new Set(["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"]);
const refused = new Set([
  "AuthFailure",
  "InvalidAccessKeyId",
  "InvalidClientTokenId",
  "InvalidSecurity",
  "InvalidToken",
  "NotSignedUp",
  "SignatureDoesNotMatch",
  "UnrecognizedClientException",
]);
const certificate =
  /^(UNABLE_TO_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|CERT_|ERR_TLS_CERT_ALTNAME|CERTIFICATE_)/;
const passing = new Set([
  "BandwidthLimitExceeded",
  "InternalError",
  "OperationAborted",
  "RequestTimeout",
  "ServiceUnavailable",
  "SlowDown",
  "Throttling",
  "ThrottlingException",
  "TooManyRequests",
]);
const broken = new Set([
  "EAI_AGAIN",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETDOWN",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ERR_STREAM_PREMATURE_CLOSE",
  "ETIMEDOUT",
]);

export interface FailureContext {
  readonly location: S3Location;
  /** How the server is called in sentences. */
  readonly server: string;
  /** Undefined for a listing. */
  readonly key?: string;
}

/** Translates an error of the client. Errors of ours and of an abort pass as they are. */
export function readFailure(thrown: unknown, { location, server, key }: FailureContext): Error {
  const error = thrown as ClientError;
  if (error instanceof FilesError || error instanceof ObjectError || error instanceof PassingError)
    return error;
  const status = error.$response?.statusCode ?? error.$metadata?.httpStatusCode ?? 0;
  const code = error.Code ?? error.name;
  const system = error.code ?? (error.cause as { code?: string } | undefined)?.code ?? "";
  const where = key === undefined ? s3Text(location) : `s3://${location.bucket}/${key}`;
  const options = { cause: thrown };
  const run = (name: FilesError["code"], message: string) => new FilesError(name, where, message, options);

  if (expired.has(code))
    return run(
      "credentials-expired",
      `The credentials for ${s3Text(location)} have expired (${code}). Get new ones, set them as before, and give the same command again: it goes on where it stopped.`,
    );
  if (refused.has(code))
    return run(
      "credentials-refused",
      `${server} refuses the credentials for ${s3Text(location)} (${code}). Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or the store's keys; a temporary key needs its session token.`,
    );
  if (code === "RequestTimeTooSkewed")
    return run(
      "clock-differs",
      `This machine's clock differs too much from that of ${server}. Set it (timedatectl set-ntp true) and run again.`,
    );
  if (code === "NoSuchBucket")
    return run(
      "no-such-bucket",
      `${server} has no bucket '${location.bucket}'. Check the name, and --endpoint.`,
    );
  const region = error.$response?.headers?.["x-amz-bucket-region"] ?? error.Region;
  if (
    [301, 307].includes(status) ||
    ["AuthorizationHeaderMalformed", "IllegalLocationConstraintException"].includes(code)
  )
    return run(
      "wrong-region",
      `The bucket '${location.bucket}' is in another region${region === undefined ? "" : `, ${region}`}. Run again with --region ${region ?? "REGION"}.`,
    );
  if (certificate.test(system))
    return run(
      "certificate-refused",
      `The certificate of ${server} is not trusted (${system}). If it is the lab's own, give its authority: --ca FILE.pem (or AWS_CA_BUNDLE).`,
    );
  if (code === "InvalidObjectState")
    return new ObjectError("archived-object", "it is in an archive tier", options);
  if (status === 412) return new ObjectError("object-changed", "it was changed while it was read", options);
  if (status === 416)
    return new ObjectError("object-changed", "it is shorter than the listing said", options);
  if (status === 404 && key !== undefined)
    return new ObjectError("object-gone", "it is listed but not there any more", options);
  if (status === 403 || status === 401)
    return key === undefined
      ? run(
          "access-denied",
          `The credentials may not list ${s3Text(location)} (${code}). They need s3:ListBucket and s3:GetObject there; was the prefix typed as the platform names it?`,
        )
      : new ObjectError("access-denied", `the credentials may not read it (${code})`, options);
  if (status >= 500 || status === 429 || status === 408 || passing.has(code))
    return new PassingError(`${server} answered ${status} ${code}`, false, options);
  if (
    broken.has(system) ||
    broken.has(code) ||
    code === "TimeoutError" ||
    error.message === "aborted" ||
    error.message === "socket hang up"
  )
    return new PassingError(`the connection to ${server} broke (${system || code})`, true, options);
  if (status >= 400 && key !== undefined)
    return new ObjectError("fetch-failed", `${server} answered ${status} ${code}`, options);
  return run(
    "server-error",
    `${server} did not answer as an S3 server does (${status > 0 ? `${status} ` : ""}${system || code}). Is the endpoint right, and http or https?`,
  );
}
