// The coverage role, as the host calls it.

import { Answers } from './answers.ts';
import { collections } from './facts.ts';
import { REASONS } from './reasons.ts';
import { judge } from './rules.ts';
import { read } from './settings.ts';
import type { Batch, Description, PolicyError, Setting, Verdicts } from './wire.ts';

export const types = {};

export const coverage = {
  describe(): Description {
    return { name: 'birth-coverage-typescript', version: '0.2.0', reasons: [...REASONS] };
  },

  checkSettings(given: Setting[]) {
    const { problems } = read(given);
    if (problems.length > 0) {
      throw problems;
    }
  },

  judge(given: Setting[], batch: Batch): Verdicts {
    const { settings, problems } = read(given);
    if (problems.length > 0) {
      throw { tag: 'settings', val: problems } satisfies PolicyError;
    }
    const context = { settings, isStorageReady: batch.storageReady, now: batch.now };
    const answers = new Answers();
    for (const collection of collections(batch)) {
      answers.answer(judge(context, collection, answers));
    }
    return answers.verdicts();
  },
};
