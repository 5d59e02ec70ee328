/**
 * @module
 * The one function that turns errors of mysql2 and of the server into ours: by number and code, never by text.
 */
import {
  AccessError,
  DataJointError,
  DuplicateError,
  IntegrityError,
  LostConnectionError,
  MissingAttributeError,
  MissingTableError,
  QueryError,
  QuerySyntaxError,
  RetryTransactionError,
  UnknownAttributeError,
  ValueError,
} from "../../errors.ts";

interface Mysql2Error extends Error {
  readonly code?: string;
  readonly errno?: number;
  readonly sqlMessage?: string;
  readonly fatal?: boolean;
}

/** The connection ended: codes of mysql2 and of Node's sockets, and the server's own numbers for it. */
const lostCodes = new Set([
  "PROTOCOL_CONNECTION_LOST",
  "PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR",
  "PROTOCOL_ENQUEUE_AFTER_QUIT",
  "PROTOCOL_SEQUENCE_TIMEOUT",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ECONNABORTED",
  "EADDRNOTAVAIL",
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_WRITE_AFTER_END",
]);
/** All connections taken (of the server, the account): the server cannot be used now, and can a moment later. */
const crowdedNumbers = new Set([1040, 1203, 1226]);
/** 1053 shutdown in progress, 1077/1079 shutdown, 1152 aborted, 1317 is a killed query and not one of them; 1927 and 4031: session ended by the server. */
const lostNumbers = new Set([0, 1053, 1077, 1079, 1152, 1927, 2006, 2013, 4031]);
/** 1044, 1142, 1143 1227 1370: privileges; 1045, 1698: user and password; 1130: host not allowed; 3118: account locked; 1820, 1862: password expired. */
const accessNumbers = new Set([1044, 1045, 1130, 1142, 1143, 1227, 1370, 1410, 1698, 1820, 1862, 3118]);
const retryNumbers = new Set([1020, 1205, 1213, 3572]);
const integrityNumbers = new Set([1216, 1217, 1451, 1452, 3730]);
/** Out of range, too long, not a member, not a date or number, not JSON; 4025 is MariaDB's failed CHECK (JSON columns), 3819 MySQL's. */
const valueNumbers = new Set([1264, 1265, 1292, 1366, 1367, 1406, 1411, 1690, 3140, 3141, 3156, 3819, 4025]);

/** Whether an error says that the session is gone. */
export function isLost(error: unknown): boolean {
  const { code, errno, fatal } = error as Mysql2Error;
  if (code !== undefined && lostCodes.has(code)) return true;
  // mysql2 gives no code when a statement is sent on a session that it knows to be closed
  if (code === undefined && errno === undefined) return fatal === true;
  return errno !== undefined && lostNumbers.has(errno) && (errno !== 0 || fatal === true);
}

/** Turns what mysql2 threw into an error of `errors.ts`, with the original as its cause. Errors of ours pass unchanged.
 *  @param where  `user@host:port`, for messages on access and reach */
export function translateError(error: unknown, where: string, statement?: string): Error {
  if (error instanceof DataJointError) return error;
  if (!(error instanceof Error))
    return new DataJointError(`The database driver threw: ${String(error)}`, { cause: error });
  const { code, errno, sqlMessage } = error as Mysql2Error;
  const says = sqlMessage ?? error.message;
  const options = { cause: error };
  if (isLost(error)) {
    return new LostConnectionError(
      `${lostReason(code)} ${where}: ${says || code}. Check that the server runs and the address is right.`,
      options,
    );
  }
  if (errno === undefined) {
    if (
      code === "HANDSHAKE_NO_SSL_SUPPORT" ||
      code === "HANDSHAKE_SSL_ERROR" ||
      /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO)/.test(code ?? "")
    ) {
      return new AccessError(
        `TLS with ${where} failed: ${says}. database.ssl_ca (DJ_SSL_CA) names the authority to check the certificate with; database.use_tls (DJ_USE_TLS) says whether TLS is required.`,
        code ?? "TLS",
        undefined,
        options,
      );
    }
    return new QueryError(says, code ?? "unknown", statement, options);
  }
  const name = String(errno);
  if (crowdedNumbers.has(errno)) {
    return new LostConnectionError(
      `No connection to ${where} is free: ${says}. Start fewer workers, or raise max_connections on the server (a worker needs up to 4).`,
      options,
    );
  }
  if (retryNumbers.has(errno))
    return new RetryTransactionError(`${says}. Run the whole transaction again.`, name, statement, options);
  if (integrityNumbers.has(errno)) return new IntegrityError(says, name, statement, options);
  if (valueNumbers.has(errno))
    return new ValueError(`The database refused a value: ${says}`, undefined, options);
  if (accessNumbers.has(errno)) return accessError(errno, says, where, statement, options);
  switch (errno) {
    case 1064:
    case 1149:
    case 1305:
      return new QuerySyntaxError(says, name, statement, options);
    // all tables are named with their schemas, so only a function can be looked for in the database that is selected
    case 1046:
      return new QuerySyntaxError(
        `${says}: the statement calls a function that the server does not know.`,
        name,
        statement,
        options,
      );
    case 1062:
    case 1586:
      return new DuplicateError(
        `${says}. With skipDuplicates: true such rows are left out.`,
        name,
        statement,
        options,
      );
    case 1054:
      return new UnknownAttributeError(says, name, statement, options);
    case 1048:
    case 1364:
      return new MissingAttributeError(`${says}. Every row needs that attribute.`, name, statement, options);
    case 1049:
    case 1051:
    case 1109:
    case 1146:
      return new MissingTableError(says, options);
    case 1153:
      return new QueryError(
        `${says}. Raise max_allowed_packet on the server, or insert fewer rows at once.`,
        name,
        statement,
        options,
      );
    default:
      return new QueryError(says, name, statement, options);
  }
}

function lostReason(code: string | undefined): string {
  switch (code) {
    case "ECONNREFUSED":
      return "Nothing listens at";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "No such host:";
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return "No answer from";
    default:
      return "Lost the connection to";
  }
}

function accessError(
  errno: number,
  says: string,
  where: string,
  statement: string | undefined,
  options: ErrorOptions,
): AccessError {
  const isLogin = errno === 1045 || errno === 1698 || errno === 1130 || errno === 3118;
  const hint = isLogin
    ? `The server refused ${where}: ${says}. User and password come from DJ_USER and DJ_PASS, else database.user and database.password in dj_local_conf.json.`
    : `${where} lacks a privilege: ${says}`;
  return new AccessError(hint, String(errno), statement, options);
}
