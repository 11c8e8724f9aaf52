"""What is said to whoever may not do something, by the action that permissions.py denies."""

from __future__ import annotations

from typing import Final

DENIALS: Final[dict[str, str]] = {
    "exercise.plan": "Only a programme lead plans exercises.",
    "exercise.advance": "Only the exercise lead or a programme lead moves an exercise on.",
    "exercise.go": "Only the exercise lead or a programme lead can say Go.",
    "exercise.confirm_go": "Only the safety officer confirms Go.",
    "exercise.continue": "Only the exercise lead or a programme lead continues.",
    "participation.poll": "Only an operator or owner of the team says go or no-go for it.",
    "participation.acknowledge": "Only who is on call, or an operator or owner of the team,"
    " acknowledges.",
    "experiment.cancel": "Only the exercise lead, or an operator or owner of the team, cancels.",
    "experiment.go": "Only who wrote it, or an operator or owner of the team, says Go for it.",
    "participation.answer": "Only an operator or owner of the team answers for it.",
    "application.badge": "Only an operator or owner of the team says who sees its badge.",
    "experiment.propose": "Only members of the application's team propose for it.",
    "experiment.edit": "Only members of the application's team edit its experiments.",
    "experiment.decide": "You hold no capacity that decides on this experiment.",
    "experiment.preflight": "Only the team or a programme lead runs pre-flight checks.",
    "account.stop": "Only operators and owners of a team, programme leads and safety officers"
    " stop a whole account.",
    "lever.release": "Only programme leads and safety officers release a safety lever.",
    "schedule.resume": "Only programme leads and safety officers resume a schedule.",
    "recovery.confirm": "Only a programme lead lets starts go on after a restore.",
    "schedule.manage": "Only a programme lead sets up schedules.",
    "policy.propose": "Only a programme lead proposes another policy.",
    "policy.activate": "Only programme leads and safety officers, signed in on its page, put a"
    " policy in force.",
    "freeze.declare": "Only programme leads and safety officers declare freezes; owners for their"
    " own teams.",
    "freeze.lift": "Only programme leads and safety officers lift freezes; owners those of their"
    " own teams.",
    "freeze.except": "Only a programme lead lets an experiment run in a freeze.",
    "freeze.import": "Only programme leads and safety officers import freezes.",
    "incident.report": "Only programme leads and safety officers, or a token of theirs with the"
    " scope incidents, report incidents; owners for their own teams.",
    "incident.stop": "To stop what runs, a token that reports incidents needs the scope stop, too.",
    "cleanup.report": "Only the application's team or a programme lead says that it is cleaned up.",
    "cleanup.waive": "Only an owner of the team or a programme lead leaves it as it is.",
    "finding.work": "Only the application's team or a programme lead works on this finding.",
    "finding.waive": "Only an owner of the team or a programme lead waives a finding.",
    "finding.answer": "Only members of the team that was asked answer.",
    "blameless.set": "Only a programme lead switches blameless mode.",
    "experiment.predict": "Only members of teams and those who run exercises say what they expect.",
    "knowledge.write": "Only members of a team, programme leads and safety officers write.",
    "gameday.plan": "Only a programme lead plans game days.",
    "gameday.change": "Only the lead of the game day or a programme lead changes its rules.",
    "gameday.opt": "Only an operator or owner of the team takes it off the board or back.",
    "gameday.see": "Only members of the team, signed in on the page, say that it sees the fault.",
    "gameday.jury": "Only the chaos team, the lead of the game day and programme leads do this.",
    "gameday.judge": "Only the jury, signed in on the page, judges and gives points: the chaos"
    " team, the lead of the game day and programme leads.",
    "gameday.correct": "Only the lead of the game day or a programme lead, signed in on the page,"
    " corrects its ledger.",
    "gameday.freeze": "Only the lead of the game day or a programme lead, signed in on the page,"
    " freezes its standings.",
    "improvement.propose": "Only members of a team that plays propose improvements for it.",
    "template.publish": "Only a programme lead, or an operator or owner of a team, publishes.",
    "team.create": "Only a programme lead creates teams.",
    "team.manage": "Only an owner of the team or a programme lead changes its members.",
    "account.register": "Only a programme lead registers AWS accounts.",
    "report.write": "Only a programme lead words a report.",
    "report.mail_others": "Only a programme lead has reports sent to other people.",
    "evidence.export": "Only the exercise lead and people with a role of the organisation, such"
    " as auditors, export evidence.",
    "application.register": "Only an owner of the team or a programme lead registers for it.",
    "account.look": "Only operators and owners of the account's team, or a programme lead, may ask"
    " AWS what stands in it.",
    "account.check": "Only operators and owners of the account's team, or a programme lead,"
    " set its roles up.",
    "mentor.ask": "Only members of the application's team ask for a mentor.",
    "mentor.answer": "Only who was asked answers.",
    "mentor.sign_off": "Only a mentor of another team signs a first run off.",
    "ladder.override": "Only a programme lead of another team overrides the confidence ladder.",
    "notice.own": "Only a person, or their token with the scope write, changes how they are told.",
    "channel.manage": "Your own channels are yours; a team's are its owners', the organisation's"
    " the programme leads'.",
    "webhook.manage": "A team's webhooks are its owners', the organisation's the programme leads'.",
    "delivery.view": "Only a programme lead reads the delivery log.",
    "delivery.replay": "Only a programme lead sends again.",
    "notice.policy": "Only a programme lead says who is told what.",
    "service.issue": "Only an owner of the team issues tokens of its service.",
    "service.end": "Only an owner of the team or a programme lead ends its tokens and suspends its"
    " service.",
    "ci.configure": "Only a programme lead says whose jobs of CI are let in.",
    "service.resume": "Only an owner of the team lets its service act again.",
    "token.issue": "Only a person, or their token with the scope write, makes and ends tokens.",
    "state.declare": "Files are planned and applied by people, with the scope write.",
    "role.grant": "Roles of the organisation are given on the machine that chaosplane runs on.",
    "person.forget": "Only programme leads and auditors have a person who left forgotten.",
    "audit.read": "Only auditors and leadership read the audit log.",
}
