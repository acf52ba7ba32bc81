import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { installEnvironment } from '../../scripts/code-server.mjs';

describe('installing the browser editor', () => {
  const before = process.env['npm_config_user_agent'];
  afterEach(() => {
    if (before === undefined) delete process.env['npm_config_user_agent'];
    else process.env['npm_config_user_agent'] = before;
  });

  it('does not pass on which Node the npm around it runs on: code-server would refuse that one', () => {
    process.env['npm_config_user_agent'] = 'npm/11.19.1 node/v20.20.2 linux x64';
    const environment = installEnvironment('/somewhere');
    assert.equal(environment['npm_config_user_agent'], undefined);
    assert.match(environment['PATH'] ?? '', /^\/somewhere\/node_modules\/node\/bin:/);
  });
});
