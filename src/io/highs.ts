import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { SolveProgram } from '../core/model/program.ts';
import { builtDirectory } from './engine.ts';

/**
 * Branches searched in one program. Unlike a time, this bound is the same on every machine, so the same cluster gives
 * the same plan.
 */
const MOST_BRANCHES = 300;

/** HiGHS (wasm) as the core's solver of linear programs; a program that takes longer than `seconds` is stopped. */
export async function loadSolver(seconds = 5): Promise<SolveProgram> {
  const { default: load } = (await import('highs')) as unknown as { readonly default: LoadHighs };
  const directory = builtDirectory() ?? dirname(createRequire(import.meta.url).resolve('highs'));
  const highs = await load({ locateFile: (file: string) => join(directory, file) });
  return (program) => {
    const answer = highs.solve(program, {
      time_limit: seconds,
      mip_max_nodes: MOST_BRANCHES,
      mip_rel_gap: 0,
      output_flag: false,
    });
    const columns = Object.entries(answer.Columns ?? {}) as [string, { readonly Primal?: number }][];
    return {
      status: answer.Status === 'Optimal' ? 'optimal' : / limit /.test(answer.Status) ? 'stopped' : 'infeasible',
      objective: answer.ObjectiveValue,
      values: Object.fromEntries(columns.flatMap(([name, { Primal = 0 }]) => (Primal !== 0 ? [[name, Primal]] : []))),
    };
  };
}

/** What of the package is used; its own types describe a CommonJS default that TypeScript cannot call. */
type LoadHighs = (options: { readonly locateFile: (file: string) => string }) => Promise<{
  solve(
    program: string,
    options: Readonly<Record<string, unknown>>,
  ): {
    readonly Status: string;
    readonly ObjectiveValue: number;
    readonly Columns?: Readonly<Record<string, object>>;
  };
}>;
