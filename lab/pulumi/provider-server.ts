/**
 * Serves a provider of the lab to the real Pulumi engine, with the protocol of its plugins. The engine attaches to it
 * (`PULUMI_DEBUG_PROVIDERS`) instead of starting a plugin.
 */
import { isDeepStrictEqual } from 'node:util';
import * as grpc from '@grpc/grpc-js';
import pluginMessages from '@pulumi/pulumi/proto/plugin_pb.js';
import service from '@pulumi/pulumi/proto/provider_grpc_pb.js';
import messages from '@pulumi/pulumi/proto/provider_pb.js';
import emptyMessages from 'google-protobuf/google/protobuf/empty_pb.js';
import structMessages, { type JavaScriptValue, type Struct } from 'google-protobuf/google/protobuf/struct_pb.js';
import { isObject, plainValues, type LabProvider, type State, type Values } from './provider.ts';

export interface ProviderServer {
  /** `name:port`, as PULUMI_DEBUG_PROVIDERS wants it. */
  readonly attach: string;
  close(): void;
}

/** Creates the provider from the config of the program (`baseUrl`, `token`, …). */
export type Connect = (config: Values) => LabProvider;

/** `name` is the package's; `version` what the engine is told, for it writes it into the state. */
export async function serveProvider(name: string, version: string, connect: Connect): Promise<ProviderServer> {
  const server = new grpc.Server();
  server.addService(service.ResourceProviderService, handlers(version, connect));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { attach: `${name}:${port}`, close: () => server.forceShutdown() };
}

/** A reply, or an error that the engine shows to the user. */
export const unary =
  <Request, Reply>(answer: (request: Request) => Reply | Promise<Reply>): grpc.handleUnaryCall<Request, Reply> =>
  (call, callback) => {
    Promise.resolve()
      .then(() => answer(call.request))
      .then(
        (reply) => callback(null, reply),
        (error: unknown) =>
          callback({ code: grpc.status.UNKNOWN, details: error instanceof Error ? error.message : 'failed' }),
      );
  };

function handlers(version: string, connect: Connect): grpc.UntypedServiceImplementation {
  // The engine configures each instance before it uses it; of two at once (a changed token) the newer one's config serves.
  let current: LabProvider | undefined;
  const provider = (): LabProvider => {
    if (!current) throw new Error('the provider was not configured');
    return current;
  };
  const empty = unary(() => new emptyMessages.Empty());
  return {
    attach: empty,
    cancel: empty,
    getPluginInfo: unary(() => {
      const info = new pluginMessages.PluginInfo();
      info.setVersion(version);
      return info;
    }),
    checkConfig: unary(passThrough),
    diffConfig: unary((request: Diff) => changesOf(request, () => [])),
    configure: unary((request: Configure) => {
      current = connect(valuesOf(request.getArgs()));
      // Secrets come as plain text. The engine marks outputs as secret, by the SDK's classes and the names of secret inputs.
      return new messages.ConfigureResponse();
    }),
    invoke: unary(async (request: Invoke) => {
      const reply = new messages.InvokeResponse();
      reply.setReturn(structOf(await provider().invoke(request.getTok(), valuesOf(request.getArgs()))));
      return reply;
    }),
    check: unary(async (request: Check) => {
      await provider().check(request.getType(), valuesOf(request.getNews()));
      return passThrough(request);
    }),
    diff: unary((request: Diff) =>
      changesOf(request, (before, inputs) => provider().replacedBy(request.getType(), before, inputs)),
    ),
    ...resourceHandlers(provider),
  };
}

type Check = InstanceType<typeof messages.CheckRequest>;
type Configure = InstanceType<typeof messages.ConfigureRequest>;
type Create = InstanceType<typeof messages.CreateRequest>;
type Delete = InstanceType<typeof messages.DeleteRequest>;
type Diff = InstanceType<typeof messages.DiffRequest>;
type Invoke = InstanceType<typeof messages.InvokeRequest>;
type Read = InstanceType<typeof messages.ReadRequest>;
type Update = InstanceType<typeof messages.UpdateRequest>;

/** Creates, reads, updates and deletes the real object. */
function resourceHandlers(provider: () => LabProvider): grpc.UntypedServiceImplementation {
  return {
    create: unary(async (request: Create) => {
      const type = request.getType();
      const made = await provider().create(type, request.getName(), valuesOf(request.getProperties()));
      const reply = new messages.CreateResponse();
      reply.setId(made.id);
      reply.setProperties(structOf(made.outputs));
      return reply;
    }),
    read: unary(async (request: Read) => {
      const type = request.getType();
      const seen = await provider().read(type, stateOf(request.getId(), request.getProperties(), request.getInputs()));
      const reply = new messages.ReadResponse();
      // An answer without an id: the resource is gone.
      if (!seen) return reply;
      reply.setId(seen.id);
      reply.setInputs(structOf(seen.inputs));
      reply.setProperties(structOf(seen.outputs));
      return reply;
    }),
    update: unary(async (request: Update) => {
      const type = request.getType();
      const before = stateOf(request.getId(), request.getOlds(), request.getOldInputs());
      const changed = await provider().update(type, before, valuesOf(request.getNews()));
      const reply = new messages.UpdateResponse();
      reply.setProperties(structOf(changed.outputs));
      return reply;
    }),
    delete: unary(async (request: Delete) => {
      const before = stateOf(request.getId(), request.getProperties(), request.getOldInputs());
      await provider().remove(request.getType(), before);
      return new emptyMessages.Empty();
    }),
  };
}

function passThrough(request: Check) {
  const reply = new messages.CheckResponse();
  reply.setInputs(request.getNews());
  return reply;
}

/** A refresh calls this too, and expects the provider to apply the program's ignoreChanges. */
function changesOf(request: Diff, replacedBy: (before: Values, inputs: Values) => readonly string[]) {
  const [before, inputs] = [valuesOf(request.getOldInputs()), valuesOf(request.getNews())];
  const ignored = request.getIgnorechangesList();
  const keys = [...new Set([...Object.keys(before), ...Object.keys(inputs)])];
  const changed = keys.filter((key) => !ignored.includes(key) && !isDeepStrictEqual(before[key], inputs[key]));
  const { DIFF_NONE, DIFF_SOME } = messages.DiffResponse.DiffChanges;
  const reply = new messages.DiffResponse();
  reply.setChanges(changed.length === 0 ? DIFF_NONE : DIFF_SOME);
  reply.setDiffsList(changed);
  reply.setReplacesList(replacedBy(before, inputs).filter((key) => changed.includes(key)));
  return reply;
}

const valuesOf = (struct: Struct | undefined): Values => plainValues(struct?.toJavaScript() ?? {});

const stateOf = (id: string, outputs: Struct | undefined, inputs: Struct | undefined): State => ({
  id,
  outputs: valuesOf(outputs),
  inputs: valuesOf(inputs),
});

const structOf = (values: Values): Struct => structMessages.Struct.fromJavaScript(entriesOf(values));

function entriesOf(values: Values): { [key: string]: JavaScriptValue } {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([key, value]): [string, JavaScriptValue] => [key, scriptOf(value)]));
}

function scriptOf(value: unknown): JavaScriptValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value;
  if (Array.isArray(value)) return value.map(scriptOf);
  if (isObject(value)) return entriesOf(value);
  throw new Error(`a ${typeof value} cannot be sent to the engine`);
}
