import { CfnParameter } from 'aws-cdk-lib';

import { MEMBER_ROLE_NAME, TrailsealMemberRole } from './member-role';
import { PlainStack, type Template } from './plain-stack';
import { roleParameters } from './template-function';

/** The role in a member account as a plain template. */
export function memberRoleTemplate(): Template {
  const stack = new PlainStack(
    'Trailseal, the role that a central function assumes in a member account; deploy it in one Region.',
  );
  const centralAccount = new CfnParameter(stack, 'CentralAccount', {
    description: 'The account of the central function.',
    allowedPattern: '^[0-9]{12}$',
  });
  const externalId = new CfnParameter(stack, 'ExternalId', {
    description: 'The external id that the central function sends.',
    allowedPattern: '^[A-Za-z0-9_+=,.@:/-]{2,1224}$',
  });
  const roleName = new CfnParameter(stack, 'RoleName', {
    description: 'The name of the role.',
    default: MEMBER_ROLE_NAME,
    allowedPattern: '^[A-Za-z0-9+=,.@_-]{1,64}$',
  });
  const { role } = new TrailsealMemberRole(stack, 'Member', {
    centralAccount: centralAccount.valueAsString,
    externalId: externalId.valueAsString,
    roleName: roleName.valueAsString,
  });
  roleParameters(stack, [role]);
  return stack.template();
}
