-- A caller from outside, and station 1004 is called to him.
api = freeswitch.API()
from = session:getVariable("ani")
freeswitch.consoleLog("NOTICE", string.format("a call from [%s]\n", from))

session:execute("ring_ready")
session:sleep(500)
session:answer()

room = "1004" -- who is called
profile = "simpleconf"
flags = "mute|hangup"

session:execute("set", "conference_auto_outcall_timeout=60")
session:execute("set", "conference_auto_outcall_flags=")
session:execute("set", "conference_auto_outcall_caller_id_name=" .. from)
session:execute("set", "conference_auto_outcall_caller_id_number=" .. from)
prefix = "{sip_contact_user=" .. from .. ", answer_delay=0"
prefix = prefix .. "}"
session:execute("set", "conference_auto_outcall_prefix=" .. prefix)
session:execute("conference_set_auto_outcall", "user/" .. room .. "@$${domain}")
session:execute("conference", string.format("%s@%s++flags{%s}", room, profile, flags))

-- He is gone: so are the others.
api:execute("conference", room .. " kick all")
