import { labEngine } from '../../../lab/pulumi/engines.ts';
import { rotationCases } from '../../support/rotation-cases.ts';
import { startStacks } from '../../support/stacks.ts';

describe('the rotation of tokens, under the engine in this process', function () {
  this.timeout(60_000);
  rotationCases(() => startStacks(labEngine));
});
