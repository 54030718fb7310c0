/** What `-o json` and `-o yaml` print, as one JSON Schema: docs/hadr.schema.json. */
import * as z from 'zod';
import { changeSchema } from './commands/change.ts';
import { doctorSchema } from './commands/doctor.ts';
import { drillSchema } from './commands/drill.ts';
import { explainSchema } from './commands/explain.ts';
import { historySchema } from './commands/history.ts';
import { moveSchema } from './commands/move-result.ts';
import { statusSchema } from './commands/status-view.ts';

const outputSchema = z.discriminatedUnion('kind', [
  statusSchema,
  historySchema,
  explainSchema,
  changeSchema,
  moveSchema,
  drillSchema,
  doctorSchema,
]);

export const outputSchemaText = (): string => `${JSON.stringify(z.toJSONSchema(outputSchema), null, 2)}\n`;
