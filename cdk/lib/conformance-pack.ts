import { Token, type CfnResource } from 'aws-cdk-lib';
import * as config from 'aws-cdk-lib/aws-config';
import { Construct } from 'constructs';

import type { TrailsealFunction } from './function';
import * as limits from './limits';
import { packTemplate, type PackSettings, type PackTemplate } from './pack-template';
import { PropFaults } from './prop-faults';
import { noteRoles } from './rule';

/** The settings of both kinds of pack. */
interface PackDeployment {
  /** Values for the parameters of the pack's template. @default the template's defaults */
  readonly inputParameters?: Record<string, string>;
  /**
   * The bucket in which AWS Config keeps the pack's artifacts; for an organization its name begins
   * with `awsconfigconforms`. @default none
   */
  readonly deliveryS3Bucket?: string;
}

/** The props that are checked for both kinds. */
type AnyPack = PackDeployment & Pick<PackSettings, 'templateS3Uri'>;

/** Props of {@link TrailsealConformancePack}. */
export interface TrailsealConformancePackProps
  extends PackDeployment, Omit<PackSettings, 'functionName'> {
  /** The function in the same account and Region, with a fixed name. */
  readonly handler: TrailsealFunction;
  /** The function's name: a pack can refer to it only by name. */
  readonly functionName: string;
  /** The pack's name. @default trailseal */
  readonly packName?: string;
}

/** A conformance pack with our rule, in one account and Region. */
export class TrailsealConformancePack extends Construct {
  /** The pack. */
  readonly pack: config.CfnConformancePack;
  /** Its template. */
  readonly template: PackTemplate;

  constructor(scope: Construct, id: string, props: TrailsealConformancePackProps) {
    super(scope, id);
    const owner = 'TrailsealConformancePack';
    this.template = packTemplate(props, owner);
    const faults = new PropFaults(owner);
    noteRoles(props.parameters, props.handler, faults);
    faults.refuse();
    refuseFaults(props, props.packName, this.template, owner);
    this.pack = new config.CfnConformancePack(this, 'Pack', {
      conformancePackName: props.packName ?? 'trailseal',
      ...deployment(props, this.template),
    });
    explainBody(this.pack, this.template);
    for (const permission of props.handler.invokePermissions) {
      this.pack.addResourceDependency(permission);
    }
  }
}

/** Props of {@link TrailsealOrganizationConformancePack}. */
export interface TrailsealOrganizationConformancePackProps extends PackDeployment, PackSettings {
  /** The pack's name. @default trailseal */
  readonly packName?: string;
  /** The accounts without the pack. @default none */
  readonly excludedAccounts?: string[];
}

/**
 * A conformance pack with our rule in every account of an organization. First deploy the function
 * to every account and Region with TrailsealStackSet.
 */
export class TrailsealOrganizationConformancePack extends Construct {
  /** The pack. */
  readonly pack: config.CfnOrganizationConformancePack;
  /** Its template. */
  readonly template: PackTemplate;

  constructor(scope: Construct, id: string, props: TrailsealOrganizationConformancePackProps) {
    super(scope, id);
    const owner = 'TrailsealOrganizationConformancePack';
    this.template = packTemplate(props, owner);
    refuseFaults(props, props.packName, this.template, owner);
    refuseOrganizationFaults(props, owner);
    this.pack = new config.CfnOrganizationConformancePack(this, 'Pack', {
      organizationConformancePackName: props.packName ?? 'trailseal',
      ...(props.excludedAccounts === undefined ? {} : { excludedAccounts: props.excludedAccounts }),
      ...deployment(props, this.template),
    });
    explainBody(this.pack, this.template);
  }
}

/**
 * CloudFormation completes the ARN of the role with `Fn::Join`. AWS Config resolves the braces in
 * the text, which cfn-lint does not know.
 */
function explainBody(pack: CfnResource, template: PackTemplate): void {
  if (Token.isUnresolved(template.body)) {
    pack.addMetadata('cfn-lint', { config: { ignore_checks: ['E1029'] } });
  }
}

function deployment(props: AnyPack, template: PackTemplate) {
  const given = Object.entries(props.inputParameters ?? {});
  return {
    ...(props.templateS3Uri === undefined
      ? { templateBody: template.body }
      : { templateS3Uri: props.templateS3Uri }),
    ...(props.deliveryS3Bucket === undefined ? {} : { deliveryS3Bucket: props.deliveryS3Bucket }),
    ...(given.length === 0
      ? {}
      : {
          conformancePackInputParameters: given.map(([parameterName, parameterValue]) => ({
            parameterName,
            parameterValue,
          })),
        }),
  };
}

function refuseFaults(
  props: AnyPack,
  packName: string | undefined,
  template: PackTemplate,
  owner: string,
): void {
  const faults = new PropFaults(owner);
  faults.form(
    'packName',
    packName,
    /^[a-zA-Z][-a-zA-Z0-9]{0,127}$/,
    'the name of a pack: a letter, then letters, digits and `-`',
  );
  faults.form(
    'templateS3Uri',
    props.templateS3Uri,
    /^s3:\/\/[^/]+\/.+$/,
    'of the form `s3://bucket/key`',
  );
  for (const name of Object.keys(props.inputParameters ?? {})) {
    if (!template.parameters.includes(name)) {
      faults.other('inputParameters', `names \`${name}\`, which the template does not have`);
    }
  }
  faults.refuse();
}

function refuseOrganizationFaults(
  props: TrailsealOrganizationConformancePackProps,
  owner: string,
): void {
  const faults = new PropFaults(owner);
  const excluded = props.excludedAccounts ?? [];
  faults.forms('excludedAccounts', excluded, limits.ACCOUNT_ID, 'an account id');
  if (excluded.length > limits.EXCLUDED_ACCOUNTS_MAX) {
    faults.other(
      'excludedAccounts',
      `has ${excluded.length.toString()} accounts; Config takes 1000`,
    );
  }
  faults.form(
    'deliveryS3Bucket',
    props.deliveryS3Bucket,
    /^awsconfigconforms/,
    'a bucket whose name begins with `awsconfigconforms`, as an organization needs it',
  );
  faults.refuse();
}
