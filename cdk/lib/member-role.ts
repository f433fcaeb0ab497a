import { Aws } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

import { explainMemberRole } from './acknowledgements';
import { policyStatements, wildcardReasons } from './least-privilege';
import * as limits from './limits';
import { PropFaults } from './prop-faults';

/** The default name of the role in a member account. */
export const MEMBER_ROLE_NAME = 'TrailsealMember';

/**
 * The prefix of the name of a central function's role; the Region follows, since IAM is global and
 * each Region has its own central function.
 */
export const CENTRAL_ROLE_PREFIX = 'TrailsealCentral';

/** Props of {@link TrailsealMemberRole}. */
export interface TrailsealMemberRoleProps {
  /** The account of the central function. */
  readonly centralAccount: string;
  /** The external id that the central function sends. */
  readonly externalId: string;
  /** The role's name. @default MEMBER_ROLE_NAME */
  readonly roleName?: string;
}

/**
 * The role that a central function assumes in a member account.
 *
 * It trusts only the roles of central functions in the central account, with an external id.
 */
export class TrailsealMemberRole extends Construct {
  /** The role. */
  readonly role: iam.Role;

  constructor(scope: Construct, id: string, props: TrailsealMemberRoleProps) {
    super(scope, id);
    refuseFaults(props);
    const policy = new iam.ManagedPolicy(this, 'Policy', {
      description: 'What the Trailseal function calls in this account, and nothing more',
      statements: policyStatements('member', {}),
    });
    const centralRoles = `arn:${Aws.PARTITION}:iam::${props.centralAccount}:role/${CENTRAL_ROLE_PREFIX}-*`;
    this.role = new iam.Role(this, 'Role', {
      roleName: props.roleName ?? MEMBER_ROLE_NAME,
      description: 'Lets the central Trailseal function read and report to AWS Config',
      managedPolicies: [policy],
      assumedBy: new iam.AccountPrincipal(props.centralAccount).withConditions({
        ArnLike: { 'aws:PrincipalArn': centralRoles },
        StringEquals: { 'sts:ExternalId': props.externalId },
      }),
    });
    explainMemberRole(this, wildcardReasons('member', {}));
  }
}

function refuseFaults(props: TrailsealMemberRoleProps): void {
  const faults = new PropFaults('TrailsealMemberRole');
  faults.form('centralAccount', props.centralAccount, limits.ACCOUNT_ID, 'an account id');
  faults.form(
    'externalId',
    props.externalId,
    limits.EXTERNAL_ID,
    'an external id of 2 to 1,224 characters',
  );
  faults.form('roleName', props.roleName, limits.ROLE_NAME, 'the name of a role');
  faults.refuse();
}
