/**
 * The plugin that Pulumi's CLI starts for a Node program (`pulumi-language-nodejs`), as far as this project needs it: it starts
 * the SDK's runner on the program of the stack's folder. Pulumi's own is written in Go and only comes with the CLI's archive.
 *
 * `language-host.ts ADDRESS` gets the address of the engine, and prints its own port as the first line.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import service from '@pulumi/pulumi/proto/language_grpc_pb.js';
import messages from '@pulumi/pulumi/proto/language_pb.js';
import pluginMessages from '@pulumi/pulumi/proto/plugin_pb.js';
import emptyMessages from 'google-protobuf/google/protobuf/empty_pb.js';
import * as z from 'zod';
import { unary } from './provider-server.ts';

type RunRequest = InstanceType<typeof messages.RunRequest>;

/** The SDK runner's exit code for an error that it has shown already. */
const TOLD = 32;

/** `runtime.options` of Pulumi.yaml. */
const optionsSchema = z.object({ nodeargs: z.string().default(''), typescript: z.boolean().default(true) });

function commandOf(request: RunRequest, engine: string) {
  const program = request.getInfo()?.getProgramDirectory() ?? request.getPwd();
  const { nodeargs, typescript } = optionsSchema.parse(request.getInfo()?.getOptions()?.toJavaScript() ?? {});
  const named = (name: string, value: string): string[] => (value === '' ? [] : [`--${name}`, value]);
  const args = [
    ...nodeargs.split(' ').filter((arg) => arg !== ''),
    createRequire(join(program, 'package.json')).resolve('@pulumi/pulumi/cmd/run'),
    ...named('monitor', request.getMonitorAddress()),
    ...named('engine', engine),
    ...named('organization', request.getOrganization()),
    ...named('project', request.getProject()),
    ...named('root-directory', request.getInfo()?.getRootDirectory() ?? ''),
    ...named('stack', request.getStack()),
    ...named('pwd', request.getPwd()),
    ...(request.getDryrun() ? ['--dry-run'] : []),
    ...named('parallel', String(request.getParallel())),
    request.getInfo()?.getEntryPoint() ?? '.',
  ];
  const env = {
    ...process.env,
    // The program gets its config, with secrets, only from its environment: other users of the machine cannot see that.
    PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().toArray())),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    ...(typescript && { PULUMI_NODEJS_TYPESCRIPT: 'true' }),
  };
  return { args, env, cwd: program };
}

/** Undefined for success, else the error to show; empty if the error was shown already. */
const runProgram = (request: RunRequest, engine: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    const { args, env, cwd } = commandOf(request, engine);
    // After the first line the host's output is the program's; the engine shows it to the user.
    const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', (error) => resolve(`the program cannot be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      if (code === 0) return resolve(undefined);
      resolve(code === TOLD ? '' : `the program ended with ${code === null ? signal : `exit code ${code}`}`);
    });
  });

const handlers = (engine: string): grpc.UntypedServiceImplementation => ({
  handshake: unary(() => new messages.LanguageHandshakeResponse()),
  getPluginInfo: unary(() => {
    const info = new pluginMessages.PluginInfo();
    info.setVersion('0.0.0');
    return info;
  }),
  // Providers are attached or on PATH; nothing is downloaded.
  getRequiredPackages: unary(() => new messages.GetRequiredPackagesResponse()),
  getRequiredPlugins: unary(() => new messages.GetRequiredPluginsResponse()),
  about: unary(() => new messages.AboutResponse()),
  getProgramDependencies: unary(() => new messages.GetProgramDependenciesResponse()),
  cancel: unary(() => new emptyMessages.Empty()),
  run: unary(async (request: RunRequest) => {
    const why = await runProgram(request, engine);
    const response = new messages.RunResponse();
    if (why === '') response.setBail(true);
    else if (why !== undefined) response.setError(why);
    return response;
  }),
});

const engine = process.argv.slice(2).find((arg) => !arg.startsWith('-')) ?? '';
const server = new grpc.Server();
server.addService(service.LanguageRuntimeService, handlers(engine));
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${port}\n`);
});
