// Is a governed collection covered? The rules of plugins/coverage, whose source
// is the B3 design, revision 3, section 3. A condition that fails is one finding,
// always with the same code; details are notes beside it.

import type { Answers } from './answers.ts';
import { type Collection, Kind, type Text, type Trigger } from './facts.ts';
import type { Code } from './reasons.ts';
import type { Settings, Truth } from './settings.ts';
import { trimmed } from './text.ts';

const REQUIRED = 'BIRTH_REQUIRED';
const DEFERRED = 'BIRTH_DEFERRED';
const EXEMPT = ['BIRTH_EXEMPT_JUNCTION', 'BIRTH_EXEMPT_LOG', 'BIRTH_EXEMPT_CACHE'];

export const Status = { NotGoverned: 0, Covered: 1, Gaps: 2 } as const;

/** What is known besides the collection. */
export interface Context {
  settings: Settings;
  isStorageReady: boolean;
  /** Seconds since 1970-01-01 UTC. */
  now: bigint;
}

/** Judges one collection, and gives the reasons. */
export function judge(context: Context, collection: Collection, answers: Answers): number {
  const { role } = collection;
  if (role === undefined || !context.settings.governedRoles.has(role.text)) {
    return Status.NotGoverned;
  }
  check(context, collection, answers);
  return answers.hasFinding ? Status.Gaps : Status.Covered;
}

function check(context: Context, collection: Collection, answers: Answers) {
  const { settings, isStorageReady } = context;
  const scope = collection.scopeStatus;
  if (isStorageReady && scope && settings.scopesWithoutCheck.has(scope.text)) {
    answers.give('SCOPE_NOT_CHECKED', scope);
    return;
  }
  const hasTable = checkTable(collection, answers);
  let decision: Text | undefined;
  if (isStorageReady) {
    decision = decided(collection, answers);
  } else {
    answers.give('POLICY_STORAGE_NOT_READY');
  }
  if (decision) {
    checkDecision(settings, decision, collection, answers);
    if (decision.text === REQUIRED && hasTable) {
      checkTriggers(settings, collection, answers);
    }
    checkRecord(context, decision, collection, answers);
  }
  if (hasTable) {
    checkCalls(settings, decision !== undefined && isExempt(decision), collection, answers);
  }
}

const INSTEAD: Record<number, Code> = {
  [Kind.None]: 'TABLE_ABSENT',
  [Kind.Ambiguous]: 'TABLE_AMBIGUOUS',
  [Kind.View]: 'TABLE_IS_VIEW',
  [Kind.MaterializedView]: 'TABLE_IS_MATERIALIZED_VIEW',
  [Kind.ForeignTable]: 'TABLE_IS_FOREIGN_TABLE',
  [Kind.TemporaryTable]: 'TABLE_IS_TEMPORARY',
  [Kind.Other]: 'TABLE_IS_OTHER_RELATION',
};

/** Condition 1: a table that holds rows of its own stands behind it. */
function checkTable(collection: Collection, answers: Answers): boolean {
  const instead = INSTEAD[collection.kind];
  if (instead === undefined) {
    return true;
  }
  answers.give('TABLE_MISSING', collection.key);
  answers.give(instead, collection.name ?? collection.key);
  return false;
}

/** Condition 2: the policy is decided, letter for letter. */
function decided(collection: Collection, answers: Answers): Text | undefined {
  const stored = collection.coverageStatus;
  if (stored && [REQUIRED, DEFERRED, ...EXEMPT].includes(stored.text)) {
    return stored;
  }
  answers.give('POLICY_UNDECIDED', collection.key);
  if (stored) {
    if (isBlank(stored)) {
      answers.give('STATUS_BLANK');
    } else {
      answers.give('STATUS_UNKNOWN', stored);
    }
  }
  return undefined;
}

/** Conditions 3 and 5: a required birth has a species, an exemption a reason. */
function checkDecision(
  settings: Settings,
  decision: Text,
  collection: Collection,
  answers: Answers,
) {
  if (decision.text === REQUIRED && collection.speciesMappings === 0) {
    answers.give('SPECIES_UNMAPPED', collection.key);
  }
  if (isExempt(decision) && saysNothing(settings, collection.exemptionReason)) {
    answers.give('EXEMPTION_UNEXPLAINED', decision);
  }
}

/** Who decided, when, and who looks at what was put off. */
function checkRecord(
  { settings, now }: Context,
  decision: Text,
  collection: Collection,
  answers: Answers,
) {
  const odd = (refused: Truth, code: Code & RefusedCode): Code =>
    settings.is[refused] ? code : `WARN_${code}`;
  const isDeferred = decision.text === DEFERRED;
  if (isDeferred && saysNothing(settings, collection.reviewOwner)) {
    answers.give(odd('require-review-owner', 'DEFERRED_WITHOUT_OWNER'));
  }
  if (saysNothing(settings, collection.decidedBy)) {
    answers.give(odd('require-decided-by', 'DECIDED_WITHOUT_ACTOR'), decision);
  }
  const at = collection.decidedAt;
  if (at === undefined) {
    answers.give(odd('require-decided-at', 'DECIDED_WITHOUT_DATE'), decision);
  } else if (at > now) {
    answers.give(odd('refuse-future-decisions', 'DECIDED_IN_THE_FUTURE'), decision, between(at, now));
  } else if (isDeferred) {
    const days = between(now, at) / 86_400n;
    if (settings.longestDeferralDays !== 0n && days > settings.longestDeferralDays) {
      answers.give(odd('refuse-long-deferrals', 'DEFERRED_TOO_LONG'), undefined, days);
    }
  }
}

/** Codes of findings that are warnings where no setting refuses them. */
type RefusedCode = Code extends infer C ? (C extends `WARN_${infer Rest}` ? Rest : never) : never;

