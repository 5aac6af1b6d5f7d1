// Checked views over a batch: rules read collections, not lists.

import { type Batch, NO_TEXT, NO_TIME, type PolicyError } from './wire.ts';

/** What a collection's key stands for; the numbers are frozen. */
export const Kind = {
  None: 0,
  Table: 1,
  PartitionedTable: 2,
  Partition: 3,
  View: 4,
  MaterializedView: 5,
  ForeignTable: 6,
  TemporaryTable: 7,
  Ambiguous: 8,
  Other: 9,
} as const;

const LAST_KIND = 9;
const LAST_ENABLED = 3;
const KNOWN_TYPE = 127;
const KNOWN_BITS = 511;

/** A text of the batch; its symbol is what evidence refers to. */
export interface Text {
  symbol: number;
  text: string;
}

/** A trigger that holds the birth name or is bound to the birth function. */
export class Trigger {
  constructor(
    readonly name: Text,
    readonly functionName: Text,
    readonly type: number,
    readonly bits: number,
    readonly enabled: number,
  ) {}

  get isRow() { return (this.type & 1) !== 0; }
  get isBefore() { return (this.type & 2) !== 0; }
  get onInsert() { return (this.type & 4) !== 0; }
  get onDelete() { return (this.type & 8) !== 0; }
  get onUpdate() { return (this.type & 16) !== 0; }
  get onTruncate() { return (this.type & 32) !== 0; }
  get isInsteadOf() { return (this.type & 64) !== 0; }

  get holdsName() { return (this.bits & 1) !== 0; }
  get isBoundToFunction() { return (this.bits & 2) !== 0; }
  get isInternal() { return (this.bits & 4) !== 0; }
  get isClone() { return (this.bits & 8) !== 0; }
  get isConstraintTrigger() { return (this.bits & 16) !== 0; }
  get hasWhen() { return (this.bits & 32) !== 0; }
  get hasArguments() { return (this.bits & 64) !== 0; }
  get hasColumnList() { return (this.bits & 128) !== 0; }
  get hasTransitionTables() { return (this.bits & 256) !== 0; }

  get isDisabled() { return this.enabled === 1; }
  get isReplicaOnly() { return this.enabled === 2; }
  get isAlways() { return this.enabled === 3; }
}

/** A collection and what the registry says of it. */
export interface Collection {
  key: Text;
  role: Text | undefined;
  name: Text | undefined;
  kind: number;
  coverageStatus: Text | undefined;
  scopeStatus: Text | undefined;
  exemptionReason: Text | undefined;
  reviewOwner: Text | undefined;
  /** Seconds since 1970-01-01 UTC. */
  decidedAt: bigint | undefined;
  decidedBy: Text | undefined;
  speciesMappings: number;
  triggers: Trigger[];
}

/** Reads a batch after checking its whole layout; throws what breaks it. */
export function* collections(batch: Batch): Generator<Collection> {
  const texts = textsOf(batch.text.heap, batch.text.ends);
  const triggers = triggersOf(batch, texts);
  const all = batch.collections;
  const items = all.key.length;
  numbers('collections.kind', all.kind, items, (kind) => kind <= LAST_KIND);
  length('collections.decided-at', all.decidedAt, items);
  length('collections.species-mappings', all.speciesMappings, items);
  const column = (list: string, symbols: Uint32Array) => optional(list, symbols, items, texts);
  const key = required('collections.key', all.key, items, texts);
  const role = column('collections.role', all.role);
  column('collections.schema', all.schema);
  const name = column('collections.name', all.name);
  const status = column('collections.coverage-status', all.coverageStatus);
  const scope = column('collections.scope-status', all.scopeStatus);
  const reason = column('collections.exemption-reason', all.exemptionReason);
  const owner = column('collections.review-owner', all.reviewOwner);
  const by = column('collections.decided-by', all.decidedBy);
  for (let at = 0; at < items; at++) {
    const decidedAt = all.decidedAt[at]!;
    yield {
      key: key(at)!,
      role: role(at),
      name: name(at),
      kind: all.kind[at]!,
      coverageStatus: status(at),
      scopeStatus: scope(at),
      exemptionReason: reason(at),
      reviewOwner: owner(at),
      decidedAt: decidedAt === NO_TIME ? undefined : decidedAt,
      decidedBy: by(at),
      speciesMappings: all.speciesMappings[at]!,
      triggers: triggers.slice(batch.triggers.start[at]!, batch.triggers.start[at + 1]!),
    };
  }
}

