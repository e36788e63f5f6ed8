-- As the simple one, but the station may call others in.
api = freeswitch.API()
from = session:getVariable("ani")
dialled = session:getVariable("destination_number")
freeswitch.consoleLog("NOTICE", string.format("a call from [%s] to [%s]\n", from, dialled))
session:execute("ring_ready")
session:sleep(500)
session:answer()

room = "1004" -- who is called
profile = "simpleconf"
flags = "moderator"

session:execute("set", "conference_auto_outcall_timeout=60")
session:execute("set", "conference_auto_outcall_flags=mute")
session:execute("set", "conference_auto_outcall_caller_id_name=" .. from)
session:execute("set", "conference_auto_outcall_caller_id_number=" .. from)

--    session:execute("set", "conference_auto_outcall_maxwait=10")
prefix = "{sip_contact_user=" .. from .. ", answer_delay=0, execute_on_answer='lua complex_conf_agent.lua', , api_hangup_hook='lua complex_conf_hangup_hook.lua'"
prefix = prefix .. "}"
session:execute("set", "conference_auto_outcall_prefix=" .. prefix)
session:execute("conference_set_auto_outcall", "user/" .. room .. "@$${domain}")
session:execute("conference", string.format("%s@%s++flags{%s}", room, profile, flags))

command = room .. " kick all"
freeswitch.consoleLog("WARNING", "conference " .. command)
api:execute("conference", command)
