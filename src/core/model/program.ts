/** Solves a program in CPLEX LP text (`highs`, handed in). `values` are the variables that are not 0. */
export type SolveProgram = (program: string) => ProgramAnswer;
export type ProgramAnswer = {
  readonly status: 'optimal' | 'stopped' | 'infeasible';
  readonly objective: number;
  readonly values: Readonly<Record<string, number>>;
};

export type Term = readonly [coefficient: number, variable: string];

export type ProgramParts = {
  readonly maximize: Iterable<Term>;
  /** `sum <= bound`, as LP text. */
  readonly rows: Iterable<string>;
  /** Variables that are whole; the others may be fractions. None is below 0. */
  readonly integers?: Iterable<string>;
};

/** A program in CPLEX LP text. */
export function programText({ maximize, rows, integers = [] }: ProgramParts): string {
  const lines = [`Maximize\n obj: ${linearSum(maximize)}`, 'Subject To', ...rows];
  const whole = [...integers];
  return [...lines, ...(whole.length > 0 ? ['General', ...whole] : []), 'End\n'].join('\n');
}

/** A sum in LP text: the coefficients of each variable added up, one variable a line; `0 none` where there is none. */
export function linearSum(terms: Iterable<Term>): string {
  const sums = new Map<string, number>();
  for (const [coefficient, variable] of terms) sums.set(variable, (sums.get(variable) ?? 0) + coefficient);
  const lines = [...sums]
    .filter(([, sum]) => sum !== 0)
    .map(([name, sum]) => `${sum < 0 ? '-' : '+'} ${Math.abs(sum)} ${name}`);
  return lines.join('\n ') || '0 none';
}
