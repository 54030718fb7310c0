/**
 * Takes the place of two packages under gitbeaker, in the bundles alone, with which it limits the rate of its own calls: the requester
 * does not use these limits, it obeys GitLab's answers (runtime/adapters/gitlab/calls.ts). They would be a fifth of the checker.
 */
class Unused {}

export { Unused as RateLimiterMemory, Unused as RateLimiterQueue };

/** picomatch-browser, which only finds the limit for a path. */
export default { isMatch: (): boolean => false };
