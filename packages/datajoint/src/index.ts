/**
 * @module
 * DataJoint for TypeScript: relational pipelines on MySQL, MariaDB and SQLite, in the format that datajoint-python reads and writes.
 *
 * A pipeline is table classes with definition texts, collected by a `Schema` and bound to a database by `schema.activate`. Classes are
 * queried with `restrict`, `join`, `proj`, `aggr` and `fetch`; `populate` computes what is missing, alone or with any number of workers.
 * Rows, keys and inserts are typed from the definition texts.
 */

// blobs
export { type Dtype, MatCell, MatSparse, MatStruct, NdArray, StructuredArray } from "./blob/arrays.ts";
export { unpack, unpackAsync } from "./blob/decode.ts";
export { pack, packAsync } from "./blob/encode.ts";
export { Complex, DateTime, Decimal, Float, Tuple, Uuid } from "./blob/python-values.ts";
// connections
export {
  Connection,
  type ConnectionSettings,
  connect,
  type MysqlSettings,
  openConnections,
  type SqliteSettings,
} from "./connection/connection.ts";
export type {
  RunResult,
  SqlRow,
  SqlValue,
  Statement,
  StatementLimits,
  TransactionOptions,
} from "./connection/driver.ts";
export type { ColumnTypes, EntryTypes } from "./definition/column-value-types.ts";
export type { InsertOf, KeyOf, ParentTables, RowOf, Typed } from "./definition/definition-types.ts";
export { type AttributeKind, Heading, type HeadingAttribute } from "./definition/heading.ts";
export { readTableName, type TableNameParts, type Tier } from "./definition/table-name.ts";
export { DependencyGraph, loadGraph, type TableRef } from "./dependencies/graph.ts";
// errors
export * from "./errors.ts";
// jobs
export {
  type PythonReservation,
  type PythonTiming,
  type PythonVerdict,
  PythonWatch,
} from "./jobs/dead-python.ts";
export { freeJobs, ignoreJobs, type JobRow, type JobStatus, readJobs, withErrors } from "./jobs/inspect.ts";
export type { JobKey } from "./jobs/job-key.ts";
export { keyHash } from "./jobs/key-hash.ts";
export { Leases, type LeasesOptions } from "./jobs/leases.ts";
export type { JobQueue, QueueShape } from "./jobs/queue.ts";
export { defaultTiming, type LeaseTiming } from "./jobs/timing.ts";
// populate
export type { AttemptHooks } from "./populate/attempt.ts";
export type { PopulateEvent } from "./populate/events.ts";
export type { PopulateError, PopulateOptions, PopulateResult } from "./populate/options.ts";
export type { Populatable as PopulateTable } from "./populate/populatable.ts";
export { populate, progress } from "./populate/populate.ts";
export { type QueueStatus, queueStatus } from "./populate/queue-status.ts";
export { type RetryOptions, retry } from "./populate/retry.ts";
export { findQueue, isHeld, releaseDeadPython } from "./populate/table-queue.ts";
// queries
export type { AggregateOptions } from "./query/aggregate.ts";
export { allOf, type HasNode, not, type RestrictOptions } from "./query/condition.ts";
export { type Attachment, uuidText } from "./query/decode-row.ts";
export type { JoinOptions } from "./query/join.ts";
export { type FetchOptions, type Mapping, Query, type RowCondition } from "./query/query.ts";
export { Top, type TopOptions } from "./query/top.ts";
export { UniversalSet, universal, universal as U } from "./query/universal-set.ts";
// schemas and tables
export { type CopiedTable, declareCopy } from "./schema/declare-copy.ts";
export { type ActivateOptions, Schema, type TableOptions } from "./schema/schema.ts";
export type { LooseTable, MakeParts, TableClass } from "./schema/table-class.ts";
export { type VirtualSchema, type VirtualSchemaOptions, virtualSchema } from "./schema/virtual-module.ts";
export type { CatalogueColumn } from "./sql/catalogue-column.ts";
export type { Capabilities, Catalogue, Dialect, ForeignKey } from "./sql/dialect.ts";
export { type RawResult, RawSession } from "./sql/mysql/raw-session.ts";
export type { Generation, Store } from "./table/bound-table.ts";
export { type DeleteOptions, type DeleteResult, deleteFrom, type TableCount } from "./table/delete.ts";
export type { DropOptions, DropResult } from "./table/drop.ts";
export type { InsertOptions } from "./table/insert.ts";
export type { Attempt, Key, Make, MakeContext } from "./table/make.ts";
export type { PartOptions } from "./table/table.ts";
