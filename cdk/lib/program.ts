import { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

import { skipProgramChecks } from './acknowledgements';
import { prebuiltCode, type Program } from './code';
import * as limits from './limits';
import type { PropFaults } from './prop-faults';

/**
 * Memory of a function, in mebibytes: the smallest that Lambda offers.
 *
 * Measured against loopback services with TLS: a peak of 7 to 11 MiB resident, about 6 ms of CPU
 * time for a cold start and 0.4 ms for a warm invocation. With 128 MiB, Lambda provides about a
 * fourteenth of a vCPU, so a cold start takes tenths of a second, which is fast enough.
 */
export const FUNCTION_MEMORY_MEBIBYTES = 128;

/** Where a function is in a VPC. */
export interface FunctionNetwork {
  /** The subnets. */
  readonly subnetIds: string[];
  /** The security groups. */
  readonly securityGroupIds: string[];
}

/** The settings that the functions of all programs share. */
export interface ProgramSettings {
  /** The code. @default the prebuilt zip for the architecture, made by `cargo xtask package` */
  readonly code?: lambda.Code;
  /** The processor architecture. @default arm64 */
  readonly architecture?: lambda.Architecture;
  /** The name of the function. @default named by CloudFormation */
  readonly functionName?: string;
}

/** The settings of strict environments: one account and Region, and the role. */
export interface StrictSettings {
  /** The path of the role. @default / */
  readonly rolePath?: string;
  /**
   * The permissions boundary of the role: the name of a policy of the account, after its path.
   * @default none
   */
  readonly permissionsBoundaryName?: string;
  /**
   * The subnets and security groups of the function, which must reach the endpoints of the services
   * that it reads. @default outside of any VPC
   */
  readonly network?: FunctionNetwork;
  /** The ARN of a code signing configuration; the code must then be signed. @default none */
  readonly codeSigningConfigArn?: string;
}

/** What the function of one program has. */
interface ProgramParts {
  readonly program: Program;
  readonly description: string;
  readonly timeoutSeconds: number;
  readonly reservedConcurrency: number | 'none';
  readonly role: iam.Role;
  readonly logGroup: logs.LogGroup;
  readonly environment: Record<string, string>;
  /** What only this function has. */
  readonly rest?: Partial<lambda.FunctionProps>;
}

/** The function of a program: a prebuilt zip, JSON logs, and the role as it is. */
export function makeProgram(
  scope: Construct,
  settings: ProgramSettings & StrictSettings,
  parts: ProgramParts,
): lambda.Function {
  const architecture = settings.architecture ?? lambda.Architecture.ARM_64;
  const { functionName, network, codeSigningConfigArn } = settings;
  const made = new lambda.Function(scope, 'Function', {
    description: parts.description,
    code: settings.code ?? prebuiltCode(architecture, { program: parts.program }),
    handler: 'bootstrap',
    runtime: lambda.Runtime.PROVIDED_AL2023,
    architecture,
    memorySize: FUNCTION_MEMORY_MEBIBYTES,
    timeout: Duration.seconds(parts.timeoutSeconds),
    // The constructs of the library would add actions of their own to the role.
    role: parts.role.withoutPolicyUpdates(),
    logGroup: parts.logGroup,
    loggingFormat: lambda.LoggingFormat.JSON,
    applicationLogLevelV2: lambda.ApplicationLogLevel.INFO,
    systemLogLevelV2: lambda.SystemLogLevel.WARN,
    ...(functionName === undefined ? {} : { functionName }),
    ...(parts.reservedConcurrency === 'none'
      ? {}
      : { reservedConcurrentExecutions: parts.reservedConcurrency }),
    environment: parts.environment,
    ...parts.rest,
  });
  skipProgramChecks(parts.program, { function: made, logGroup: parts.logGroup });
  const resource = made.node.defaultChild as lambda.CfnFunction;
  // The function names its role, and the role its policy: no other order is needed.
  resource.addDeletionOverride('DependsOn');
  if (network !== undefined) {
    resource.vpcConfig = network;
  }
  if (codeSigningConfigArn !== undefined) {
    resource.codeSigningConfigArn = codeSigningConfigArn;
  }
  return made;
}

/** The path and the permissions boundary of a role as props of it. */
export function roleSettings(
  scope: Construct,
  { rolePath, permissionsBoundaryName: name }: StrictSettings,
): Pick<iam.RoleProps, 'path' | 'permissionsBoundary'> {
  return {
    ...(rolePath === undefined ? {} : { path: rolePath }),
    ...(name === undefined ? {} : { permissionsBoundary: boundary(scope, name) }),
  };
}

/** Several roles of a construct have the same boundary. */
function boundary(scope: Construct, name: string): iam.IManagedPolicy {
  const made = scope.node.tryFindChild('Boundary') as iam.IManagedPolicy | undefined;
  return made ?? iam.ManagedPolicy.fromManagedPolicyName(scope, 'Boundary', name);
}

/** Checks the name of a function. */
export function noteFunctionName(functionName: string | undefined, faults: PropFaults): void {
  faults.form('functionName', functionName, limits.FUNCTION_NAME, 'the name of a function');
  faults.length('functionName', functionName, limits.FUNCTION_NAME_CHARS_MAX);
}

/** Checks the path and the permissions boundary of a role. */
export function noteRole(
  props: Pick<StrictSettings, 'rolePath' | 'permissionsBoundaryName'>,
  faults: PropFaults,
): void {
  faults.form('rolePath', props.rolePath, limits.ROLE_PATH, 'a path such as `/security/`');
  faults.form(
    'permissionsBoundaryName',
    props.permissionsBoundaryName,
    limits.POLICY_NAME_WITH_PATH,
    'the name of a policy, with its path and without an ARN',
  );
}

/** Checks the settings of strict environments. */
export function noteStrict(props: StrictSettings, faults: PropFaults): void {
  noteRole(props, faults);
  noteNetwork(props.network, faults);
  faults.form(
    'codeSigningConfigArn',
    props.codeSigningConfigArn,
    limits.CODE_SIGNING_CONFIG_ARN,
    'the ARN of a code signing configuration',
  );
}

function noteNetwork(network: FunctionNetwork | undefined, faults: PropFaults): void {
  if (network === undefined) {
    return;
  }
  const lists = {
    subnetIds: { ids: network.subnetIds, form: limits.SUBNET_ID },
    securityGroupIds: { ids: network.securityGroupIds, form: limits.SECURITY_GROUP_ID },
  };
  for (const [prop, { ids, form }] of Object.entries(lists)) {
    if (ids.length === 0) {
      faults.other(`network.${prop}`, 'is empty; a VPC needs subnets and security groups');
    }
    faults.forms(`network.${prop}`, ids, form, 'an id');
  }
}
