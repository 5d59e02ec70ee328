/**
 * @module
 * Schema `lab`: people, places and devices (pipeline contract 2.1).
 */
import { Schema } from "@tenon/datajoint";

export const schema = new Schema();

export class Organization extends schema.manual(`
  organization : varchar(24)        # abbreviated organization name
  ---
  org_name : varchar(255)           # full organization name
  org_address='' : varchar(512)     # address of the organization
  org_comment='' : varchar(1024)
`) {}

export class Lab extends schema.lookup(`
  lab : varchar(24)                 # abbreviated lab name
  ---
  lab_name : varchar(255)           # full lab name
  address : varchar(255)            # physical lab address
  time_zone : varchar(64)           # 'UTC±X' format or timezone, e.g., America/New_York
`) {}

export class LabOrganization extends Lab.part(
  "Organization",
  `
  -> Lab
  -> Organization
`,
  { Lab, Organization },
) {}

export class Location extends schema.lookup(
  `
  -> Lab
  location : varchar(32)            # location of space related to the lab
  ---
  location_description='' : varchar(255)
`,
  { Lab },
) {}

export class UserRole extends schema.lookup(`
  user_role : varchar(24)
`) {}

export class User extends schema.lookup(`
  user : varchar(32)                # username, short identifier
  ---
  user_email='' : varchar(128)
  user_cellphone='' : varchar(32)
  user_fullname='' : varchar(64)    # full name used to uniquely identify an individual
`) {}

export class LabMembership extends schema.lookup(
  `
  -> Lab
  -> User
  ---
  -> [nullable] UserRole
`,
  { Lab, User, UserRole },
) {}

export class ProtocolType extends schema.lookup(`
  protocol_type : varchar(32)
`) {}

export class Protocol extends schema.lookup(
  `
  # protocol approved by some institutions like IACUC, IRB
  protocol : varchar(36)            # protocol identifier
  ---
  -> ProtocolType
  protocol_description='' : varchar(255)
`,
  { ProtocolType },
) {}

export class Project extends schema.lookup(`
  # Top-level grouping of studies and experiments
  project : varchar(32)             # abbreviated project name
  ---
  project_description='' : varchar(1024)
`) {}

export class Source extends schema.lookup(`
  # Source of materials or animals
  source : varchar(32)              # abbreviated source name
  ---
  source_name : varchar(255)
  contact_details='' : varchar(255)
  source_description='' : varchar(255)
`) {}

export class Device extends schema.lookup(`
  device : varchar(32)
  ---
  modality : varchar(64)
  description='' : varchar(256)
`) {}

export class SkullReference extends schema.lookup(
  `
  skull_reference : varchar(60)
`,
  {},
  { contents: [{ skull_reference: "Bregma" }, { skull_reference: "Lambda" }] },
) {}
