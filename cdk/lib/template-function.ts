import { CfnCondition, CfnParameter, Fn, type CfnResource } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as sqs from 'aws-cdk-lib/aws-sqs';

import { explainOptions } from './acknowledgements';
import type { TrailsealFunctionProps } from './function';
import type { PlainStack, Template } from './plain-stack';
import { givenCondition, makeStatementOptional, requireWith, where } from './template-parameters';

/** The optional settings of a function in a template: what props have no value by default. */
export interface FunctionOptions {
  /** The props of the function, with references to the parameters. */
  readonly props: Pick<
    TrailsealFunctionProps,
    'encryptionKey' | 'network' | 'codeSigningConfigArn'
  >;
  /** Leaves out the properties whose parameters are empty. */
  readonly makeOptional: (made: OptionalParts) => void;
}

/** The constructs whose properties the settings decide. */
interface OptionalParts {
  readonly function: lambda.Function;
  readonly logGroup: logs.LogGroup;
  readonly failureQueue?: sqs.Queue;
}

/**
 * The VPC, the code signing and the key of a function's data as template parameters.
 *
 * @param encrypted what the key encrypts
 */
export function functionOptions(
  stack: PlainStack,
  encrypted = 'the logs and the queue of failed events',
): FunctionOptions {
  const network = networkParameters(stack);
  const signing = new CfnParameter(stack, 'CodeSigningConfigArn', {
    description: 'The ARN of a code signing configuration; the code must then be signed.',
    default: '',
    allowedPattern:
      '^(arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:code-signing-config:csc-[a-z0-9]{17})?$',
  });
  const key = new CfnParameter(stack, 'EncryptionKeyArn', {
    description: `The ARN of a KMS key for ${encrypted}, whose policy admits CloudWatch Logs; empty for keys of the services.`,
    default: '',
    allowedPattern: '^(arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+)?$',
  });
  explainOptions(stack);
  const signs = givenCondition(stack, signing);
  const encrypts = givenCondition(stack, key);
  return {
    props: {
      network: network.given,
      codeSigningConfigArn: signing.valueAsString,
      encryptionKey: kms.Key.fromKeyArn(stack, 'EncryptionKey', key.valueAsString),
    },
    makeOptional: (made) => {
      const [lambda, group, queue] = [made.function, made.logGroup, made.failureQueue].map(
        (construct) => construct?.node.defaultChild as CfnResource | undefined,
      );
      const { subnetIds: SubnetIds, securityGroupIds: SecurityGroupIds } = network.given;
      lambda?.addPropertyOverride(
        'VpcConfig',
        where(network.some, { SecurityGroupIds, SubnetIds }),
      );
      lambda?.addPropertyOverride('CodeSigningConfigArn', where(signs, { Ref: signing.logicalId }));
      group?.addPropertyOverride('KmsKeyId', where(encrypts, { Ref: key.logicalId }));
      queue?.addPropertyOverride('KmsMasterKeyId', where(encrypts, { Ref: key.logicalId }));
      queue?.addPropertyOverride('SqsManagedSseEnabled', {
        'Fn::If': [encrypts.logicalId, { Ref: 'AWS::NoValue' }, true],
      });
    },
  };
}

/** Makes the statements of the options depend on their parameters. */
export function makeOptionGrantsOptional(template: Template, policy: string): void {
  makeVpcGrantOptional(template, policy);
  makeStatementOptional(template, policy, 'EncryptFailedEvents', 'HasEncryptionKeyArn');
}

/** Makes the statement for the VPC depend on its parameters. */
export function makeVpcGrantOptional(template: Template, policy: string): void {
  makeStatementOptional(template, policy, 'ConnectToVpc', 'InVpc');
}

/** Text parameters, because the rules of a template cannot compare lists. */
function networkParameters(stack: PlainStack) {
  const list = (id: string, description: string, one: string) =>
    new CfnParameter(stack, id, {
      description,
      default: '',
      allowedPattern: `^(${one}(,${one})*)?$`,
    });
  const subnets = list(
    'SubnetIds',
    'The subnets of the function, separated by commas; empty for a function outside of any VPC.',
    'subnet-[0-9a-f]+',
  );
  const groups = list(
    'SecurityGroupIds',
    'The security groups of the function, separated by commas; only with SubnetIds.',
    'sg-[0-9a-f]+',
  );
  requireWith(stack, subnets, groups);
  requireWith(stack, groups, subnets);
  const given = {
    subnetIds: Fn.split(',', subnets.valueAsString),
    securityGroupIds: Fn.split(',', groups.valueAsString),
  };
  const isGiven = (parameter: CfnParameter) =>
    Fn.conditionNot(Fn.conditionEquals(parameter.valueAsString, ''));
  const some = new CfnCondition(stack, 'InVpc', {
    expression: Fn.conditionAnd(isGiven(subnets), isGiven(groups)),
  });
  return { given, some };
}

/** The permissions boundary of roles, and their path if `path`, as template parameters. */
export function roleParameters(
  stack: PlainStack,
  roles: readonly iam.Role[],
  { path = false }: { path?: boolean } = {},
): void {
  // A name, not an ARN: the ARN has an account in it, and one StackSet serves all accounts.
  const boundary = new CfnParameter(stack, 'PermissionsBoundaryName', {
    description:
      'The permissions boundary of the role: the name of a policy of the account, with its path; empty for none.',
    default: '',
    allowedPattern: '^(([!-9;-~]+/)?[A-Za-z0-9+=,.@_-]{1,128})?$',
  });
  const bounded = where(givenCondition(stack, boundary), {
    'Fn::Sub': `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:policy/\${${boundary.logicalId}}`,
  });
  const resources = roles.map((role) => role.node.defaultChild as CfnResource);
  for (const resource of resources) {
    resource.addPropertyOverride('PermissionsBoundary', bounded);
  }
  if (path) {
    const own = new CfnParameter(stack, 'RolePath', {
      description: 'The path of the role.',
      default: '/',
      allowedPattern: '^/([!-~]+/)?$',
    });
    for (const resource of resources) {
      resource.addPropertyOverride('Path', { Ref: own.logicalId });
    }
  }
}
