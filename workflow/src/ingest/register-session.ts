/**
 * @module
 * Registering a session: which rows a folder needs, and inserting them in one transaction. A dry run stops after the first half.
 */
import type { Connection } from "@tenon/datajoint";
import { findRecordings, openRecording, type Recording } from "@tenon/ephys";
import * as ephys from "../pipeline/ephys.ts";
import * as probe from "../pipeline/probe.ts";
import * as session from "../pipeline/session.ts";
import * as subject from "../pipeline/subject.ts";
import { insertionNumber } from "./find-recordings.ts";
import { overlap, relativeToRoot } from "./paths.ts";
import { electrodeRows, probeTypeName } from "./probe-types.ts";

/** Thrown when a session cannot be registered as asked. */
export class RegistrationError extends Error {
  override readonly name = "RegistrationError";
}

export interface RegistrationRequest {
  /** Absolute path of the session folder, or of one recording's file. */
  readonly path: string;
  readonly rawRoots: readonly string[];
  readonly subject: string;
  /** For a subject that is not in the database yet. */
  readonly sex?: string | undefined;
  readonly birthDate?: string | undefined;
  /** `YYYY-MM-DD HH:MM:SS`; default: what the recording says. */
  readonly datetime?: string | undefined;
  /** Only the recording of this probe. */
  readonly probeSerial?: string | undefined;
}

/** The rows by table, parents first; those that are there already are left out. */
export interface Registration {
  readonly key: { readonly subject: string; readonly session_datetime: string };
  readonly sessionDir: string;
  readonly rows: readonly {
    readonly table: string;
    readonly rows: readonly Readonly<Record<string, unknown>>[];
  }[];
}

interface Insertable {
  insert(
    rows: readonly Readonly<Record<string, unknown>>[],
    options?: { skipDuplicates?: boolean },
  ): Promise<unknown>;
}

// rows are built here by hand and checked by insert itself, so the tables are used through this narrow door
const tables: Readonly<Record<string, Insertable>> = {
  ProbeType: probe.ProbeType,
  "ProbeType.Electrode": probe.ProbeTypeElectrode,
  Probe: probe.Probe,
  Subject: subject.Subject,
  Session: session.Session,
  SessionDirectory: session.SessionDirectory,
  ProbeInsertion: ephys.ProbeInsertion,
} as unknown as Readonly<Record<string, Insertable>>;

/**
 * Works out what a session folder needs.
 * @throws RegistrationError, PathError, RecordingError
 */
export async function planRegistration(request: RegistrationRequest): Promise<Registration> {
  const found = await recordings(request);
  const datetime = request.datetime ?? toDatetime(found[0]!.recording.startTime);
  if (datetime === undefined)
    throw new RegistrationError(
      `The recording in ${request.path} does not say when it began: give --datetime "YYYY-MM-DD HH:MM:SS".`,
    );
  if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(datetime))
    throw new RegistrationError(`A session's datetime is "YYYY-MM-DD HH:MM:SS", got "${datetime}".`);
  const key = { subject: request.subject, session_datetime: datetime };
  const sessionDir = relativeToRoot(request.rawRoots, request.path);
  const rows: { table: string; rows: Readonly<Record<string, unknown>>[] }[] = [];

  for (const { recording, serial } of found) {
    const type = probeTypeName(recording.probe);
    if (
      (await probe.ProbeType.restrict({ probe_type: type }).count()) === 0 &&
      !rows.some((r) => r.rows[0]!["probe_type"] === type)
    ) {
      rows.push({ table: "ProbeType", rows: [{ probe_type: type }] });
      rows.push({
        table: "ProbeType.Electrode",
        rows: electrodeRows(recording.probe).map((row) => ({ ...row })),
      });
    }
    if ((await probe.Probe.restrict({ probe: serial }).count()) === 0)
      rows.push({ table: "Probe", rows: [{ probe: serial, probe_type: type }] });
  }
  const [known] = await subject.Subject.restrict({ subject: request.subject }).fetch();
  if (known === undefined) rows.push(newSubject(request));
  else refuseOtherSubject(request, known);
  if ((await session.Session.restrict(key).count()) === 0) rows.push({ table: "Session", rows: [key] });
  await refuseOtherDirectory(key, sessionDir);
  await refuseOtherSession(key, sessionDir);
  if ((await session.SessionDirectory.restrict(key).count()) === 0)
    rows.push({ table: "SessionDirectory", rows: [{ ...key, session_dir: sessionDir }] });
  const insertions: Record<string, unknown>[] = [];
  for (const { number, serial } of found) {
    const row = { ...key, insertion_number: number };
    const there = await ephys.ProbeInsertion.restrict(row).fetch();
    if (there.length === 0) insertions.push({ ...row, probe: serial });
    else if (there[0]!.probe !== serial)
      throw new RegistrationError(
        `Insertion ${number} of this session is probe ${there[0]!.probe} in the database, but the recording was made with ${serial}.`,
      );
  }
  if (insertions.length > 0) rows.push({ table: "ProbeInsertion", rows: insertions });
  for (const { recording } of found) await recording.close();
  return { key, sessionDir, rows };
}

/** Inserts the rows of a plan, all or none. */
export async function register(connection: Connection, plan: Registration): Promise<void> {
  await connection.transaction(() => insertAll(plan));
}

