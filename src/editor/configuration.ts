import * as vscode from 'vscode';
import type { Access } from '../cluster/port.ts';
import type { Settings } from '../core/model/settings.ts';
import { type EditorSettings, editorSetting, matchesAny, methodSettingsOf } from './settings.ts';

/** The user's settings of the method, in the core's units. */
export function methodSettings(): Settings {
  return methodSettingsOf(vscode.workspace.getConfiguration('stowage'));
}

function setting<Id extends keyof EditorSettings>(id: Id): EditorSettings[Id] {
  return editorSetting(vscode.workspace.getConfiguration('stowage'), id);
}

/** Where the user's kubeconfig is; undefined in Restricted Mode, where none is read, and when nothing is set. */
export function kubeconfigPath(): string | undefined {
  if (!vscode.workspace.isTrusted) return undefined;
  return setting('connection.kubeconfig') || undefined;
}

/** By what a Kubernetes cluster is reached and read: our settings, and the editor's own proxy. */
export function access(): Access {
  const prometheus = setting('connection.prometheus');
  // VS Code hands an object out as a proxy, which no other thread can be sent: as plain data it can.
  const parameterKeys = JSON.parse(JSON.stringify(setting('connection.parameterKeys'))) as Access['parameterKeys'];
  const proxy = editorProxy();
  return { ...(prometheus && { prometheus }), ...(parameterKeys && { parameterKeys }), ...(proxy && { proxy }) };
}

/** `http.proxy`; undefined when none is set or its use is off, so that HTTPS_PROXY and its like are what counts. */
function editorProxy(): Access['proxy'] {
  const http = vscode.workspace.getConfiguration('http');
  const url = http.get<string>('proxy', '');
  if (!url || http.get<string>('proxySupport') === 'off') return undefined;
  const except = http.get<string[]>('noProxy', []);
  return except.length > 0 ? { url, except: except.join(',') } : { url };
}

/** Whether a window in which no cluster was open before opens the sample. */
export function opensSample(): boolean {
  return setting('connection.openSample');
}

export function sampleSeed(): number {
  return setting('connection.sampleSeed');
}

/** Whether a context's name matches one of the patterns of a setting; `*` stands for any run of characters. */
export function matchesSetting(id: 'safety.readOnlyContexts' | 'safety.productionContexts', context: string): boolean {
  return matchesAny(setting(id), context);
}

/** Sets the weights of the policies where the user has set them last: in the workspace, else for all of it. */
export async function setPolicyWeights(weights: Readonly<Record<string, number>>): Promise<void> {
  const of = vscode.workspace.getConfiguration('stowage');
  const names = ['ranking.policyWeights', 'policyWeights'];
  const inWorkspace = names.some((name) => of.inspect(name)?.workspaceValue !== undefined);
  const target = inWorkspace ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
  await of.update('ranking.policyWeights', weights, target);
}
