/**
 * @module
 * Schema `session`: when a subject was recorded, and where the files are (pipeline contract 2.3).
 *
 * An imported database may have `(subject, session_id)` as the key: code above this module takes the key from the heading.
 */
import { Schema } from "@tenon/datajoint";
import { Project, User } from "./lab.ts";
import { Subject } from "./subject.ts";

export const schema = new Schema();

export class Session extends schema.manual(
  `
  -> Subject
  session_datetime : datetime
  ---
  session_id=null : int
`,
  { Subject },
) {}

export class SessionAttribute extends Session.part(
  "Attribute",
  `
  -> master
  attribute_name : varchar(32)
  ---
  attribute_value='' : varchar(2000)
  attribute_blob=null : longblob
`,
) {}

export class SessionDirectory extends schema.manual(
  `
  -> Session
  ---
  session_dir : varchar(256)        # path to the data directory for a session, relative to the raw root
`,
  { Session },
) {}

export class SessionExperimenter extends schema.manual(
  `
  # Individual(s) conducting the session
  -> Session
  -> User
`,
  { Session, User },
) {}

export class SessionNote extends schema.manual(
  `
  # Additional notes for a given session
  -> Session
  ---
  session_note : varchar(1024)
`,
  { Session },
) {}

export class ProjectSession extends schema.manual(
  `
  # Table linking upstream Projects with Session
  -> Project
  -> Session
`,
  { Project, Session },
) {}