/** Makes sure that the rows of a plan can be inserted: inserts them as `register` does, and takes them back.
 * @throws what `register` would */
export async function tryRegister(connection: Connection, plan: Registration): Promise<void> {
  const takenBack = new Error("taken back");
  await connection
    .transaction(async () => {
      await insertAll(plan);
      throw takenBack;
    })
    .catch((error: unknown) => {
      if (error !== takenBack) throw error;
    });
}

async function insertAll(plan: Registration): Promise<void> {
  for (const { table, rows } of plan.rows)
    await tables[table]!.insert(rows, {
      skipDuplicates: /^Probe/.test(table) && table !== "ProbeInsertion",
    });
}

interface Found {
  readonly recording: Recording;
  /** The insertion number. */
  readonly number: number;
  /** The probe's serial number: the recording's own, or the one that the request gives to a recording that says none. */
  readonly serial: string;
}

async function recordings(request: RegistrationRequest): Promise<Found[]> {
  const found: Found[] = [];
  for (const [index, source] of (await findRecordings(request.path)).entries()) {
    const recording = await openRecording(source);
    const serial = recording.probe.serial || request.probeSerial;
    if (serial === undefined)
      throw new RegistrationError(
        `${source.path} does not say which probe it was made with: give --probe-serial.`,
      );
    if (request.probeSerial === undefined || serial === request.probeSerial)
      found.push({ recording, number: insertionNumber(source.path, index), serial });
    else await recording.close();
  }
  try {
    refuseTwice(found);
  } catch (error) {
    for (const { recording } of found) await recording.close();
    throw error;
  }
  if (found.length > 0) return found;
  throw new RegistrationError(
    `No recording of probe ${request.probeSerial} below ${request.path}; \`tenon session verify\` shows what is there.`,
  );
}

/** A probe has one recording in a session, and an insertion number one probe.
 * @throws RegistrationError */
function refuseTwice(found: readonly Found[]): void {
  for (const [index, one] of found.entries())
    for (const other of found.slice(0, index)) {
      const both = `${other.recording.source.path} and ${one.recording.source.path}`;
      if (one.serial === other.serial)
        throw new RegistrationError(
          `Two recordings were made with probe ${one.serial}: ${both}. A session holds one recording of each probe: give the folder of one run, and add the others as sessions of their own.`,
        );
      if (one.number === other.number)
        throw new RegistrationError(
          `Two probes would be insertion ${one.number}: ${both}. The number is what stands behind "imec" in the folder's name: give the folder of one run, or number the folders apart.`,
        );
    }
}

function newSubject(request: RegistrationRequest) {
  if (request.sex === undefined || request.birthDate === undefined)
    throw new RegistrationError(
      `Subject '${request.subject}' is not in the database. To add it, give --sex (M, F or U) and --birth-date YYYY-MM-DD; or insert it first.`,
    );
  return {
    table: "Subject",
    rows: [{ subject: request.subject, sex: request.sex, subject_birth_date: request.birthDate }],
  };
}

/** What is said of a subject that is there must be what is there: else it is perhaps another animal's name.
 * @throws RegistrationError */
function refuseOtherSubject(
  request: RegistrationRequest,
  known: { readonly sex: unknown; readonly subject_birth_date: unknown },
): void {
  const said = [
    ["sex", request.sex?.toUpperCase(), known.sex],
    ["birth-date", padded(request.birthDate), known.subject_birth_date],
  ] as const;
  for (const [name, given, there] of said)
    if (given !== undefined && String(there) !== given)
      throw new RegistrationError(
        `Subject '${request.subject}' is in the database with ${name} ${String(there)}, and --${name} says ${given}. Leave it out if the database is right, correct the row if it is not, or give the subject that is meant.`,
      );
}

/** `2026-1-5` as the database has it. */
function padded(date: string | undefined): string | undefined {
  return date?.replace(/^(\d{4})-(\d{1,2})-(\d{1,2})$/, (_, year, month, day) =>
    [year, String(month).padStart(2, "0"), String(day).padStart(2, "0")].join("-"),
  );
}

async function refuseOtherDirectory(key: Registration["key"], sessionDir: string): Promise<void> {
  const [there] = await session.SessionDirectory.restrict(key).fetch();
  if (there !== undefined && there.session_dir !== sessionDir)
    throw new RegistrationError(
      `Session ${key.subject} ${key.session_datetime} has the directory '${there.session_dir}' in the database, not '${sessionDir}'. Give another --datetime for another session.`,
    );
}

/** A folder belongs to one session: two would write their results into one output directory.
 * @throws RegistrationError */
async function refuseOtherSession(key: Registration["key"], sessionDir: string): Promise<void> {
  for (const other of await session.SessionDirectory.fetch()) {
    if (other.subject === key.subject && other.session_datetime === key.session_datetime) continue;
    if (overlap(other.session_dir, sessionDir))
      throw new RegistrationError(
        `'${sessionDir}' cannot be the folder of session ${key.subject} ${key.session_datetime}: session ${other.subject} ${other.session_datetime} has '${other.session_dir}', and the results of both would get into each other's folders. Register each recording folder once; if the other session is wrong, delete it first.`,
      );
  }
}

/** SpikeGLX's `2026-01-05T10:11:12` as the database writes it. */
function toDatetime(text: string | undefined): string | undefined {
  return text?.replace("T", " ").slice(0, 19);
}
