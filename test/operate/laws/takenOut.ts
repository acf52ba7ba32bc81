import { ApiError, ClusterUnreachable } from '../../../src/cluster/errors.ts';
import type { ApiObject } from '../../../src/cluster/kubernetes/api/objects.ts';
import { RECORD } from '../../../src/cluster/kubernetes/model/records.ts';
import type { JournalEntry } from '../../../src/operate/journal.ts';
import type { Change } from './apiServer.ts';
import type { Law } from './laws.ts';
import type { Alteration } from './run.ts';

/** Something that a law rests on, taken out; the law has to break then, by these disturbances in this scenario. */
export type TakenOut = {
  readonly what: string;
  readonly law: Law;
  readonly scenario: string;
  readonly by: readonly string[];
  readonly alteration: Alteration;
};

type Body = {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string | null>> };
  readonly spec?: { readonly suspend?: boolean };
};

/** What the laws rest on, at least one thing each. */
export const TAKEN_OUT: readonly TakenOut[] = [
  {
    what: 'the uid and the version in what is sent',
    law: "a user's stop or start stays",
    scenario: 'a migration',
    by: ['user replaces'],
    alteration: sending(({ metadata, ...rest }) => ({
      ...rest,
      metadata: without(metadata, 'uid', 'resourceVersion'),
    })),
  },
  {
    what: 'the generation that a record names, and who wrote a suspension',
    law: "a user's stop or start stays",
    scenario: 'a migration',
    by: ['user resumes', 'user suspends'],
    alteration: { shown: (object) => asIfOurs(object) },
  },
  {
    what: 'the version that a resize was planned on',
    law: "a user's resize stays",
    scenario: 'a shrink',
    by: ['user resizes to 5'],
    alteration: sending(({ metadata, ...rest }) => ({
      ...rest,
      metadata: without(metadata, 'uid', 'resourceVersion'),
    })),
  },
  {
    what: 'what takes the record off',
    law: 'no record is left',
    scenario: 'a migration',
    by: [],
    alteration: sending(({ metadata, ...rest }) =>
      metadata?.annotations?.[RECORD] === null ? { ...rest, metadata: without(metadata, 'annotations') } : undefined,
    ),
  },
  {
    what: 'that a lost answer is no refusal',
    law: 'the journal never says "not done" of what is done',
    scenario: 'a migration',
    by: ['gateway timed out'],
    alteration: telling(504, () => new ApiError(422, 'Invalid', 'refused')),
  },
  {
    what: 'the steps in a journal',
    law: 'the journal never says "not done" of what is done',
    scenario: 'a shrink',
    by: [],
    alteration: {
      kept: ({ journal, ...files }) => ({ ...files, journal: journal.filter(isBegun) }),
    },
  },
  {
    what: 'what a ledger says of an end',
    law: 'the ledger says what the journal says',
    scenario: 'a migration',
    by: [],
    alteration: {
      kept: ({ ledger, ...files }) => ({ ...files, ledger: ledger.map(({ outcome: _, ...row }) => row) }),
    },
  },
  {
    what: 'that a fault passes',
    law: 'a passing fault ends no process once it has begun',
    scenario: 'a migration',
    by: ['gateway timed out'],
    alteration: telling(
      504,
      () => new ClusterUnreachable({ server: 'model', context: 'model', code: 'otherServer', now: 'another' }),
    ),
  },
  {
    what: 'the tasks that a stopped Job had',
    law: 'no task is lost',
    scenario: 'a migration',
    by: [],
    alteration: sending(({ metadata, spec }) =>
      spec?.suspend ? { metadata, spec: { ...spec, parallelism: 0 } } : undefined,
    ),
  },
  {
    what: 'our name and our record on a suspension',
    law: 'no task is left stopped',
    scenario: 'a migration',
    by: ['killed'],
    alteration: {
      sent: (change) => {
        const { metadata, spec } = change.body as Body;
        if (!spec?.suspend) return change;
        return { ...change, manager: 'somebody', body: { metadata: without(metadata, 'annotations'), spec } };
      },
    },
  },
  {
    what: 'that a server takes a resume',
    law: 'no process that ends leaves a task stopped',
    scenario: 'a migration',
    by: [],
    alteration: sending(({ spec }) => {
      if (spec?.suspend === false) throw new ApiError(422, 'Invalid', 'refused');
      return undefined;
    }),
  },
  {
    what: 'that a fault has a name',
    law: 'no process crashes',
    scenario: 'a migration',
    by: ['server away'],
    alteration: telling(503, () => new TypeError('undefined is not a server')),
  },
  {
    what: 'the note of what our pin is',
    law: "a pin is not read as its user's will",
    scenario: 'a migration',
    by: [],
    alteration: sending(({ spec }) =>
      spec?.suspend === false ? { metadata: { annotations: { [RECORD]: null } }, spec } : undefined,
    ),
  },
  {
    what: 'that a pin names a node which is there',
    law: 'no task waits for a node that does not take it',
    scenario: 'a migration',
    by: [],
    alteration: rewriting(['"values":["b"]', '"values":["nowhere"]']),
  },
  {
    what: 'that a pin is by the name of a node',
    law: "a user's affinity comes back",
    scenario: 'a migration',
    by: [],
    alteration: rewriting(['"matchFields"', '"matchExpressions"']),
  },
  {
    what: 'which container had what, to the last thousandth',
    law: "an undo gives back each container's amounts",
    scenario: 'an undo',
    by: [],
    alteration: rewriting(['"700m"', '"701m"'], ['"300m"', '"299m"']),
  },
];

/** A journal that forgets each step but that in which a move has failed. */
function isBegun(entry: JournalEntry): boolean {
  return entry.type === 'begin' || entry.state.kind === 'failed';
}

/** A suspended Job as 0.1 saw it: whatever record stands on it, the suspension is the record's. */
function asIfOurs<T extends ApiObject>(object: T): T {
  const text = object.metadata?.annotations?.[RECORD];
  if (text === undefined) return object;
  const record = { ...JSON.parse(text), generation: object.metadata?.generation };
  const annotations = { ...object.metadata?.annotations, [RECORD]: JSON.stringify(record) };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** Another body in place of one's own, where there is one. */
function sending(altered: (body: Body) => object | undefined): Alteration {
  return { sent: (change: Change) => ({ ...change, body: altered(change.body as Body) ?? change.body }) };
}

function rewriting(...changes: readonly (readonly [text: string, other: string])[]): Alteration {
  const rewritten = (body: Body) =>
    changes.reduce((text, [from, to]) => text.replaceAll(from, to), JSON.stringify(body));
  return sending((body) => JSON.parse(rewritten(body)));
}

/** Another error in place of an answer of this status. */
function telling(status: number, other: () => Error): Alteration {
  return { told: (error) => (error instanceof ApiError && error.status === status ? other() : error) };
}

function without(fields: object | undefined, ...names: readonly string[]): object {
  return Object.fromEntries(Object.entries(fields ?? {}).filter(([name]) => !names.includes(name)));
}
