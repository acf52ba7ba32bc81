import * as vscode from 'vscode';
import type { Access } from '../cluster/port.ts';
import { DEFAULT_SETTINGS, type Settings } from '../core/model/settings.ts';
import { SAMPLE_SEED } from '../core/plan/plan.ts';

/** The user's settings of the method, in the core's units. */
export function methodSettings(): Settings {
  const of = vscode.workspace.getConfiguration('stowage');
  const minutes = (name: string, defaultSeconds: number) => 60 * of.get<number>(name, defaultSeconds / 60);
  const number = (name: keyof Settings, standard: number) => of.get<number>(name, standard);
  const standard = DEFAULT_SETTINGS;
  return {
    ...standard,
    usageWindowSeconds: minutes('firstWindowMinutes', standard.usageWindowSeconds),
    nodeUsageWindowSeconds: minutes('secondWindowMinutes', standard.nodeUsageWindowSeconds),
    triggerHoldSeconds: minutes('fifthWindowMinutes', standard.triggerHoldSeconds),
    shrinkRetrySeconds: minutes('firstWaitMinutes', standard.shrinkRetrySeconds),
    shrinkGiveUpSeconds: minutes('secondWaitMinutes', standard.shrinkGiveUpSeconds),
    expandRetrySeconds: minutes('thirdWaitMinutes', standard.expandRetrySeconds),
    expandGiveUpSeconds: minutes('fourthWaitMinutes', standard.expandGiveUpSeconds),
    migrationRetrySeconds: minutes('sixthWaitMinutes', standard.migrationRetrySeconds),
    migrationGiveUpSeconds: minutes('seventhWaitMinutes', standard.migrationGiveUpSeconds),
    planningHorizonSeconds: 3600 * of.get<number>('planningHorizonHours', standard.planningHorizonSeconds / 3600),
    shrinkStrategy: of.get<Settings['shrinkStrategy']>('shrinkStrategy', standard.shrinkStrategy),
    shrinkBelowFraction: number('shrinkBelowFraction', standard.shrinkBelowFraction),
    expandAboveFraction: number('expandAboveFraction', standard.expandAboveFraction),
    expandFraction: number('expandFraction', standard.expandFraction),
    marginFraction: number('marginFraction', standard.marginFraction),
    candidateFreeFraction: number('candidateFreeFraction', standard.candidateFreeFraction),
    triggerFreeFraction: number('triggerFreeFraction', standard.triggerFreeFraction),
    deadlineRiskFraction: number('deadlineRiskFraction', standard.deadlineRiskFraction),
    gainRatio: number('gainRatio', standard.gainRatio),
    policyWeights: { ...of.get<Settings['policyWeights']>('policyWeights', standard.policyWeights) },
  };
}

/** Where the user's kubeconfig is; undefined in Restricted Mode, where none is read, and when nothing is set. */
export function kubeconfigPath(): string | undefined {
  if (!vscode.workspace.isTrusted) return undefined;
  return vscode.workspace.getConfiguration('stowage').get<string>('kubeconfig', '') || undefined;
}

/** By what a Kubernetes cluster is reached and read: our settings, and the editor's own proxy. */
export function access(): Access {
  const of = vscode.workspace.getConfiguration('stowage');
  const prometheus = of.get<string>('prometheus', '');
  // VS Code hands an object out as a proxy, which no other thread can be sent: as plain data it can.
  const parameterKeys = JSON.parse(JSON.stringify(of.get('parameterKeys', {}))) as Access['parameterKeys'];
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
  return vscode.workspace.getConfiguration('stowage').get<boolean>('openSample', false);
}

export function sampleSeed(): number {
  return vscode.workspace.getConfiguration('stowage').get<number>('sampleSeed', SAMPLE_SEED);
}

/** Whether a context's name matches one of the patterns of a setting; `*` stands for any run of characters. */
export function matchesSetting(setting: 'readOnlyContexts' | 'productionContexts', context: string): boolean {
  const patterns = vscode.workspace.getConfiguration('stowage').get<string[]>(setting, []);
  return patterns.some((pattern) => matchesPattern(pattern, context));
}

function matchesPattern(pattern: string, text: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}
