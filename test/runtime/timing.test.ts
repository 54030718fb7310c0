import assert from 'node:assert/strict';
import { bounds, DEFAULT_TIMING, longestGapSeconds, timingProblems, type Timing } from '../../runtime/timing.ts';
import { LAB_TIMING } from '../../lab/demo/times.ts';

const keys = (change: Partial<Timing>, lab = false, managers = 2): string[] =>
  timingProblems({ ...DEFAULT_TIMING, ...change }, { lab, managers, adopted: false }).map((problem) => problem.key);

describe('the timing rules', () => {
  it('accept the defaults and the times of the lab', () => {
    assert.deepEqual(keys({}), []);
    assert.deepEqual(timingProblems(LAB_TIMING, { lab: true, managers: 2, adopted: false }), []);
  });

  it('give the bounds of the design for the defaults', () => {
    assert.equal(longestGapSeconds(DEFAULT_TIMING), 35);
    // The design's 125 s are for idle runners; a full fleet with L below 75 s takes 15 s more.
    assert.deepEqual(bounds(DEFAULT_TIMING, 2), { deadSeconds: 125, deadBusySeconds: 200, unhealthySeconds: 117 });
  });

  it('name the key that breaks a rule, and no other', () => {
    assert.deepEqual(keys({ leaseSeconds: 44 }), ['leaseSeconds']);
    assert.deepEqual(keys({ leaseSeconds: 45 }), []);
    assert.deepEqual(keys({ checkIntervalSeconds: 5 }), ['checkIntervalSeconds']);
    assert.deepEqual(keys({ unhealthyIntervalSeconds: 7 }), []);
    assert.deepEqual(keys({ unhealthyIntervalSeconds: 8 }), ['unhealthyIntervalSeconds']);
    assert.deepEqual(keys({ budgetSeconds: 19 }), ['budgetSeconds']);
    assert.deepEqual(keys({ rollCallSeconds: 21, budgetSeconds: 31 }), ['rollCallSeconds']);
    assert.deepEqual(keys({ roundSeconds: 9 }), ['roundSeconds']);
    assert.deepEqual(keys({ roundSeconds: 9 }, true), []);
    assert.deepEqual(keys({ periodSeconds: 30 }), ['periodSeconds']);
    assert.deepEqual(keys({}, false, 76), ['roundSeconds']);
  });
});
