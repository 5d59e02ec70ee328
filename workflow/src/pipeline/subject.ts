/**
 * @module
 * Schema `subject`: animals and where they come from (pipeline contract 2.2).
 *
 * `subject varchar(8)` is short and labs widen it: never assume the width, the heading of the bound table has it.
 */
import { Schema } from "@tenon/datajoint";
import { Lab, Protocol, Source, User } from "./lab.ts";

export const schema = new Schema();

export class Species extends schema.lookup(`
  species : varchar(64)
`) {}

export class Strain extends schema.lookup(`
  strain : varchar(32)              # abbreviated strain name
  ---
  strain_standard_name : varchar(32)
  strain_desc='' : varchar(255)
`) {}

export class Allele extends schema.lookup(`
  allele : varchar(32)              # abbreviated allele name
  ---
  allele_standard_name='' : varchar(255)
`) {}

export class AlleleSource extends Allele.part(
  "Source",
  `
  -> Allele
  ---
  -> Source
  source_identifier='' : varchar(255)
  source_url='' : varchar(255)
  expression_data_url='' : varchar(255)
`,
  { Allele, Source },
) {}

export class Line extends schema.lookup(`
  line : varchar(32)                # abbreviated name
  ---
  line_description='' : varchar(2000)
  target_phenotype='' : varchar(255)
  is_active : boolean               # whether the line is in active breeding
`) {}

export class LineAllele extends Line.part(
  "Allele",
  `
  -> Line
  -> Allele
`,
  { Line, Allele },
) {}

export class Subject extends schema.manual(`
  subject : varchar(8)
  ---
  subject_nickname='' : varchar(64)
  sex : enum('M', 'F', 'U')
  subject_birth_date : date
  subject_description='' : varchar(1024)
`) {}

export class SubjectProtocol extends Subject.part("Protocol", "-> master\n-> Protocol", { Protocol }) {}

export class SubjectUser extends Subject.part("User", "-> master\n-> User", { User }) {}

export class SubjectSpecies extends Subject.part("Species", "-> master\n---\n-> Species", { Species }) {}

export class SubjectLine extends Subject.part("Line", "-> master\n---\n-> Line", { Line }) {}

export class SubjectStrain extends Subject.part("Strain", "-> master\n---\n-> Strain", { Strain }) {}

export class SubjectSource extends Subject.part("Source", "-> master\n---\n-> Source", { Source }) {}

export class SubjectLab extends Subject.part(
  "Lab",
  `
  -> master
  -> Lab
  ---
  subject_alias='' : varchar(32)    # alias of the subject in this lab, if different from the id
`,
  { Lab },
) {}

export class SubjectDeath extends schema.manual(
  `
  -> Subject
  ---
  death_date : date
`,
  { Subject },
) {}

export class SubjectCull extends schema.manual(
  `
  -> SubjectDeath
  ---
  cull_method='' : varchar(255)
  cull_reason='' : varchar(255)
  cull_notes='' : varchar(1000)
`,
  { SubjectDeath },
) {}

export class Zygosity extends schema.manual(
  `
  -> Subject
  -> Allele
  ---
  zygosity : enum('Present', 'Absent', 'Homozygous', 'Heterozygous')
`,
  { Subject, Allele },
) {}
