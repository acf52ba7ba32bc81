import { afterEach, beforeEach } from 'mocha';

/** For a suite whose tests build on each other: once one has failed, the others are left out, since they could only fail too. */
export function stepByStep(): void {
  let failed: string | undefined;
  beforeEach(function () {
    if (failed === undefined) return;
    console.error(`      left out: the step "${failed}" failed`);
    this.skip();
  });
  afterEach(function () {
    if (this.currentTest?.state === 'failed') failed ??= this.currentTest.title;
  });
}
