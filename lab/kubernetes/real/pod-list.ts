/** Pods as a real API server lists them. */
import * as z from 'zod';
import { metaSchema } from '../objects.ts';
import { podSpecSchema, podStatusSchema } from '../pods.ts';

export const podListSchema = z.object({
  items: z.array(z.object({ metadata: metaSchema, spec: podSpecSchema, status: podStatusSchema.prefault({}) })),
});