/** Condition 4: a trigger registers every new row. */
function checkTriggers(settings: Settings, collection: Collection, answers: Answers) {
  const { triggers } = collection;
  const isRight = (trigger: Trigger) =>
    isOwn(collection, trigger) && isBound(trigger) && faults(settings, trigger).length === 0;
  const isLost = (trigger: Trigger) =>
    !isOwn(collection, trigger) && isBound(trigger) && !fires(trigger);
  if (triggers.some(isRight) && !triggers.some(isLost)) {
    return;
  }
  answers.give('TRIGGER_MISSING', collection.key);
  for (const trigger of triggers) {
    if (isLost(trigger)) {
      answers.give('TRIGGER_CLONE_DOES_NOT_FIRE', trigger.name);
    } else if (isOwn(collection, trigger)) {
      giveFaults(settings, trigger, answers);
    }
  }
}

function giveFaults(settings: Settings, trigger: Trigger, answers: Answers) {
  if (isBound(trigger)) {
    faults(settings, trigger).forEach((code) => answers.give(code, trigger.name));
  } else if (trigger.isBoundToFunction) {
    answers.give('TRIGGER_IS_INTERNAL', trigger.name);
  } else if (trigger.holdsName) {
    answers.give('TRIGGER_OTHER_FUNCTION', trigger.functionName);
  }
}

/** What keeps a trigger from being AFTER INSERT … FOR EACH ROW that fires. */
function faults({ is }: Settings, trigger: Trigger): Code[] {
  const all: [boolean, Code][] = [
    [trigger.isBefore, 'TRIGGER_BEFORE'],
    [trigger.isInsteadOf, 'TRIGGER_INSTEAD_OF'],
    [!trigger.isRow, 'TRIGGER_PER_STATEMENT'],
    [!trigger.onInsert, 'TRIGGER_NOT_ON_INSERT'],
    [trigger.onUpdate, 'TRIGGER_ON_UPDATE'],
    [trigger.onDelete, 'TRIGGER_ON_DELETE'],
    [trigger.onTruncate, 'TRIGGER_ON_TRUNCATE'],
    [trigger.hasWhen, 'TRIGGER_HAS_WHEN'],
    [trigger.hasArguments, 'TRIGGER_HAS_ARGUMENTS'],
    [trigger.hasColumnList, 'TRIGGER_HAS_COLUMN_LIST'],
    [trigger.hasTransitionTables, 'TRIGGER_HAS_TRANSITION_TABLES'],
    [trigger.isConstraintTrigger && !is['accept-constraint-trigger'], 'TRIGGER_IS_CONSTRAINT'],
    [trigger.isDisabled, 'TRIGGER_DISABLED'],
    [trigger.isReplicaOnly, 'TRIGGER_REPLICA_ONLY'],
    [trigger.isAlways && !is['accept-always-enabled'], 'TRIGGER_ALWAYS'],
    [!trigger.holdsName && !is['accept-other-trigger-name'], 'TRIGGER_UNDER_OTHER_NAME'],
  ];
  return all.flatMap(([isWrong, code]) => (isWrong ? [code] : []));
}

/** What calls the function for rows of ordinary sessions, whatever was decided. */
function checkCalls(
  settings: Settings,
  exempt: boolean,
  collection: Collection,
  answers: Answers,
) {
  const calls = collection.triggers.filter(
    (trigger) => isOwn(collection, trigger) && isBound(trigger) && fires(trigger),
  );
  const [first] = calls;
  if (first === undefined) {
    return;
  }
  if (exempt) {
    const refused = settings.is['refuse-trigger-on-exempt'];
    answers.give(refused ? 'TRIGGER_ON_EXEMPT' : 'WARN_TRIGGER_ON_EXEMPT', first.name);
  }
  if (calls.length > 1) {
    const refused = settings.is['refuse-double-registration'];
    const code = refused ? 'REGISTERED_TWICE' : 'WARN_REGISTERED_TWICE';
    answers.give(code, first.functionName, BigInt(calls.length));
    calls.forEach((trigger) => answers.give('REGISTERED_TWICE_TRIGGER', trigger.name));
  }
  if (collection.kind === Kind.PartitionedTable && calls.some((trigger) => trigger.onInsert)) {
    const refused = settings.is['refuse-row-moves'];
    const code = refused ? 'TRIGGER_ON_PARTITIONED' : 'WARN_TRIGGER_ON_PARTITIONED';
    answers.give(code, collection.name ?? collection.key);
  }
}

/** Not a clone on a partition below. */
function isOwn(collection: Collection, trigger: Trigger): boolean {
  return collection.kind !== Kind.PartitionedTable || !trigger.isClone;
}

/** Made to call the birth function; PostgreSQL up to 14 marks clones as internal. */
function isBound(trigger: Trigger): boolean {
  return trigger.isBoundToFunction && (!trigger.isInternal || trigger.isClone);
}

function fires(trigger: Trigger): boolean {
  return !trigger.isDisabled && !trigger.isReplicaOnly;
}

function isExempt(decision: Text): boolean {
  return EXEMPT.includes(decision.text);
}

/** Space says as little as nothing. */
function isBlank(text: Text | undefined): boolean {
  return text === undefined || trimmed(text.text) === '';
}

/** There is no text, or one of the words that the policy set calls empty. */
function saysNothing(settings: Settings, text: Text | undefined): boolean {
  return isBlank(text) || settings.emptyWords.has(text!.text);
}

/** The difference, within what a number of 64 bits holds. */
function between(later: bigint, earlier: bigint): bigint {
  const most = 2n ** 63n - 1n;
  const difference = later - earlier;
  return difference > most ? most : difference;
}
