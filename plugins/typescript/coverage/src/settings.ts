// What a policy set may decide; the same settings as plugins/coverage.

import { isSpaced, lower, Words } from './text.ts';
import type { Setting, SettingProblem, SettingValue } from './wire.ts';

/** Scopes in which a collection can be. */
const SCOPES = ['IN_SCOPE', 'USER_EXCLUDED', 'FUTURE_SCOPE', 'ORPHAN_REGISTRY', 'SYSTEM_MANAGED'];

const GOVERNED = ['governed', 'locked', 'law_artifact', 'observed'];

/** A hundred years: more is a mistake. */
const MOST_DAYS = 36_525n;

/** Settings that are true or false, with what holds where nothing is said. */
const TRUTHS = {
  'accept-other-trigger-name': true,
  'accept-constraint-trigger': false,
  'accept-always-enabled': true,
  'require-review-owner': false,
  'require-decided-at': false,
  'require-decided-by': false,
  'refuse-future-decisions': false,
  'refuse-long-deferrals': false,
  'refuse-trigger-on-exempt': false,
  'refuse-double-registration': false,
  'refuse-row-moves': false,
};

export type Truth = keyof typeof TRUTHS;

export interface Settings {
  governedRoles: Words;
  scopesWithoutCheck: Set<string>;
  /** Words that say as little as nothing. */
  emptyWords: Words;
  /** Days after which a deferred decision is overdue; 0 for never. */
  longestDeferralDays: bigint;
  is: Record<Truth, boolean>;
}

const TYPES: Record<SettingValue['tag'], string> = {
  text: 'a text',
  integer: 'an integer',
  truth: 'true or false',
  texts: 'a list of texts',
};

/** Reads every setting and says everything that is wrong with them. */
export function read(given: Setting[]): { settings: Settings; problems: SettingProblem[] } {
  const problems: SettingProblem[] = [];
  const problem = (key: string, text: string) => problems.push({ key, problem: text });
  const value = <T extends SettingValue['tag']>(key: string, tag: T) => {
    const found = given.find((setting) => setting.key === key)?.value;
    if (found !== undefined && found.tag !== tag) {
      problem(key, `must be ${TYPES[tag]}, not ${TYPES[found.tag]}`);
      return undefined;
    }
    return found as Extract<SettingValue, { tag: T }> | undefined;
  };
  const words = (key: string, otherwise: string[]) => {
    const all = value(key, 'texts')?.val ?? otherwise;
    for (const word of all) {
      if (word === '' || isSpaced(word) || lower(word) !== word) {
        const what = 'must be in lower case, without space around it, and not empty';
        problem(key, `${JSON.stringify(word)} ${what}`);
      }
    }
    return new Words(all);
  };
  const governedRoles = words('governed-roles', GOVERNED);
  const scopes = value('scopes-without-check', 'texts')?.val ?? [];
  for (const scope of scopes.filter((scope) => !SCOPES.includes(scope))) {
    const what = `is none of ${SCOPES.join(', ')}`;
    problem('scopes-without-check', `${JSON.stringify(scope)} ${what}`);
  }
  const emptyWords = words('empty-words', []);
  let longestDeferralDays = value('longest-deferral-days', 'integer')?.val ?? 0n;
  if (longestDeferralDays < 0n || longestDeferralDays > MOST_DAYS) {
    problem('longest-deferral-days', `${longestDeferralDays} is not within 0 to ${MOST_DAYS}`);
    longestDeferralDays = 0n;
  }
  const truths = Object.entries(TRUTHS).map(([key, otherwise]) => [
    key,
    value(key, 'truth')?.val ?? otherwise,
  ]);
  const others = ['empty-words', 'governed-roles', 'longest-deferral-days', 'scopes-without-check'];
  const known = [...others, ...Object.keys(TRUTHS)].sort();
  const seen = new Set<string>();
  for (const { key } of given) {
    if (seen.has(key)) {
      problem(key, 'is given twice');
    } else if (!known.includes(key)) {
      problem(key, `is not known; known are ${known.join(', ')}`);
    }
    seen.add(key);
  }
  const settings = {
    governedRoles,
    scopesWithoutCheck: new Set(scopes),
    emptyWords,
    longestDeferralDays,
    is: Object.fromEntries(truths) as Record<Truth, boolean>,
  };
  return { settings, problems };
}
