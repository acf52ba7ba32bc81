import { explore, told } from './explore.ts';
import { scenarios } from './scenarios.ts';

/** Tells which laws break by how many disturbances at most: `node test/operate/laws/tell.ts 2 "a migration"`. */
const [most = '1', name] = process.argv.slice(2);
for (const scenario of await scenarios()) {
  if (name !== undefined && scenario.name !== name) continue;
  const { broken, states, schedules, seconds } = await explore(scenario, Number(most));
  console.log(`${scenario.name}: ${states} states, ${schedules} schedules, ${seconds.toFixed(1)} s`);
  for (const each of broken) console.log(told(each));
}
