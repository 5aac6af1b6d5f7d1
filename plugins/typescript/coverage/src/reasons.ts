// The reasons, in the order of the conditions. A warning that a setting can make a
// finding has two codes, because the severity belongs to the code.

import type { ReasonKind } from './wire.ts';

export const REASONS = [
  { code: 'TABLE_MISSING', severity: 'finding', message: 'no physical table stands behind {text}' },
  { code: 'TABLE_ABSENT', severity: 'note', message: 'the live schema has no relation for {text}' },
  { code: 'TABLE_AMBIGUOUS', severity: 'note', message: '{text} fits more than one relation of the live schema' },
  { code: 'TABLE_IS_VIEW', severity: 'note', message: '{text} is a view' },
  { code: 'TABLE_IS_MATERIALIZED_VIEW', severity: 'note', message: '{text} is a materialized view' },
  { code: 'TABLE_IS_FOREIGN_TABLE', severity: 'note', message: '{text} is a foreign table' },
  { code: 'TABLE_IS_TEMPORARY', severity: 'note', message: '{text} is a temporary table' },
  { code: 'TABLE_IS_OTHER_RELATION', severity: 'note', message: '{text} is a relation that holds no rows as tables do' },
  { code: 'POLICY_STORAGE_NOT_READY', severity: 'note', message: 'the registry has no policy columns yet, so the conditions that go by the policy were not checked' },
  { code: 'SCOPE_NOT_CHECKED', severity: 'note', message: 'the policy set\'s settings leave collections of the scope {text} unchecked' },
  { code: 'POLICY_UNDECIDED', severity: 'finding', message: 'what coverage {text} needs is not decided' },
  { code: 'STATUS_BLANK', severity: 'note', message: 'the stored coverage status is blank' },
  { code: 'STATUS_UNKNOWN', severity: 'note', message: 'the stored coverage status \'{text}\' is not a word of the vocabulary' },
  { code: 'SPECIES_UNMAPPED', severity: 'finding', message: 'births are required, and no species is mapped to {text}' },
  { code: 'TRIGGER_MISSING', severity: 'finding', message: 'births are required, and no birth trigger registers every new row of {text}' },
  { code: 'TRIGGER_OTHER_FUNCTION', severity: 'note', message: 'a trigger that calls {text} holds the birth trigger\'s name' },
  { code: 'TRIGGER_IS_INTERNAL', severity: 'note', message: 'the trigger {text} is one of PostgreSQL\'s own' },
  { code: 'TRIGGER_BEFORE', severity: 'note', message: 'the trigger {text} fires BEFORE, not AFTER' },
  { code: 'TRIGGER_INSTEAD_OF', severity: 'note', message: 'the trigger {text} fires INSTEAD OF, not AFTER' },
  { code: 'TRIGGER_PER_STATEMENT', severity: 'note', message: 'the trigger {text} fires FOR EACH STATEMENT, not FOR EACH ROW' },
  { code: 'TRIGGER_NOT_ON_INSERT', severity: 'note', message: 'the trigger {text} does not fire on INSERT' },
  { code: 'TRIGGER_ON_UPDATE', severity: 'note', message: 'the trigger {text} fires on UPDATE' },
  { code: 'TRIGGER_ON_DELETE', severity: 'note', message: 'the trigger {text} fires on DELETE' },
  { code: 'TRIGGER_ON_TRUNCATE', severity: 'note', message: 'the trigger {text} fires on TRUNCATE' },
  { code: 'TRIGGER_HAS_WHEN', severity: 'note', message: 'the trigger {text} has a WHEN condition' },
  { code: 'TRIGGER_HAS_ARGUMENTS', severity: 'note', message: 'the trigger {text} passes arguments to the function' },
  { code: 'TRIGGER_HAS_COLUMN_LIST', severity: 'note', message: 'the trigger {text} has a list of columns' },
  { code: 'TRIGGER_HAS_TRANSITION_TABLES', severity: 'note', message: 'the trigger {text} has transition tables' },
  { code: 'TRIGGER_IS_CONSTRAINT', severity: 'note', message: 'the trigger {text} is a constraint trigger and may be deferred, which the settings do not accept' },
  { code: 'TRIGGER_DISABLED', severity: 'note', message: 'the trigger {text} is disabled' },
  { code: 'TRIGGER_REPLICA_ONLY', severity: 'note', message: 'the trigger {text} fires in replica mode only, not for ordinary sessions' },
  { code: 'TRIGGER_ALWAYS', severity: 'note', message: 'the trigger {text} fires in replica mode too, which the settings do not accept' },
  { code: 'TRIGGER_UNDER_OTHER_NAME', severity: 'note', message: 'the trigger that calls the function is named {text}, which the settings do not accept' },
  { code: 'TRIGGER_CLONE_DOES_NOT_FIRE', severity: 'note', message: 'on a partition the clone {text} of the trigger does not fire for ordinary sessions' },
  { code: 'EXEMPTION_UNEXPLAINED', severity: 'finding', message: '{text} is stored without an exemption reason, or with one that says nothing' },
  { code: 'WARN_DEFERRED_WITHOUT_OWNER', severity: 'warning', message: 'the decision is deferred, and nobody is named to review it' },
  { code: 'DEFERRED_WITHOUT_OWNER', severity: 'finding', message: 'the decision is deferred, and nobody is named to review it' },
  { code: 'WARN_DEFERRED_TOO_LONG', severity: 'warning', message: 'the decision has been deferred for {number} days, longer than the settings allow' },
  { code: 'DEFERRED_TOO_LONG', severity: 'finding', message: 'the decision has been deferred for {number} days, longer than the settings allow' },
  { code: 'WARN_DECIDED_WITHOUT_ACTOR', severity: 'warning', message: 'nobody is named as having decided {text}' },
  { code: 'DECIDED_WITHOUT_ACTOR', severity: 'finding', message: 'nobody is named as having decided {text}' },
  { code: 'WARN_DECIDED_WITHOUT_DATE', severity: 'warning', message: 'when {text} was decided is not recorded' },
  { code: 'DECIDED_WITHOUT_DATE', severity: 'finding', message: 'when {text} was decided is not recorded' },
  { code: 'WARN_DECIDED_IN_THE_FUTURE', severity: 'warning', message: 'the recorded time of {text} is {number} s in the future' },
  { code: 'DECIDED_IN_THE_FUTURE', severity: 'finding', message: 'the recorded time of {text} is {number} s in the future' },
  { code: 'WARN_TRIGGER_ON_EXEMPT', severity: 'warning', message: 'the collection is exempt, and the trigger {text} calls the birth function all the same' },
  { code: 'TRIGGER_ON_EXEMPT', severity: 'finding', message: 'the collection is exempt, and the trigger {text} calls the birth function all the same' },
  { code: 'WARN_REGISTERED_TWICE', severity: 'warning', message: '{number} triggers that fire call {text}, so one birth may be registered more than once' },
  { code: 'REGISTERED_TWICE', severity: 'finding', message: '{number} triggers that fire call {text}, so one birth may be registered more than once' },
  { code: 'REGISTERED_TWICE_TRIGGER', severity: 'note', message: 'the trigger {text} calls the function' },
  { code: 'WARN_TRIGGER_ON_PARTITIONED', severity: 'warning', message: 'an UPDATE that moves a row between partitions of {text} registers the row again' },
  { code: 'TRIGGER_ON_PARTITIONED', severity: 'finding', message: 'an UPDATE that moves a row between partitions of {text} registers the row again' },
] as const satisfies readonly ReasonKind[];

export type Code = (typeof REASONS)[number]['code'];

const IDS = new Map<Code, number>(REASONS.map(({ code }, id) => [code, id]));

/** The number by which an answer refers to a reason. */
export function idOf(code: Code): number {
  return IDS.get(code)!;
}

export function isFinding(id: number): boolean {
  return REASONS[id]?.severity === 'finding';
}
