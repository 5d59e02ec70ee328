/** @module One SELECT in parts, as the writer builds it up. */
import type { Fragment } from "./fragment.ts";

export interface Column {
  readonly name: string;
  readonly sql: Fragment;
  /** Made by an expression, rather than a column under its own or another name. */
  readonly isComputed: boolean;
}

export interface Block {
  readonly columns: readonly Column[];
  readonly from: Fragment;
  /** Whether `from` has just these columns, so that it can stand in a JOIN as it is. */
  readonly isComplete: boolean;
  /** Whether `from` is a chain of joins. */
  readonly isChain: boolean;
  /** Joined by AND. */
  readonly where: readonly Fragment[];
  /** Present (even when empty) when rows are grouped. */
  readonly groupBy?: readonly Fragment[];
  readonly isDistinct?: boolean;
  /** ORDER BY and LIMIT. */
  readonly order?: Fragment;
  /** SELECTs joined by UNION, which stand for the whole block. */
  readonly compound?: Fragment;
}

/** Whether WHERE and other columns can still be added without changing what the block means. */
export function isOpen(block: Block): boolean {
  return (
    block.groupBy === undefined &&
    block.isDistinct !== true &&
    block.order === undefined &&
    block.compound === undefined
  );
}

export function namesOf(block: Block): readonly string[] {
  return block.columns.map((column) => column.name);
}

/** The block with only these of its columns, in this order. */
export function pick(block: Block, names: readonly string[]): Block {
  const columns = new Map(block.columns.map((column) => [column.name, column]));
  return { ...block, columns: names.map((name) => columns.get(name)!), isComplete: false };
}
