# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_trailseal_global_optspecs
    string join \n h/help V/version
end

function __fish_trailseal_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_trailseal_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_trailseal_using_subcommand
    set -l cmd (__fish_trailseal_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c trailseal -n "__fish_trailseal_needs_command" -s h -l help -d 'Print help'
complete -c trailseal -n "__fish_trailseal_needs_command" -s V -l version -d 'Print version'
complete -c trailseal -n "__fish_trailseal_needs_command" -f -a "check" -d 'Judge trails from files, without a call to AWS'
complete -c trailseal -n "__fish_trailseal_needs_command" -f -a "audit" -d 'Judge the trails of AWS accounts as they are now'
complete -c trailseal -n "__fish_trailseal_needs_command" -f -a "remediate" -d 'Give trails a key that works, or go back'
complete -c trailseal -n "__fish_trailseal_needs_command" -f -a "render" -d 'Write a report that was kept as JSON in any other form'
complete -c trailseal -n "__fish_trailseal_needs_command" -f -a "explain" -d 'Tell what a check asks for, why, on which evidence, and what to do'
complete -c trailseal -n "__fish_trailseal_needs_command" -f -a "schema" -d 'Print a JSON Schema'
complete -c trailseal -n "__fish_trailseal_needs_command" -f -a "completions" -d 'Print what lets a shell complete this command'
complete -c trailseal -n "__fish_trailseal_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c trailseal -n "__fish_trailseal_using_subcommand check" -l facts -d 'More items of keys and buckets; trails in it are not judged (repeatable)' -r -F
complete -c trailseal -n "__fish_trailseal_using_subcommand check" -s p -l parameter -d 'A parameter of the rule, such as `profile=strict`; overrules those of rule events (repeatable; `trailseal schema` lists them)' -r
complete -c trailseal -n "__fish_trailseal_using_subcommand check" -s o -l output -d 'How and where to write the report (repeatable); a table on standard output unless another format goes there, without FILE or with `-` for it' -r -f -a "table\t'For people: what was found, why it matters, how to fix it'
json\t'For programs: everything, by the schema that `trailseal schema report` prints'
csv\t'For spreadsheets: one row per trail'
junit\t'For CI: JUnit XML, a case per check of each trail; what could not be told is an error'
sarif\t'For code scanning: SARIF 2.1.0'
asff\t'For AWS Security Hub: a list of findings for BatchImportFindings, one per trail'
ocsf\t'For data lakes: a list of OCSF 1.6 events of class 2003, one per trail'
html\t'For auditors: one page that needs no network, with the evidence of each finding'"
complete -c trailseal -n "__fish_trailseal_using_subcommand check" -s q -l quiet -d 'Say nothing but the report and what went wrong'
complete -c trailseal -n "__fish_trailseal_using_subcommand check" -s v -l verbose -d 'Say also what each file held, which were left unopened, and what was written'
complete -c trailseal -n "__fish_trailseal_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c trailseal -n "__fish_trailseal_using_subcommand audit" -l profile -d 'The profile whose credentials are used, in place of those of the environment' -r
complete -c trailseal -n "__fish_trailseal_using_subcommand audit" -l accounts -d 'Account ids with commas between, or `organization` for all its active accounts; the account of the credentials where nothing is said' -r
complete -c trailseal -n "__fish_trailseal_using_subcommand audit" -l role-name -d 'The role, with its path if it has one, that is assumed in accounts other than that of the credentials' -r
complete -c trailseal -n "__fish_trailseal_using_subcommand audit" -l external-id -d 'The external id that the roles ask for' -r
complete -c trailseal -n "__fish_trailseal_using_subcommand audit" -l regions -d 'Regions with commas between, or `all` that are enabled in the account. A trail is judged in its home Region only, which can be any, so that fewer than all may miss some' -r
complete -c trailseal -n "__fish_trailseal_using_subcommand audit" -l aggregator -d 'Ask this configuration aggregator for the trails, keys and buckets of all accounts and Regions that it gathers; what it does not gather cannot be seen' -r
complete -c trailseal -n "__fish_trailseal_using_subcommand audit" -l aggregator-region -d 'The Region of the aggregator, where it is not that of the credentials' -r
complete -c trailseal -n "__fish_trailseal_using_subcommand audit" -s p -l parameter -d 'A parameter of the rule, such as `profile=strict` (repeatable; `trailseal schema` lists them)' -r
complete -c trailseal -n "__fish_trailseal_using_subcommand audit" -s o -l output -d 'How and where to write the report (repeatable); a table on standard output unless another format goes there' -r -f -a "table\t'For people: what was found, why it matters, how to fix it'
json\t'For programs: everything, by the schema that `trailseal schema report` prints'
csv\t'For spreadsheets: one row per trail'
junit\t'For CI: JUnit XML, a case per check of each trail; what could not be told is an error'
sarif\t'For code scanning: SARIF 2.1.0'
asff\t'For AWS Security Hub: a list of findings for BatchImportFindings, one per trail'
ocsf\t'For data lakes: a list of OCSF 1.6 events of class 2003, one per trail'
html\t'For auditors: one page that needs no network, with the evidence of each finding'"
complete -c trailseal -n "__fish_trailseal_using_subcommand audit" -l concurrency -d 'Requests to AWS that are under way at the same time' -r
complete -c trailseal -n "__fish_trailseal_using_subcommand audit" -s q -l quiet -d 'Say nothing but the report and what went wrong'
complete -c trailseal -n "__fish_trailseal_using_subcommand audit" -s v -l verbose -d 'Tell of each account which calls were made'
complete -c trailseal -n "__fish_trailseal_using_subcommand audit" -l progress -d 'Show the progress also where standard error is no terminal, line by line'
complete -c trailseal -n "__fish_trailseal_using_subcommand audit" -l no-progress -d 'Never show the progress'
complete -c trailseal -n "__fish_trailseal_using_subcommand audit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c trailseal -n "__fish_trailseal_using_subcommand remediate" -l report -d 'Take the names of the failing trails from a report of `trailseal audit -o json`; what is true of them is read live all the same' -r -F
complete -c trailseal -n "__fish_trailseal_using_subcommand remediate" -l key -d 'The key that the trails are to have: its ARN, or an id or alias in the Region of the bucket' -r
complete -c trailseal -n "__fish_trailseal_using_subcommand remediate" -l alias -d 'The new key\'s alias, `alias/…`' -r
complete -c trailseal -n "__fish_trailseal_using_subcommand remediate" -l tag -d 'A tag of the new key (repeatable)' -r
complete -c trailseal -n "__fish_trailseal_using_subcommand remediate" -l description -d 'The new key\'s description' -r
complete -c trailseal -n "__fish_trailseal_using_subcommand remediate" -l back-out -d 'Take back what a journal tells of; shown only, unless --apply is given' -r -F
complete -c trailseal -n "__fish_trailseal_using_subcommand remediate" -l journal -d 'The journal; a name with the account, the trail and the date in the current folder where none is given. One that is there is gone on with' -r -F
complete -c trailseal -n "__fish_trailseal_using_subcommand remediate" -l wait -d 'How long to wait for a delivery after the change, and for a key of an interrupted run to be listed' -r
complete -c trailseal -n "__fish_trailseal_using_subcommand remediate" -s p -l parameter -d 'A parameter of the rule, such as `profile=strict` (repeatable; `trailseal schema` lists them): the trail is to be COMPLIANT under them' -r
complete -c trailseal -n "__fish_trailseal_using_subcommand remediate" -l profile -d 'The profile whose credentials are used, in place of those of the environment' -r
complete -c trailseal -n "__fish_trailseal_using_subcommand remediate" -l region -d 'Regions with commas between, in which failing trails are looked for; the first is also the one in which trails are named' -r
complete -c trailseal -n "__fish_trailseal_using_subcommand remediate" -s o -l output -d 'How to write what is planned and what was done' -r -f -a "text\t'For people'
json\t'For programs: one JSON document, by the schema that `trailseal schema remediation` prints'"
complete -c trailseal -n "__fish_trailseal_using_subcommand remediate" -l create-key -d 'Make a new key, rotated every year: one for all trails that are meant, in each Region of their buckets; that takes --alias, by which the key is found again'
complete -c trailseal -n "__fish_trailseal_using_subcommand remediate" -l replace-key -d 'The trail\'s key may be replaced by another one'
complete -c trailseal -n "__fish_trailseal_using_subcommand remediate" -l enable-key -d 'The wished key may be enabled'
complete -c trailseal -n "__fish_trailseal_using_subcommand remediate" -l cancel-key-deletion -d 'The wished key\'s scheduled deletion may be cancelled; it is disabled then, so that --enable-key is needed, too'
complete -c trailseal -n "__fish_trailseal_using_subcommand remediate" -l force -d 'Overwrite what others have changed since; the trail is never left with a key that cannot encrypt, not even so'
complete -c trailseal -n "__fish_trailseal_using_subcommand remediate" -l apply -d 'Carry it out'
complete -c trailseal -n "__fish_trailseal_using_subcommand remediate" -l yes -d 'Do not ask before something is changed; needed where there is no terminal to ask at'
complete -c trailseal -n "__fish_trailseal_using_subcommand remediate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c trailseal -n "__fish_trailseal_using_subcommand render" -s o -l output -d 'How and where to write the report (repeatable); a table on standard output unless another format goes there, without FILE or with `-` for it' -r -f -a "table\t'For people: what was found, why it matters, how to fix it'
json\t'For programs: everything, by the schema that `trailseal schema report` prints'
csv\t'For spreadsheets: one row per trail'
junit\t'For CI: JUnit XML, a case per check of each trail; what could not be told is an error'
sarif\t'For code scanning: SARIF 2.1.0'
asff\t'For AWS Security Hub: a list of findings for BatchImportFindings, one per trail'
ocsf\t'For data lakes: a list of OCSF 1.6 events of class 2003, one per trail'
html\t'For auditors: one page that needs no network, with the evidence of each finding'"
complete -c trailseal -n "__fish_trailseal_using_subcommand render" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c trailseal -n "__fish_trailseal_using_subcommand explain" -s h -l help -d 'Print help'
complete -c trailseal -n "__fish_trailseal_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c trailseal -n "__fish_trailseal_using_subcommand completions" -s h -l help -d 'Print help'
complete -c trailseal -n "__fish_trailseal_using_subcommand help; and not __fish_seen_subcommand_from check audit remediate render explain schema completions help" -f -a "check" -d 'Judge trails from files, without a call to AWS'
complete -c trailseal -n "__fish_trailseal_using_subcommand help; and not __fish_seen_subcommand_from check audit remediate render explain schema completions help" -f -a "audit" -d 'Judge the trails of AWS accounts as they are now'
complete -c trailseal -n "__fish_trailseal_using_subcommand help; and not __fish_seen_subcommand_from check audit remediate render explain schema completions help" -f -a "remediate" -d 'Give trails a key that works, or go back'
complete -c trailseal -n "__fish_trailseal_using_subcommand help; and not __fish_seen_subcommand_from check audit remediate render explain schema completions help" -f -a "render" -d 'Write a report that was kept as JSON in any other form'
complete -c trailseal -n "__fish_trailseal_using_subcommand help; and not __fish_seen_subcommand_from check audit remediate render explain schema completions help" -f -a "explain" -d 'Tell what a check asks for, why, on which evidence, and what to do'
complete -c trailseal -n "__fish_trailseal_using_subcommand help; and not __fish_seen_subcommand_from check audit remediate render explain schema completions help" -f -a "schema" -d 'Print a JSON Schema'
complete -c trailseal -n "__fish_trailseal_using_subcommand help; and not __fish_seen_subcommand_from check audit remediate render explain schema completions help" -f -a "completions" -d 'Print what lets a shell complete this command'
complete -c trailseal -n "__fish_trailseal_using_subcommand help; and not __fish_seen_subcommand_from check audit remediate render explain schema completions help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