function triggersOf(batch: Batch, texts: Text[]): Trigger[] {
  const all = batch.triggers;
  const items = all.name.length;
  starts('triggers.start', all.start, batch.collections.key.length, items);
  const name = required('triggers.name', all.name, items, texts);
  const functionName = required('triggers.function', all.function, items, texts);
  numbers('triggers.type', all.type, items, (type) => (type & ~KNOWN_TYPE) === 0);
  numbers('triggers.bits', all.bits, items, (bits) => (bits & ~KNOWN_BITS) === 0);
  numbers('triggers.enabled', all.enabled, items, (enabled) => enabled <= LAST_ENABLED);
  return Array.from({ length: items }, (_, at) =>
    new Trigger(name(at)!, functionName(at)!, all.type[at]!, all.bits[at]!, all.enabled[at]!));
}

/**
 * The texts of a heap. Ends count bytes of UTF-8, and a string of this language
 * counts units of UTF-16. As many of the one as of the other means that every
 * character is of ASCII; otherwise the heap is walked once.
 */
function textsOf(lifted: string, ends: Uint32Array): Text[] {
  const bytes = ends.at(-1) ?? 0;
  const texts: Text[] = [];
  if (lifted.length === bytes) {
    let from = 0;
    for (let symbol = 0; symbol < ends.length; symbol++) {
      const end = ends[symbol]!;
      if (end < from) {
        malformed('text.ends');
      }
      texts.push({ symbol, text: lifted.slice(from, end) });
      from = end;
    }
    return texts;
  }
  const heap = withMark(lifted, bytes);
  let counted = 0;
  let from = 0;
  let to = 0;
  for (let symbol = 0; symbol < ends.length; symbol++) {
    const end = ends[symbol]!;
    while (counted < end && to < heap.length) {
      counted += bytesOf(heap.charCodeAt(to));
      to += 1;
    }
    if (counted !== end) {
      malformed('text.ends');
    }
    texts.push({ symbol, text: heap.slice(from, to) });
    from = to;
  }
  if (to !== heap.length) {
    malformed('text.heap');
  }
  return texts;
}

/**
 * The heap as it was sent. The engine takes a byte order mark at the beginning of a
 * string for one and leaves it out; what is missing then is its three bytes.
 */
function withMark(heap: string, bytes: number): string {
  let found = 0;
  for (let at = 0; at < heap.length; at++) {
    found += bytesOf(heap.charCodeAt(at));
  }
  return bytes - found === 3 ? `\ufeff${heap}` : heap;
}

/** Bytes of UTF-8 that a unit of UTF-16 stands for; half a pair is half of four. */
function bytesOf(unit: number): number {
  if (unit < 0x80) {
    return 1;
  }
  return unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 2 : 3;
}

type Read = (at: number) => Text | undefined;

function optional(list: string, symbols: Uint32Array, items: number, texts: Text[]): Read {
  numbers(list, symbols, items, (symbol) => symbol === NO_TEXT || symbol < texts.length);
  return (at) => texts[symbols[at]!];
}

function required(list: string, symbols: Uint32Array, items: number, texts: Text[]): Read {
  numbers(list, symbols, items, (symbol) => symbol < texts.length);
  return (at) => texts[symbols[at]!];
}

function starts(list: string, values: Uint32Array, owners: number, items: number) {
  length(list, values, owners + 1);
  let previous = 0;
  values.forEach((start, owner) => {
    if (start < previous || (owner === 0 && start !== 0)) {
      malformed(list);
    }
    previous = start;
  });
  if (previous !== items) {
    malformed(list);
  }
}

function numbers(
  list: string,
  values: Uint8Array | Uint16Array | Uint32Array,
  items: number,
  isKnown: (value: number) => boolean,
) {
  length(list, values, items);
  for (const value of values) {
    if (!isKnown(value)) {
      malformed(list);
    }
  }
}

function length(list: string, values: ArrayLike<unknown>, items: number) {
  if (values.length !== items) {
    malformed(list);
  }
}

function malformed(list: string): never {
  throw { tag: 'malformed', val: list } satisfies PolicyError;
}
