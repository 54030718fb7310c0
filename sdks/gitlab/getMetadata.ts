import * as pulumi from '@pulumi/pulumi';
import { version } from './shape.ts';
import type * as outputs from './types/output.ts';

const token = 'gitlab:index/getMetadata:getMetadata';

/** What GitLab says of itself. */
export interface GetMetadataResult {
  /** Whether this is the Enterprise Edition, with or without a licence; gitlab.com is. */
  readonly enterprise: boolean;
  readonly id: string;
  readonly kas: outputs.GetMetadataKas;
  readonly revision: string;
  readonly version: string;
}

/** Reads the version and the edition of the GitLab instance. */
export function getMetadata(opts?: pulumi.InvokeOptions): Promise<GetMetadataResult> {
  return pulumi.runtime.invoke(token, {}, { version, ...opts });
}

/** The same as an output. */
export function getMetadataOutput(opts?: pulumi.InvokeOutputOptions): pulumi.Output<GetMetadataResult> {
  return pulumi.runtime.invokeOutput(token, {}, { version, ...opts });
}
