# Rules that a plan has to keep before anyone may apply it:
#
#   reconciler show plan.json --format json | conftest test --policy examples/policy -
#
# The words are those of schemas/plan.schema.json. Change the figures, and add rules of your own.
package main

import rego.v1

max_changes := 25

max_deletes := 2

# Growth is not what reconciler's own guards look at: a join gone wrong that doubles an audience would pass them.
max_growth_percent := 100

# Identities that may not be sent for an account, by its key in the files.
forbidden_identities := {"acme_eu": {"email", "phone"}}

changes := [action | some action in input.actions; action.action != "noop"]

deletes := [action | some action in input.actions; action.action == "delete"]

# A rule about a format it does not know would let everything pass.
deny contains msg if {
	object.get(input, "format_version", null) != 1
	msg := "this is no plan in format 1: these rules cannot judge it"
}

deny contains msg if {
	count(changes) > max_changes
	msg := sprintf("the plan holds %d changes, more than %d: split the request", [count(changes), max_changes])
}

deny contains msg if {
	count(deletes) > max_deletes
	msg := sprintf("the plan deletes %d audiences, more than %d: split the request", [count(deletes), max_deletes])
}

deny contains msg if {
	some action in changes
	some identity in action.after.identities
	identity in forbidden_identities[action.advertiser]
	msg := sprintf("%s would send %s for %s", [action.address, identity, action.advertiser])
}

deny contains msg if {
	some action in changes
	before := action.members.users_before
	before > 0
	action.members.users * 100 > before * (100 + max_growth_percent)
	msg := sprintf(
		"%s would grow from %d to %d people, by more than %d %%",
		[action.address, before, action.members.users, max_growth_percent],
	)
}

deny contains msg if {
	input.skipped_members
	msg := "the plan did not look at people: plan without --skip-members"
}
