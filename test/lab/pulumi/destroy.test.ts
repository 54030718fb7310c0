import { labEngine } from '../../../lab/pulumi/engines.ts';
import { destroyCases } from '../../support/destroy-cases.ts';
import { startStacks } from '../../support/stacks.ts';

describe('destroying a stack, under the engine in this process', function () {
  this.timeout(60_000);
  destroyCases(() => startStacks(labEngine));
});
