# The rules of plan.rego for those who have jq and no conftest. Says what a plan breaks and exits with 1, else says nothing:
#
#   reconciler show plan.json --format json | jq -n -r -f examples/policy/plan.jq
#
# Without -n, or without a plan, jq itself fails: nothing at all is never taken for a good plan.
# The words are those of schemas/plan.schema.json. Change the figures, and add rules of your own.
def max_changes: 25;
def max_deletes: 2;
# Growth is not what reconciler's own guards look at: a join gone wrong that doubles an audience would pass them.
def max_growth_percent: 100;
# Identities that may not be sent for an account, by its key in the files.
def forbidden_identities: {acme_eu: ["email", "phone"]};

input
| [.actions[]? | select(.action != "noop")] as $changes
| [$changes[] | select(.action == "delete")] as $deletes
| [
    # A rule about a format it does not know would let everything pass.
    (select(.format_version != 1) | "this is no plan in format 1: these rules cannot judge it"),

    (select(($changes | length) > max_changes)
      | "the plan holds \($changes | length) changes, more than \(max_changes): split the request"),

    (select(($deletes | length) > max_deletes)
      | "the plan deletes \($deletes | length) audiences, more than \(max_deletes): split the request"),

    ($changes[] as $action
      | $action.after.identities[]?
      | select(IN((forbidden_identities[$action.advertiser] // [])[]))
      | "\($action.address) would send \(.) for \($action.advertiser)"),

    ($changes[]
      | .members as $members
      | select(($members.users_before // 0) > 0)
      | select($members.users * 100 > $members.users_before * (100 + max_growth_percent))
      | "\(.address) would grow from \($members.users_before) to \($members.users) people, by more than \(max_growth_percent) %"),

    (select(.skipped_members) | "the plan did not look at people: plan without --skip-members")
  ]
| if . == [] then empty else "\(join("\n"))\n" | halt_error(1) end
