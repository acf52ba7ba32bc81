import { type Settings, settingsFrom } from '../core/model/settings.ts';
import { SAMPLE_SEED } from '../core/plan/plan.ts';

/** What of a VS Code configuration is needed to read it. */
export type Configuration = {
  get(name: string): unknown;
  inspect(name: string): Inspected | undefined;
};

const SCOPES = ['globalValue', 'workspaceValue', 'workspaceFolderValue'] as const;

type Inspected = { readonly [scope in 'defaultValue' | (typeof SCOPES)[number]]?: unknown };

/** Settings that are the editor's own and no part of the method, by their ids. */
export type EditorSettings = {
  readonly 'connection.kubeconfig': string;
  readonly 'connection.prometheus': string;
  readonly 'connection.parameterKeys': Readonly<Record<string, readonly string[]>>;
  readonly 'connection.openSample': boolean;
  readonly 'connection.sampleSeed': number;
  readonly 'safety.readOnlyContexts': readonly string[];
  readonly 'safety.productionContexts': readonly string[];
};

export const EDITOR_DEFAULTS: EditorSettings = {
  'connection.kubeconfig': '',
  'connection.prometheus': '',
  'connection.parameterKeys': {},
  'connection.openSample': false,
  'connection.sampleSeed': SAMPLE_SEED,
  'safety.readOnlyContexts': [],
  'safety.productionContexts': ['*prod*'],
};

/** What an editor's setting was called before ids had sections. */
export function formerIdsOf(id: keyof EditorSettings): readonly string[] {
  return [id.slice(id.indexOf('.') + 1)];
}

/** The user's settings of the method, in the core's units. */
export function methodSettingsOf(configuration: Configuration): Settings {
  return settingsFrom(({ id, formerIds }) => (id === undefined ? undefined : setValue(configuration, id, formerIds)));
}

/**
 * One of the editor's own settings; its default where nothing is set, or a value of another kind. Lists of contexts to
 * keep safe are those of all scopes together, the default among them: a folder that was cloned adds to them and takes
 * none away.
 */
export function editorSetting<Id extends keyof EditorSettings>(
  configuration: Configuration,
  id: Id,
): EditorSettings[Id] {
  const standard = EDITOR_DEFAULTS[id];
  if (Array.isArray(standard)) return [...new Set([...standard, ...patternsOfAll(configuration, id)])] as never;
  const value = setValue(configuration, id, formerIdsOf(id));
  const isOfItsKind = typeof value === typeof standard && Array.isArray(value) === Array.isArray(standard);
  return value !== null && isOfItsKind ? (value as EditorSettings[Id]) : standard;
}

/** Contexts are kept safe also where one pattern is given without its brackets, or something else stands beside it. */
function patternsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

/** The patterns of every scope, under the id and former ones. */
function patternsOfAll(configuration: Configuration, id: keyof EditorSettings): readonly string[] {
  return [id, ...formerIdsOf(id)].flatMap((name) => {
    const found = configuration.inspect(name);
    return SCOPES.flatMap((scope) => patternsOf(found?.[scope]));
  });
}

/** What the user has set, in whichever scope, under the id, or else under a former one; undefined: nothing. */
function setValue(configuration: Configuration, id: string, formerIds: readonly string[]): unknown {
  const name = [id, ...formerIds].find((each) => isSet(configuration.inspect(each)));
  if (name === undefined) return undefined;
  const value = configuration.get(name);
  if (name === id || typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  // VS Code lays an object over its default; a former id has no default.
  return { ...(configuration.inspect(id)?.defaultValue ?? {}), ...value };
}

/** In which scope counts for nothing here: VS Code has merged them. A default is not set. */
function isSet(found: Inspected | undefined): boolean {
  return SCOPES.some((scope) => found?.[scope] !== undefined);
}

/** Whether a name matches one of the patterns; `*` stands for any run of characters. */
export function matchesAny(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => {
    const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('.*')}$`).test(name);
  });
}
