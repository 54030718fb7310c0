/**
 * GitLab's edition. The provider takes other arguments for a protected branch on each, since its release 19.0 (plugin 10.1), and
 * refuses the plan on the wrong ones. An instance without a licence is an Enterprise Edition too, and so is gitlab.com.
 */
import * as gitlab from '@pulumi/gitlab';
import { Refusal } from '../settings/refusal.ts';

export type Edition = 'CE' | 'EE';

/** Asked before any resource is declared: where GitLab does not answer, nothing is made. */
export async function findEdition(url: string, provider: gitlab.Provider): Promise<Edition> {
  try {
    const { enterprise } = await gitlab.getMetadata({ provider });
    return enterprise ? 'EE' : 'CE';
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Refusal(
      `gitlab.url, gitlabToken: could not read the edition of GitLab (GET ${url}/api/v4/metadata): ${why}. Nothing was changed. Check that this machine reaches gitlab.url, and that gitlabToken is valid and has the scope api.`,
    );
  }
}
